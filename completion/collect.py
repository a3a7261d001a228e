"""Reads a backend's streams into candidates, and closes each as soon as its text is whole."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from .ask import Ask, Candidate, Delta, Token, Usage
from .backends.base import Backend
from .boundary import Boundary
from .branches import N_LIKELIEST, Branch, Branches
from .errors import BackendError
from .trace import Trace
from .unwrap import unwrapped

MOST_CHARACTERS_A_TOKEN = 100
"""A server that writes more than this, for the tokens that it may write, does not keep to them."""

MORE_SECONDS = 1.0
"""After so long no further candidate is begun: who pressed a key waits for all of them."""


@dataclass(slots=True)
class _Growing:
    """A candidate while it is being written."""

    is_first: bool = True
    raw: str = ""
    text: str = ""
    logprob: float | None = 0.0
    n_tokens: int = 0
    n_given: int = 0
    """Tokens that it began with: another candidate had paid for them."""
    n_wasted: int = 0
    tokens: list[Token] = field(default_factory=list)
    end: int | None = None
    finish: str | None = None
    before: Usage = field(default_factory=Usage)
    """What the earlier lines of a statement cost."""
    usage: Usage = field(default_factory=Usage)

    def begin(self, branch: Branch, boundary: Boundary) -> None:
        """Begin as another candidate does."""
        self.n_given = len(branch.tokens)
        self.add(Delta(branch.text, branch.logprob, self.n_given, branch.tokens), boundary)

    def add(self, delta: Delta, boundary: Boundary) -> None:
        self.raw += delta.text.replace("\r\n", "\n")
        self.text, is_over = unwrapped(self.raw, boundary.cursor)
        self.n_tokens += delta.n_tokens
        self.tokens += delta.tokens
        if delta.logprob is not None and self.logprob is not None:
            self.logprob += delta.logprob
        elif delta.text:
            self.logprob = None  # the server does not tell
        self.finish = delta.finish or self.finish
        self.usage = delta.usage or self.usage
        was_whole, self.end = self.end is not None, boundary.end(self.text)
        if self.end is None and is_over:
            self.end = len(self.text)
        if self.end is not None and delta.text:
            beyond = min(len(delta.text), len(self.text) - self.end) / len(delta.text)
            self.n_wasted += delta.n_tokens if was_whole else int(beyond * delta.n_tokens)

    def next_line(self, boundary: Boundary) -> None:
        """Begin the next line of a statement."""
        self.before, self.usage, self.finish = self.before.plus(self.usage), Usage(), None
        self.add(Delta("\n", logprob=0.0), boundary)

    def cost(self) -> Usage:
        cost = self.before.plus(self.usage)
        n_generated = max(self.n_tokens - self.n_given, cost.generated_tokens)
        return replace(cost, generated_tokens=n_generated, wasted_tokens=self.n_wasted)

    def candidate(self, boundary: Boundary) -> Candidate:
        complete = self.end is not None or self.finish == "stop"
        text = self.text[: self.end] if complete else boundary.whole_part(self.text)
        return Candidate(text, self.logprob, self.n_tokens, complete)


async def collect(backend: Backend, ask: Ask, boundary: Boundary, trace: Trace, n: int) -> tuple[Candidate, ...]:
    """Return up to ``n`` candidates, the most likely one first, each until it is whole or the deadline passes.

    The others go where the earlier ones might have gone (`branches`); of a server that doesn't tell, they are drawn.

    Raises BackendError or ModelMissing where the server gives nothing. Cancelling closes the stream.
    """
    growing: list[_Growing] = []
    began, branches = time.monotonic(), Branches()
    ask = replace(ask, n_likeliest=N_LIKELIEST if n > 1 else 0)
    try:
        async with asyncio.timeout(ask.deadline.seconds_left()):
            for sample in range(n):
                if sample and time.monotonic() - began > MORE_SECONDS:
                    break
                growing.append(one := _Growing(is_first=sample == 0))
                if branch := branches.likeliest():
                    one.begin(branch, boundary)
                    await _write(backend, ask, boundary, trace, one)
                else:
                    await _write(backend, replace(ask, sample=sample), boundary, trace, one)
                branches.add(one.tokens, one.candidate(boundary).text)
    except TimeoutError:
        trace.verdict += ", out of time"
    except BackendError:
        if len(growing) == 1:
            raise
        growing.pop()  # those that are there are worth having
    finally:
        trace.timing_ms["model"] = (time.monotonic() - began) * 1000
        for one in growing:
            trace.add_usage(one.cost())
    return tuple(one.candidate(boundary) for one in growing)


async def _write(backend: Backend, ask: Ask, boundary: Boundary, trace: Trace, one: _Growing) -> None:
    """Have a candidate written, line after line where the model server ends each and the statement needs more."""
    if one.end is None:
        await _read(backend, _behind(ask, one), boundary, trace, one)
    while one.finish == "stop" and one.text == one.raw and boundary.goes_on(one.text):
        one.next_line(boundary)
        n_before = one.n_tokens
        await _read(backend, _behind(ask, one), boundary, trace, one)
        if one.n_tokens == n_before:
            break  # it has no more to say


def _behind(ask: Ask, one: _Growing) -> Ask:
    """Ask for what comes behind the text so far."""
    return replace(ask, hole=replace(ask.hole, prefix=ask.hole.prefix + one.raw)) if one.raw else ask


async def _read(backend: Backend, ask: Ask, boundary: Boundary, trace: Trace, one: _Growing) -> None:
    began, most_tokens = time.monotonic(), one.n_tokens + ask.max_tokens
    most_characters = len(one.raw) + MOST_CHARACTERS_A_TOKEN * ask.max_tokens
    try:
        async with aclosing(backend.stream(ask)) as deltas:
            async for delta in deltas:
                if delta.text:
                    trace.mark("first_token", began)
                one.add(delta, boundary)
                if one.is_first:
                    trace.text_so_far = one.text
                if one.end is not None and one.finish is None:
                    return  # by our boundary; a server that ended by itself still says what it cost
                if one.n_tokens > most_tokens or len(one.raw) > most_characters:
                    one.finish = "length"
                    return
    except BackendError:
        if one.finish is None:
            raise  # else it had said all, but for its good-bye
    one.finish = one.finish or "stop"
