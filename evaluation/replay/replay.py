"""`midspan replay` from its options to its figures: hunks, the passes over them, what they are compared with."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...completion.backends.base import Backend
from ...completion.settings import Settings
from ...server.answering import RESERVE_MS
from .. import machine
from ..baselines import CopyBackend
from ..errors import EvaluationError
from ..history import Hunk, sample_history
from ..results import read_json
from ..subject import flat, open_subject, settings_of
from ..typing import TYPISTS, Typist, strokes
from .clock import Clock, TimedBackend
from .figures import Passes, common_places, compare, figures
from .session import type_hunks
from .speed import NO_TIME, Speed, speed_of
from .user import MODES

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What to replay; ``raw`` is the model's first line without the pipeline.

    ``other`` is what it is compared with: the JSON of an earlier replay, or other settings.
    """

    repository: Path
    n_keystrokes: int = 2000
    n_commits: int = 50
    seed: int = 1
    typist: str = "average"
    paths: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    overrides: Mapping[str, object] = field(default_factory=dict)
    other: Path | Mapping[str, object] | None = None
    other_name: str = ""
    measure_speed: bool = False
    raw: bool = False


async def replay(options: Options, say: Say, progress: Progress) -> dict[str, Any]:
    """Return the figures as JSON. Raises EvaluationError (nothing to replay), and MidspanError without a model."""
    began = time.monotonic()
    earlier = _earlier(options.other) if isinstance(options.other, Path) else None
    # The repository is not as it was when the lines were written: its other files would tell what came of them.
    settings = settings_of({**options.overrides, "context.sources": ()}, options.repository)
    history = sample_history(
        options.repository,
        n_keystrokes=options.n_keystrokes,
        n_commits=options.n_commits,
        seed=options.seed,
        paths=options.paths,
        languages=options.languages,
    )
    typist = TYPISTS[options.typist]
    if earlier is not None and not (_is_typed_alike(earlier, options) and common_places(earlier, history.hunks)):
        raise EvaluationError(
            f"{options.other} replayed other places, or another typist. "
            "Compare the same repository, seed, typist and number of keystrokes."
        )
    baseline = await _passes(history.hunks, settings, CopyBackend(), NO_TIME, typist, options, "baseline", progress)
    passes, model, speed = await _with_model(history.hunks, settings, typist, options, "model", say, progress)
    result = figures(passes, baseline)
    versus = None
    if isinstance(options.other, Mapping):
        others = settings_of({**options.overrides, **options.other, "context.sources": ()}, options.repository)
        other_passes, _, _ = await _with_model(
            history.hunks, others, typist, options, options.other_name, say, progress
        )
        versus = compare(figures(other_passes, baseline), result)
    elif earlier is not None:
        versus = compare(earlier, result)
    return {
        **result,
        "n_commits": history.n_commits,
        "held_out": history.is_held_out,
        "problems": list(history.problems),
        "repository": history.name,
        "model": model,
        "backend": settings.backend.kind,
        "settings": flat(settings),
        "raw": options.raw,
        "typist": {"name": typist.name, "mean_ms": typist.mean_ms},
        "seed": options.seed,
        "speed": {name: getattr(speed, name) for name in Speed.__slots__},
        "machine": machine.describe(),
        "seconds": round(time.monotonic() - began, 1),
        "vs": None if versus is None else {"name": options.other_name, **versus},
    }


def _earlier(path: Path) -> dict[str, Any]:
    earlier = read_json(path)
    if not {"hunks", "typist", "keystrokes_saved"} <= earlier.keys():
        raise EvaluationError(f"{path} is no result of `midspan replay`.")
    return earlier


def _is_typed_alike(earlier: Mapping[str, Any], options: Options) -> bool:
    """Tell whether the same keys were pressed with the same pauses, wherever the same was typed."""
    return bool(earlier["typist"]["name"] == options.typist and earlier["seed"] == options.seed)


async def _with_model(
    hunks: Sequence[Hunk],
    settings: Settings,
    typist: Typist,
    options: Options,
    what: str,
    say: Say,
    progress: Progress,
) -> tuple[Passes, str, Speed]:
    """Return the passes with the model that the settings name, its name and its speed."""
    completer = await open_subject(settings, say)
    try:
        backend = completer.backend
        speed = await speed_of(backend, settings, measure_again=options.measure_speed)
        passes = await _passes(hunks, settings, backend, speed, typist, options, what, progress, raw=options.raw)
        return passes, backend.model, speed
    finally:
        await completer.close()


async def _passes(
    hunks: Sequence[Hunk],
    settings: Settings,
    inner: Backend,
    speed: Speed,
    typist: Typist,
    options: Options,
    what: str,
    progress: Progress,
    *,
    raw: bool = False,
) -> Passes:
    """Type the hunks three times: by a user who accepts whole texts, lines, words."""
    # A name of its own for every run: nothing that the model server keeps of another run may be met again.
    root = Path(f"/midspan-replay-{uuid.uuid4().hex[:12]}")
    total = len(MODES) * sum(len(strokes(hunk.added, typist, options.seed + i)) for i, hunk in enumerate(hunks))
    done = 0

    def advance(n_keys: int) -> None:
        nonlocal done
        done += n_keys
        progress(what, done, total)

    clock = Clock()
    backend = TimedBackend(inner, clock, speed, settings.completion.deadline_ms - RESERVE_MS)
    return {
        mode: await type_hunks(hunks, settings, backend, clock, mode, typist, options.seed, root, advance, raw=raw)
        for mode in MODES
    }
