"""The run over all tasks: each is answered, scored and, where it brings tests, run as a program."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from ..completion.errors import MidspanError
from .answers import Answered, Answerer
from .baselines import BASELINES
from .errors import EvaluationError
from .records import Record, Records
from .sandbox import Outcome, can_run, run_program
from .score import edit_similarity, exact
from .tasks import Task, TaskSet

_MOST_FAILURES = 5
"""After so many failures in a row the model server is taken for dead."""
_MOST_PENDING = 16

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which tasks are measured and how; ``facts`` are what else the answers depend on (settings, model)."""

    sets: tuple[TaskSet, ...]
    facts: Mapping[str, object]
    with_runs: bool = True
    n_workers: int = 2

    @property
    def n_tasks(self) -> int:
        """The number of tasks in all sets."""
        return sum(len(one.tasks) for one in self.sets)

    def fingerprint(self, way: str) -> str:
        """Return a digest of everything that the records depend on."""
        sets = [(one.name, [_digest(asdict(task)) for task in one.tasks]) for one in self.sets]
        return _digest([version("midspan"), way, dict(self.facts), self.with_runs, sets])


async def run(plan: Plan, answerer: Answerer, records: Records, progress: Progress) -> list[Record]:
    """Answer what has no record yet, in order, and return all records.

    Programs run in a few threads while the model is at the next task. Raises EvaluationError when the model server
    fails again and again, and RecordsError.
    """
    tasks = [(one.name, task) for one in plan.sets for task in one.tasks]
    pending: deque[_Pending] = deque()
    n_failures = 0
    with ThreadPoolExecutor(plan.n_workers) as pool:
        try:
            for name, task in tasks[len(records.done) :]:
                began = time.monotonic()
                answered, error = await _answer(answerer, task)
                n_failures = n_failures + 1 if error else 0
                if n_failures == _MOST_FAILURES:
                    raise EvaluationError(
                        f"{error} {n_failures} tasks in a row failed; repeat the command when that is mended."
                    )
                record = _record(name, task, answered, error)
                runs = _start_runs(pool, task, answered, answerer, record) if plan.with_runs else {}
                pending.append(_Pending(record, runs, time.monotonic() - began))
                await _write(pending, records, most_left=_MOST_PENDING)
                progress(len(records.done) + len(pending), len(tasks))
                await asyncio.sleep(0)  # A baseline waits for nothing, and Ctrl-C has to come through all the same.
            await _write(pending, records, most_left=0)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            while pending and pending[0].is_done():
                records.add(pending.popleft().finished())
            raise
    return records.done


@dataclass(frozen=True, slots=True)
class _Pending:
    """A record whose programs still run; ``runs`` are they, by where their outcome belongs."""

    record: Record
    runs: Mapping[str, Future[Outcome]]
    seconds: float

    def is_done(self) -> bool:
        return all(run.done() and not run.cancelled() for run in self.runs.values())

    async def wait(self) -> None:
        """Wait for the programs without blocking the loop; leaves them alone when it is cancelled."""
        if self.runs:
            await asyncio.wait([asyncio.wrap_future(run) for run in self.runs.values()])

    def finished(self) -> Record:
        for name, run in self.runs.items():
            place = self.record if name == "answer" else self.record["baselines"][name]
            place["outcome"] = run.result()
        self.record["seconds"] = round(self.seconds, 3)
        return self.record


async def _write(pending: deque[_Pending], records: Records, *, most_left: int) -> None:
    """Write what is done, and wait until no more than ``most_left`` are pending. The order is that of the tasks."""
    while pending and (len(pending) > most_left or pending[0].is_done()):
        await pending[0].wait()
        records.add(pending.popleft().finished())


async def _answer(answerer: Answerer, task: Task) -> tuple[Answered, str]:
    try:
        return await answerer.answer(task), ""
    except MidspanError as error:
        return Answered("", task.prefix + task.suffix, why="the model server failed"), str(error)


def _record(name: str, task: Task, answered: Answered, error: str) -> Record:
    return {
        "set": name,
        "id": task.id,
        "group": task.group or task.id,
        "language": task.language,
        "kind": task.kind,
        "completion": answered.completion,
        **_scores(answered.completion, task.answer),
        "outcome": None,
        "bits": None if answered.bits is None else round(answered.bits, 6),
        "characters": len(task.answer),
        "why": answered.why,
        "error": error,
        "baselines": {
            baseline: {**_scores(copy(task), task.answer), "outcome": None} for baseline, copy in BASELINES.items()
        },
    }


def _scores(completion: str, answer: str) -> dict[str, Any]:
    return {"exact": exact(completion, answer), "edit_similarity": round(edit_similarity(completion, answer), 6)}


def _start_runs(
    pool: ThreadPoolExecutor, task: Task, answered: Answered, answerer: Answerer, record: Record
) -> dict[str, Future[Outcome]]:
    """Run the filled texts with the task's tests, equal ones once."""
    if not task.tests or not can_run(task.language):
        return {}
    programs = {"answer": answered.filled + task.tests} if answerer.way != "baseline" else {}
    for name, copy in BASELINES.items():
        programs[name] = task.prefix + copy(task) + task.suffix + task.tests
    started: dict[str, Future[Outcome]] = {}
    runs: dict[str, Future[Outcome]] = {}
    for name, program in programs.items():
        if program not in started:
            started[program] = pool.submit(run_program, program, task.language)
        runs[name] = started[program]
    return runs


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:20]
