"""`midspan bench context`: whether what an answer needs is found in a repository, by which source, and how fast.

No model takes part. A need counts as found when a snippet of the file that defines the name has the name in it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...completion.settings import Settings
from ...context.cursor import cursor_context
from ...context.document import Document
from ...context.gather import Gatherer
from ...context.snippet import Budget
from ...context.workspace import Workspace
from .. import stats
from ..answers import request_of
from ..repositories import Repositories, share_found
from ..tasks import Task, load, sample

_PATIENT_MS = 60_000.0
_LINES_BEFORE = 10


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
    changes = []
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
            later = share_found(
                task, _after_what_came_before(task, workspace, sources, Budget(tokens, _PATIENT_MS), settings)
            )
            found["typed_there"].append((later or 0.0, task.group))
            changes.append(_changes_while_typed(task, workspace, sources, Budget(tokens, _PATIENT_MS), settings))
    return {
        "needs_found": {key: _share(values) for key, values in found.items()},
        "gather_ms": {
            key: [stats.quantile(values, 0.5), stats.quantile(values, 0.95)] for key, values in times.items()
        },
        "changes_per_100_keys": 100 * sum(n for n, _ in changes) / max(1, sum(keys for _, keys in changes)),
        "characters_shown": sum(shown) / max(1, len(shown)),
        "sources": list(sources),
        "tokens": tokens,
    }


def _after_what_came_before(
    task: Task, workspace: Workspace, sources: Sequence[str], budget: Budget, settings: Settings
) -> list[tuple[str, str]]:
    """Return what is shown at the hole to who has typed the lines before it: older choices stay for a while."""
    gatherer, text = Gatherer(), task.prefix
    ends = [end for end, character in enumerate(text) if character == "\n"][-_LINES_BEFORE:]
    shown: list[tuple[str, str]] = []
    for n_typed, end in enumerate([*(end + 1 for end in ends), len(text)]):
        document = Document.open(f"task:/{task.id}", task.language, n_typed, text[:end] + task.suffix)
        cursor = cursor_context(document, end, settings.completion.window_sizes)
        shown = [(one.path, one.text) for one in gatherer.gather(cursor, workspace, sources, budget).snippets]
    return shown


def _changes_while_typed(
    task: Task, workspace: Workspace, sources: Sequence[str], budget: Budget, settings: Settings
) -> tuple[int, int]:
    """Type a task's answer; return how often what is shown has changed (what was read is lost then), and the keys."""
    gatherer, shown = Gatherer(), []
    for n_typed in range(len(task.answer) + 1):
        text = task.prefix + task.answer[:n_typed]
        document = Document.open(f"task:/{task.id}", task.language, n_typed, text + task.suffix)
        cursor = cursor_context(document, len(text), settings.completion.window_sizes)
        shown.append(gatherer.gather(cursor, workspace, sources, budget).snippets)
    return sum(one != other for one, other in pairwise(shown)), len(task.answer)


def _share(values: list[tuple[float, str]]) -> dict[str, Any]:
    interval = stats.mean([share for share, _ in values], [group for _, group in values])
    return {"share": interval.value, "ci95": [interval.low, interval.high], "n": len(values)}
