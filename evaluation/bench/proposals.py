"""`midspan bench proposals`: what the pipeline makes of a model's raw text, which is judged beside it, on task sets.

Each task is asked as by key. Texts are judged by `judge`, in the finished document. Then proposals are typed through
and taken, as a user would, and the time until the next one is measured.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...completion.ask import Ask, Deadline, Delta, Did, Likelihood, Proposal, Request, Trigger
from ...completion.backends.base import Backend
from ...completion.completer import Completer
from ...completion.onward import onward
from ...completion.settings import Settings
from .. import machine, stats
from ..answers import ask_of, filled_by, path_of, request_of
from ..judge import Judgement, judge
from ..score import exact
from ..subject import open_subject
from ..tasks import Task, load, sample
from .figures import rounded

Say = Callable[[str], None]
Advance = Callable[[str, int, int], None]

_PATIENCE_MS = 600_000
_N_BEST_OF = 4
_N_TYPED, _N_KEYS = 60, 40
_N_TAKEN = 40


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure; ``limit`` is the most tasks of a set (None: all)."""

    files: tuple[Path, ...]
    limit: int | None
    seed: int


@dataclass(slots=True)
class _Shown:
    """A text and what was found of it; ``probability`` is the model's own."""

    judged: Judgement
    is_exact: bool
    probability: float | None = None


@dataclass(slots=True)
class _Found:
    """What came of all tasks."""

    shown: list[_Shown] = field(default_factory=list)
    raw: list[_Shown] = field(default_factory=list)
    n_generated: int = 0
    n_wasted: int = 0
    raw_generated: int = 0
    raw_wasted: int = 0
    first_of_one: list[float] = field(default_factory=list)
    best_of_four: list[float] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    to_type: list[tuple[Request, Proposal, str]] = field(default_factory=list)


class _Counting:
    """The model server, with its asks and tokens counted."""

    def __init__(self, inner: Backend) -> None:
        self.name, self.model, self.reads_ahead = inner.name, inner.model, inner.reads_ahead
        self.n_asks = self.n_tokens = 0
        self._inner = inner

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        self.n_asks += 1
        async with aclosing(self._inner.stream(ask)) as deltas:
            async for delta in deltas:
                self.n_tokens += delta.n_tokens
                yield delta

    async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
        return await self._inner.likelihood(ask, answer)

    async def prepare(self, progress: Callable[[str], None]) -> None:
        await self._inner.prepare(progress)

    async def close(self) -> None:
        await self._inner.close()


async def measure(settings: Settings, options: Options, say: Say, advance: Advance) -> dict[str, Any]:
    """Return the documented JSON. Raises EvaluationError, and MidspanError without a model."""
    sets = [(one.name, sample(one.tasks, options.limit, options.seed)) for one in map(load, options.files)]
    tasks = [task for _, chosen in sets for task in chosen]
    subject = await open_subject(settings, say)
    try:
        counting = _Counting(subject.backend)
        completer = Completer(settings, counting)
        found = _Found()
        for number, task in enumerate(tasks):
            advance("tasks", number, len(tasks))
            await _measure(task, completer, counting, found)
        advance("tasks", len(tasks), len(tasks))
        typed = await _typed(_some(found.to_type, _N_TYPED), completer, counting)
        taken = await _taken(_some(found.to_type, _N_TAKEN), completer, counting)
        return {
            **_figures(found),
            **typed,
            **taken,
            "sets": {name: len(chosen) for name, chosen in sets},
            "model": completer.backend.model,
            "limit": options.limit,
            "seed": options.seed,
            "machine": machine.describe(),
        }
    finally:
        await subject.close()


async def _measure(task: Task, completer: Completer, counting: _Counting, found: _Found) -> None:
    request, path = request_of(task), path_of(task)
    others = [one.text for one in task.context]
    answer = await completer.complete(request, Deadline.after(_PATIENCE_MS), path, n=1)
    if answer.trace.error is not None:
        raise answer.trace.error
    found.n_generated += answer.trace.usage.generated_tokens
    found.n_wasted += answer.trace.usage.wasted_tokens
    completion = ""
    if answer.proposals:
        proposal = answer.proposals[0]
        edit = proposal.edits[0]
        completion, _ = filled_by(task, request, proposal)
        judged = judge(request.document, edit.start, edit.end, edit.text, others)
        found.shown.append(_Shown(judged, exact(completion, task.answer), proposal.probability))
        found.to_type.append((request, proposal, path))
    completer.forget(request.document.uri)
    if task.kind != "block":
        several = await completer.complete(request, Deadline.after(_PATIENCE_MS), path, n=_N_BEST_OF)
        best = filled_by(task, request, several.proposals[0])[0] if several.proposals else ""
        found.first_of_one.append(float(exact(completion, task.answer)))
        found.best_of_four.append(float(exact(best, task.answer)))
        found.groups.append(task.group or task.id)
        completer.forget(request.document.uri)
    await _raw(task, completer, request, len(completion), found, others)


async def _raw(
    task: Task, completer: Completer, request: Request, n_useful: int, found: _Found, others: Sequence[str]
) -> None:
    """Take what the model writes until it ends by itself; what comes after the pipeline's proposal was of no use."""
    ask = ask_of(request, task, completer.settings)
    text, n_tokens, n_wasted = "", 0, 0
    async with aclosing(completer.backend.stream(ask)) as deltas:
        async for delta in deltas:
            text += delta.text
            n_tokens += delta.n_tokens
            n_wasted += delta.n_tokens if len(text) - len(delta.text) >= n_useful > 0 else 0
    found.raw_generated += n_tokens
    found.raw_wasted += n_wasted
    if text.strip():
        judged = judge(request.document, request.offset, request.offset, text, others)
        found.raw.append(_Shown(judged, exact(text, task.answer)))


