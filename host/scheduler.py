"""Who is served next: one thread that owns the engine, a bounded queue, and cancelling between units of work.

Knows jobs and how their events get back to the event loop; nothing of HTTP, prompts or weights.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .engine.request import BadPrompt, DeviceLost, GenerateRequest, ModelBroken, Piece, Summary
from .models.errors import StoreError

if TYPE_CHECKING:
    from .engine.engine import Engine

Status = Literal["loading", "ok", "failed"]
Load = Callable[[Callable[[str], None]], "Engine"]
Check = Callable[["Engine"], Generator[None, None, str]]
_CAPACITY = 64
_DEVICE_LOST = "The device that the model ran on is lost, so this model host ends. Look at it (a GPU: nvidia-smi)."
# A client gives up a little earlier than its deadline is over here.
_NEARLY_LATE_SECONDS = 0.1


class QueueFull(Exception):
    """Too many requests are waiting already."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job got no answer: ``message`` is fit for the user, ``is_request`` says that the request was at fault."""

    message: str
    is_request: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """The client has closed its connection."""


Event = Piece | Summary | Failure | Gone


class Job:
    """One request on its way: made in the event loop, worked on by the engine's thread, read in the event loop.

    ``events`` ends with a Summary, a Failure or Gone. ``started`` is when the engine took it up (monotonic).
    """

    def __init__(self, request: GenerateRequest, arrived: float) -> None:
        self.request = request
        self.arrived = arrived
        self.started = arrived
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.is_cancelled = False
        self._loop = asyncio.get_running_loop()

    def cancel(self) -> None:
        """Call the work off: it ends within one unit."""
        self.is_cancelled = True

    def send(self, event: Event) -> None:
        """Hand an event to the event loop (from any thread)."""
        try:
            self._loop.call_soon_threadsafe(self.events.put_nowait, event)
        except RuntimeError:  # the loop has ended: nobody reads any more
            self.cancel()


@dataclass(slots=True)
class Counters:
    """What was done since the start; ``units`` are chunks of prompts and tokens."""

    units: int = 0
    finished: int = 0
    cancelled: int = 0


