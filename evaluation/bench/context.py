"""`midspan bench context`: whether what an answer needs is found in a repository, by which source, and how fast.

No model takes part. A need counts as found when a snippet of the file that defines the name has the name in it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...completion.settings import Settings
from ...context.cursor import cursor_context
from ...context.gather import Gatherer
from ...context.snippet import Budget
from .. import stats
from ..answers import request_of
from ..repositories import Repositories, share_found
from ..tasks import load, sample
from .own_time import percentile

_PATIENT_MS = 60_000.0


def measure(
    files: Sequence[Path],
    sources: Sequence[str],
    tokens: int,
    limit: int | None,
    seed: int,
    settings: Settings,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Return the figures: shares with intervals over repositories, milliseconds. Raises EvaluationError."""
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    times: dict[str, list[float]] = defaultdict(list)
    shown = []
    with Repositories(progress) as repositories:
        for task in (task for file in files for task in sample(load(file).tasks, limit, seed)):
            workspace = repositories.beside(task)
            if workspace is None or not task.needs:
                continue
            request = request_of(task)
            cursor = cursor_context(request.document, request.offset, settings.completion.window_sizes)
            for is_warm in (False, True):  # the first time its files are read
                began = time.perf_counter()
                gathered = Gatherer().gather(cursor, workspace, sources, Budget(tokens, _PATIENT_MS))
                if is_warm:
                    times["all"].append((time.perf_counter() - began) * 1000)
                    for name, milliseconds in gathered.timing_ms:
                        times[name].append(milliseconds)
            share = share_found(task, ((one.path, one.text) for one in gathered.snippets))
            assert share is not None
            for key in ("all", task.language):
                found[key].append((share, task.group))
            offered = share_found(task, ((one.candidate.path, one.candidate.text) for one in gathered.considered))
            found["offered"].append((offered or 0.0, task.group))
            shown.append(sum(len(one.text) for one in gathered.snippets))
    return {
        "needs_found": {key: _share(values) for key, values in found.items()},
        "gather_ms": {key: [percentile(values, 50), percentile(values, 95)] for key, values in times.items()},
        "characters_shown": sum(shown) / max(1, len(shown)),
        "sources": list(sources),
        "tokens": tokens,
    }


def _share(values: list[tuple[float, str]]) -> dict[str, Any]:
    interval = stats.mean([share for share, _ in values], [group for _, group in values])
    return {"share": interval.value, "ci95": [interval.low, interval.high], "n": len(values)}
