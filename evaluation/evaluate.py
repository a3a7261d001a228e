"""`midspan eval` from its options to its figures: task sets, the way to answer, records, what it is compared with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..completion.settings import Settings
from ..host.models.errors import StoreError
from ..host.models.store import resolve
from . import machine, sandbox
from .answers import Answerer, Nobody, Pipeline, Raw
from .errors import EvaluationError
from .records import Record, Records, finish, read
from .repositories import Repositories
from .run import Plan, run
from .subject import flat, open_subject, settings_of
from .summary import compare, summarize
from .tasks import TaskSet, load, sample

SAME_EVERYWHERE: Mapping[str, object] = {"completion.candidates": 1, "context.max_ms": 1000}
"""A request by key is given as many texts, and sources are asked, as there is time for: that depends on the machine."""

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]
"""Told what is measured, how many tasks are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure. ``limit`` is the most tasks of a set (None: all); ``way`` is "pipeline", "raw" or "baseline".

    ``other`` is what the run is compared with: the JSON of an earlier run, or settings over ``overrides``. Its records
    go beside ``records``.
    """

    files: tuple[Path, ...]
    records: Path
    limit: int | None = None
    seed: int = 1
    way: str = "pipeline"
    with_snippets: bool = False
    with_runs: bool = True
    with_bits: bool = True
    n_workers: int = 2
    overrides: Mapping[str, object] = field(default_factory=dict)
    other: Path | Mapping[str, object] | None = None
    other_name: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures as JSON, and the record of each task."""

    result: dict[str, Any]
    records: Sequence[Record]


async def evaluate(options: Options, say: Say, progress: Progress) -> Evaluation:
    """Measure. Raises EvaluationError for what cannot be measured, and MidspanError where there is no model."""
    began = time.monotonic()
    sets = _sets(options)
    earlier = _earlier(options.other, sets) if isinstance(options.other, Path) else None
    settings = settings_of({**SAME_EVERYWHERE, **options.overrides})
    records, model = await _measured(options, settings, options.records, sets, "tasks", say, progress)
    other: Sequence[Record] | None = earlier
    if isinstance(options.other, Mapping):
        other_settings = settings_of({**SAME_EVERYWHERE, **options.overrides, **options.other})
        beside = options.records.with_name(f"{options.records.stem}.vs{options.records.suffix}")
        other, _ = await _measured(options, other_settings, beside, sets, options.other_name, say, progress)
        finish(beside)
    # Only now: a run that is interrupted at the other settings has to find these records, too.
    finish(options.records)
    result = {
        "sets": summarize(records, sets),
        "model": model,
        "backend": settings.backend.kind if options.way != "baseline" else "none",
        "way": options.way,
        "settings": flat(settings),
        "seed": options.seed,
        "limit": options.limit,
        "candidates": settings.completion.candidates,
        "snippets": options.with_snippets,
        "seconds": round(time.monotonic() - began, 1),
        "machine": machine.describe(),
        "sandbox": list(sandbox.protections()) if options.with_runs else [],
        "records": options.records.name,
        "problems": [problem for one in sets for problem in one.problems],
        "vs": None if other is None else {"name": options.other_name, **compare(other, records)},
    }
    return Evaluation(result, records)


async def _measured(
    options: Options, settings: Settings, path: Path, sets: Sequence[TaskSet], what: str, say: Say, progress: Progress
) -> tuple[list[Record], str]:
    """Return the records of all tasks with these settings, and the model's name."""
    if options.way == "baseline":
        return await _recorded(options, settings, path, sets, Nobody(), "none", what, say, progress), "none"
    completer = await open_subject(settings, say)
    try:
        asking = Raw if options.way == "raw" else Pipeline
        with Repositories(say) as repositories:
            answerer = asking(
                completer,
                with_bits=options.with_bits,
                with_snippets=options.with_snippets,
                repositories=repositories,
            )
            model = completer.backend.model
            return await _recorded(options, settings, path, sets, answerer, model, what, say, progress), model
    finally:
        await completer.close()


async def _recorded(
    options: Options,
    settings: Settings,
    path: Path,
    sets: Sequence[TaskSet],
    answerer: Answerer,
    model: str,
    what: str,
    say: Say,
    progress: Progress,
) -> list[Record]:
    facts = {
        "settings": flat(settings),
        "model": model,
        "files": _files_of(settings.host.model) if settings.backend.kind == "host" else [],
        "snippets": options.with_snippets,
        "bits": options.with_bits,
    }
    plan = Plan(tuple(sets), facts, options.with_runs, options.n_workers)
    with Records(path, plan.fingerprint(answerer.way)) as records:
        if records.moved_aside:
            say(f"{path} held another run; it is now {records.moved_aside}.")
        if records.was_finished:
            say(f"The run of {path} was finished: this one begins anew.")
        if records.done:
            say(f"Going on with {path}: {len(records.done)} of {plan.n_tasks} tasks are done.")
        return await run(plan, answerer, records, lambda done, total: progress(what, done, total))


def _earlier(path: Path, sets: Sequence[TaskSet]) -> list[Record]:
    """Return the records of an earlier run. Raises RecordsError, and EvaluationError where it had other tasks."""
    records = read(path)
    here = {(one.name, task.id) for one in sets for task in one.tasks}
    if not any((record["set"], record["id"]) in here for record in records):
        raise EvaluationError(f"{path} has no task in common with this run. Take the same sets, --limit and --seed.")
    return records


def _files_of(model: str) -> list[tuple[str, int, int]]:
    """Return what tells one state of a model's files from another: paths, sizes and times."""
    try:
        path = resolve(model).path
        files = [path] if path.is_file() else sorted(path.iterdir())
        return [(str(file), stat.st_size, stat.st_mtime_ns) for file in files for stat in [file.stat()]]
    except (StoreError, OSError):  # where the host finds it all the same, its name has to do
        return []


def _sets(options: Options) -> tuple[TaskSet, ...]:
    found: dict[str, TaskSet] = {}
    for path in options.files:
        one = load(path)
        if one.name in found:
            raise EvaluationError(f"Two task files are called {one.name}. Rename one: sets are told apart by name.")
        found[one.name] = replace(one, tasks=sample(one.tasks, options.limit, options.seed))
    return tuple(found.values())
