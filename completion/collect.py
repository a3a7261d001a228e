"""Reads a backend's streams into candidates, and closes each as soon as its text is whole."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from .ask import Ask, Candidate, Delta, Usage
from .backends.base import Backend
from .boundary import Boundary
from .errors import BackendError
from .fences import unfenced
from .trace import Trace

MORE_SECONDS = 1.0
"""After so long no further candidate is begun: who pressed a key waits for all of them."""


@dataclass(slots=True)
class _Growing:
    """A candidate while it is being written."""

    raw: str = ""
    text: str = ""
    logprob: float | None = 0.0
    n_tokens: int = 0
    n_wasted: int = 0
    end: int | None = None
    finish: str | None = None
    before: Usage = field(default_factory=Usage)
    """What the earlier lines of a statement cost."""
    usage: Usage = field(default_factory=Usage)

    def add(self, delta: Delta, boundary: Boundary) -> None:
        self.raw += delta.text.replace("\r\n", "\n")
        self.text = unfenced(self.raw, boundary.cursor)
        self.n_tokens += delta.n_tokens
        if delta.logprob is not None and self.logprob is not None:
            self.logprob += delta.logprob
        elif delta.text:
            self.logprob = None  # the server does not tell
        self.finish = delta.finish or self.finish
        self.usage = delta.usage or self.usage
        was_whole, self.end = self.end is not None, boundary.end(self.text)
        if self.end is not None and delta.text:
            beyond = min(len(delta.text), len(self.text) - self.end) / len(delta.text)
            self.n_wasted += delta.n_tokens if was_whole else int(beyond * delta.n_tokens)

    def next_line(self, boundary: Boundary) -> None:
        """Begin the next line of a statement."""
        self.before, self.usage, self.finish = self.before.plus(self.usage), Usage(), None
        self.add(Delta("\n", logprob=0.0), boundary)

    def cost(self) -> Usage:
        cost = self.before.plus(self.usage)
        n_generated = max(self.n_tokens, cost.generated_tokens)
        return replace(cost, generated_tokens=n_generated, wasted_tokens=self.n_wasted)

    def candidate(self, boundary: Boundary) -> Candidate:
        complete = self.end is not None or self.finish == "stop"
        text = self.text[: self.end] if complete else boundary.whole_part(self.text)
        return Candidate(text, self.logprob, self.n_tokens, complete)


async def collect(backend: Backend, ask: Ask, boundary: Boundary, trace: Trace, n: int) -> tuple[Candidate, ...]:
    """Return up to ``n`` candidates, the most likely one first, each until it is whole or the deadline passes.

    Raises BackendError or ModelMissing where the server gives nothing. Cancelling closes the stream.
    """
    growing: list[_Growing] = []
    began = time.monotonic()
    try:
        async with asyncio.timeout(ask.deadline.seconds_left()):
            for sample in range(n):
                if sample and time.monotonic() - began > MORE_SECONDS:
                    break
                growing.append(_Growing())
                await _write(backend, replace(ask, sample=sample), boundary, trace, growing[-1])
    except TimeoutError:
        trace.verdict += ", out of time"
    finally:
        trace.timing_ms["model"] = (time.monotonic() - began) * 1000
        for one in growing:
            trace.add_usage(one.cost())
    return tuple(one.candidate(boundary) for one in growing)


async def _write(backend: Backend, ask: Ask, boundary: Boundary, trace: Trace, one: _Growing) -> None:
    """Have a candidate written, line after line where the model server ends each and the statement needs more."""
    await _read(backend, ask, boundary, trace, one)
    while one.finish == "stop" and one.text == one.raw and boundary.goes_on(one.text):
        one.next_line(boundary)
        longer = replace(ask.hole, prefix=ask.hole.prefix + one.raw)
        n_before = one.n_tokens
        await _read(backend, replace(ask, hole=longer), boundary, trace, one)
        if one.n_tokens == n_before:
            break  # it has no more to say


async def _read(backend: Backend, ask: Ask, boundary: Boundary, trace: Trace, one: _Growing) -> None:
    began = time.monotonic()
    try:
        async with aclosing(backend.stream(ask)) as deltas:
            async for delta in deltas:
                if delta.text:
                    trace.mark("first_token", began)
                one.add(delta, boundary)
                trace.text_so_far = trace.text_so_far if ask.sample else one.text
                if one.end is not None and one.finish is None:
                    return  # by our boundary; a server that ended by itself still says what it cost
    except BackendError:
        if one.finish is None:
            raise  # else it had said all, but for its good-bye
    one.finish = one.finish or "stop"
