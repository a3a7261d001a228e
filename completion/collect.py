"""Reads a backend's stream into candidates, and closes it as soon as nobody needs more of it."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass

from .ask import Ask, Candidate, Delta
from .backends.base import Backend
from .boundary import Boundary
from .trace import Trace


@dataclass(slots=True)
class _Growing:
    text: str = ""
    logprob: float | None = 0.0
    n_tokens: int = 0
    end: int | None = None
    finish: str | None = None

    def add(self, delta: Delta, boundary: Boundary) -> None:
        self.text += delta.text.replace("\r\n", "\n")
        self.n_tokens += delta.n_tokens
        if delta.logprob is None:
            self.logprob = None if delta.n_tokens or delta.text else self.logprob
        elif self.logprob is not None:
            self.logprob += delta.logprob
        self.finish = delta.finish
        self.end = boundary.end(self.text)

    @property
    def is_done(self) -> bool:
        return self.end is not None or self.finish is not None

    def candidate(self, boundary: Boundary) -> Candidate:
        complete = self.end is not None or self.finish == "stop"
        text = self.text[: self.end] if complete else boundary.whole_part(self.text)
        return Candidate(text, self.logprob, self.n_tokens, complete)


async def collect(backend: Backend, ask: Ask, boundary: Boundary, trace: Trace) -> tuple[Candidate, ...]:
    """Return the candidates that the backend gives until each is whole, or the deadline passes.

    Raises BackendError or ModelMissing where the server gives nothing; a server that fails in the middle has
    given what it has given. Cancelling closes the stream.
    """
    growing = [_Growing() for _ in range(ask.n)]
    began = time.monotonic()
    try:
        async with asyncio.timeout(ask.deadline.seconds_left()), aclosing(backend.stream(ask)) as deltas:
            async for delta in deltas:
                if delta.text:
                    trace.mark("first_token", began)
                if delta.usage is not None:
                    trace.usage = delta.usage
                if delta.index < ask.n and not growing[delta.index].is_done:
                    growing[delta.index].add(delta, boundary)
                if all(one.is_done for one in growing) and any(one.finish is None for one in growing):
                    break  # by our boundary: else the server is about to end, and to say what it cost
    except TimeoutError:
        trace.verdict += " (out of time)"
    finally:
        trace.timing_ms["model"] = (time.monotonic() - began) * 1000
    return tuple(one.candidate(boundary) for one in growing)