class Scheduler:
    """Loads an engine in a thread of its own and works jobs off there.

    ``check`` looks at the engine while nobody waits, one unit at a time, and returns a warning or nothing.
    """

    def __init__(self, load: Load, check: Check | None = None) -> None:
        self.status: Status = "loading"
        self.detail = "starting"
        self.warning = ""
        self.engine: Engine | None = None
        self.counters = Counters()
        self._load = load
        self._check = check
        self._checking: Generator[None, None, str] | None = None
        self._ahead: Iterator[None] | None = None
        self._waiting: list[Job] = []
        self._running: Job | None = None
        self._is_stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def start(self) -> None:
        """Begin to load the model."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job. An older one that waits for the same session and kind is answered with nothing.

        Raises QueueFull.
        """
        with self._changed:
            wanted = [other for other in self._waiting if not other.is_cancelled]
            superseded = [other for other in wanted if _replaces(job, other)]
            self.counters.cancelled += len(self._waiting) - len(wanted)
            self._waiting = [other for other in wanted if other not in superseded]
            if len(self._waiting) >= _CAPACITY:
                raise QueueFull
            self._waiting.append(job)
            self._changed.notify()
        for other in superseded:
            _answer_with_nothing(other)

    def n_waiting(self) -> int:
        """Return how many jobs wait (the one that is worked on is not counted)."""
        with self._changed:
            return len(self._waiting)

    def is_busy(self) -> bool:
        """Tell whether a job is worked on or waits."""
        return self._running is not None or bool(self._waiting)

    def stop(self, timeout: float) -> bool:
        """Call everything off and return whether the thread ended within ``timeout`` seconds."""
        with self._changed:
            self._is_stopping = True
            waiting, self._waiting = self._waiting, []
            if self._running is not None:
                self._running.cancel()
            self._changed.notify()
        for job in waiting:
            job.send(Failure("The model host is stopping."))
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        if not self._load_engine():
            return
        while not self._is_stopping:
            job = self._next()
            if job is not None:
                self._ahead = None
                self._running = job
                self._answer(job)
                self._running = None
            elif not (self._go_on_reading() or self._go_on_checking()):
                self._wait()

    def _load_engine(self) -> bool:
        try:
            self.engine = self._load(self._say)
        except Exception as error:
            expected = isinstance(error, StoreError)
            self._fail(str(error) if expected else f"The model could not be loaded ({_kind_of(error)}).")
            return False
        self._checking = self._check(self.engine) if self._check else None
        self.status, self.detail = "ok", "ready"
        return True

    def _say(self, detail: str) -> None:
        self.detail = detail

    def _fail(self, message: str) -> None:
        with self._changed:
            self.detail, self.status = message, "failed"
            waiting, self._waiting = self._waiting, []
        for job in waiting:
            job.send(Failure(message))

    def _next(self) -> Job | None:
        """Take the next job, if one waits: the session that has waited longest comes first, and its newest job."""
        with self._changed:
            if not self._waiting:
                return None
            first = self._waiting[0]
            same = [job for job in self._waiting if _same_session(job, first)]
            self._waiting.remove(same[-1])
            return same[-1]

    def _wait(self) -> None:
        with self._changed:
            while not self._waiting and not self._is_stopping:
                self._changed.wait()

    def _go_on_reading(self) -> bool:
        """Read a chunk of the prompt that a deadline has cut off, while nobody waits; tell whether there was one."""
        if self._ahead is None:
            return False
        try:
            next(self._ahead)
        except Exception:  # its end, or no memory for it: nobody waits for this
            self._ahead = None
        return True

    def _go_on_checking(self) -> bool:
        """Do one unit of the check of the model while nobody waits; tell whether there was one to do."""
        if self._checking is None:
            return False
        try:
            next(self._checking)
        except StopIteration as end:
            self.warning = end.value
            self.detail = f"ready, but: {end.value}" if end.value else self.detail
            self._checking = None
        except Exception as error:
            self.detail = f"ready, but the model could not be checked ({_kind_of(error)})"
            self._checking = None
        return True

    def _answer(self, job: Job) -> None:
        job.started = time.monotonic()
        try:
            self._run(job)
        except BadPrompt as error:
            job.send(Failure(str(error), is_request=True))
        except ModelBroken:
            job.send(Failure("The model's numbers are no numbers. Get its files again, or set another host.dtype."))
        except DeviceLost:
            job.send(Failure(_DEVICE_LOST))
            self._fail(_DEVICE_LOST)
            self._is_stopping = True
        except MemoryError:
            job.send(Failure("There is not enough memory for this request. Close programs, or choose a smaller model."))
        except Exception as error:
            job.send(Failure(f"The model failed on this request ({_kind_of(error)})."))

    def _run(self, job: Job) -> None:
        assert self.engine is not None
        if job.is_cancelled:
            self.counters.cancelled += 1
            return
        steps = self.engine.generate(job.request)
        for event in steps:
            if job.is_cancelled:
                steps.close()
                if _is_nearly_late(job.request):
                    self._read_on(job.request)
                self.counters.cancelled += 1
                job.send(Failure("The request was called off."))
                return
            # Counted before it is sent: who has the answer may look at the counters.
            self.counters.units += isinstance(event, Piece)
            self.counters.finished += isinstance(event, Summary)
            if isinstance(event, Summary) and not event.is_whole:
                self._read_on(job.request)
            if not isinstance(event, Piece) or event.text or event.tokens or event.finish or event.cost:
                job.send(event)

    def _read_on(self, request: GenerateRequest) -> None:
        """Have the prompt read that was too long for its deadline: its user goes on typing right there."""
        if request.session and self.engine is not None:
            self._ahead = self.engine.read_ahead(request)


def _is_nearly_late(request: GenerateRequest) -> bool:
    """Tell whether its client may have given up because of the deadline."""
    return request.deadline is not None and time.monotonic() > request.deadline - _NEARLY_LATE_SECONDS


def _same_session(a: Job, b: Job) -> bool:
    return a is b or (bool(a.request.session) and a.request.session == b.request.session)


def _replaces(newer: Job, older: Job) -> bool:
    return _same_session(newer, older) and newer.request.kind == older.request.kind


def _answer_with_nothing(job: Job) -> None:
    for index in range(job.request.n):
        job.send(Piece(index, finish="length"))
    job.send(Summary())


def _kind_of(error: Exception) -> str:
    """Name an error without its text, which could hold source code; all of it goes to stderr for developers."""
    if os.environ.get("MIDSPAN_DEBUG") == "1":
        traceback.print_exception(error, file=sys.stderr)
    return type(error).__name__