def _some(shown: Sequence[tuple[Request, Proposal, str]], n: int) -> Sequence[tuple[Request, Proposal, str]]:
    """Return about so many of them, evenly spread."""
    return shown[:: max(1, len(shown) // n)]


async def _typed(shown: Sequence[tuple[Request, Proposal, str]], completer: Completer, counting: _Counting) -> Any:
    """Type what is proposed; time each answer, and count how often the model is asked for it."""
    milliseconds: list[float] = []
    n_asks = 0
    for request, proposal, path in shown:
        completer.memory.store(request, (proposal,), 1)
        edit, before = proposal.edits[0], counting.n_asks
        for n in range(1, min(len(edit.text), _N_KEYS)):
            document = request.document.replace(request.offset, request.offset, edit.text[:n])
            typed = Request(document, request.offset + n, Trigger.AUTOMATIC, did=Did.TYPED)
            began = time.perf_counter()
            answer = await completer.complete(typed, Deadline.after(_PATIENCE_MS), path)
            milliseconds.append(1000 * (time.perf_counter() - began))
            if answer.trace.source != "reuse":
                break
        n_asks += counting.n_asks - before
        completer.forget(request.document.uri)
    p99 = stats.quantile(milliseconds, 0.99)
    return {
        "typed_through_p99_ms": _both(rounded(p99, 2), None, len(milliseconds)),
        "typed_through_without_model": _both(1 - n_asks / max(1, len(milliseconds)), None, len(milliseconds)),
    }


async def _taken(shown: Sequence[tuple[Request, Proposal, str]], completer: Completer, counting: _Counting) -> Any:
    """Work out what follows proposals, take them, and time how soon the next one is there."""
    milliseconds, cold, n_parked, n_wasted, n_next = [], [], 0, 0, 0
    for request, proposal, path in shown:
        before = counting.n_tokens
        await completer.go_on(request, proposal, Deadline.after(_PATIENCE_MS), path)
        n_tokens, had_any = counting.n_tokens - before, False
        for follower in onward(request, proposal):
            began = time.perf_counter()
            answer = await completer.complete(follower, Deadline.after(_PATIENCE_MS), path)
            elapsed = 1000 * (time.perf_counter() - began)
            if answer.proposals:
                milliseconds.append(elapsed)
                n_parked += answer.trace.source == "reuse"
                n_next, had_any = n_next + 1, True
                completer.forget(request.document.uri)
                began = time.perf_counter()
                await completer.complete(follower, Deadline.after(_PATIENCE_MS), path)
                cold.append(1000 * (time.perf_counter() - began))
                break
        n_wasted += 0 if had_any else n_tokens
        completer.forget(request.document.uri)
    return {
        "accept_to_next_p50_ms": _both(
            rounded(stats.quantile(milliseconds, 0.5), 2), rounded(stats.quantile(cold, 0.5), 1), n_next
        ),
        "accept_to_next_parked": _both(n_parked / max(1, n_next), 0.0, n_next),
        "accept_to_next_wasted_tokens": _both(n_wasted, 0, len(shown)),
    }


def _figures(found: _Found) -> dict[str, Any]:
    gain = stats.paired_mean(found.first_of_one, found.best_of_four, found.groups) if found.groups else None
    half = _precision_at_half(found.shown)
    return {
        "parse_errors": _share(found, lambda one: one.adds_error),
        "suffix_duplicates": _share(found, lambda one: one.repeats_suffix),
        "wrong_indent": _share(found, lambda one: one.is_misindented),
        "names_exist": _both(_names(found.shown), _names(found.raw), len(found.shown)),
        "wasted_tokens": _both(
            found.n_wasted / max(1, found.n_generated), found.raw_wasted / max(1, found.raw_generated), len(found.shown)
        ),
        "exact": _both(_exact(found.shown), _exact(found.raw), len(found.shown)),
        "best_of_4_gain": {
            **_both(gain.difference if gain else None, None, len(found.groups)),
            **({"low": rounded(gain.low, 4), "high": rounded(gain.high, 4)} if gain else {}),
            "first_of_1": rounded(gain.a, 4) if gain else None,
            "best_of_4": rounded(gain.b, 4) if gain else None,
        },
        "precision_at_half": {**_both(half[0], half[1], len(found.shown)), "ratio": rounded(half[2], 3)},
    }


def _share(found: _Found, is_bad: Callable[[Judgement], bool]) -> dict[str, Any]:
    shares = [
        sum(is_bad(one.judged) for one in side) / len(side) if side else None for side in (found.shown, found.raw)
    ]
    return _both(shares[0], shares[1], len(found.shown))


def _names(shown: Sequence[_Shown]) -> float | None:
    n = sum(one.judged.n_names for one in shown)
    return 1 - sum(one.judged.n_unknown for one in shown) / n if n else None


def _exact(shown: Sequence[_Shown]) -> float | None:
    return sum(one.is_exact for one in shown) / len(shown) if shown else None


def _precision_at_half(shown: Sequence[_Shown]) -> tuple[float | None, float | None, float | None]:
    """Return the share that is right of the surer half, of all, and the ratio of the two."""
    scored = sorted((one for one in shown if one.probability is not None), key=lambda one: -(one.probability or 0.0))
    if len(scored) < 2:
        return None, None, None
    half, whole = _exact(scored[: len(scored) // 2]), _exact(scored)
    return half, whole, half / whole if half is not None and whole else None


def _both(pipeline: float | None, raw: float | None, n: int) -> dict[str, Any]:
    return {"pipeline": rounded(pipeline, 4), "raw": rounded(raw, 4), "n": n}
