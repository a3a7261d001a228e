"""Simulated time: pauses of a typist pass at once, and a model's answer takes what its work would have taken."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from ...completion.ask import Ask, Delta, Likelihood
from ...completion.backends.base import Backend
from ...completion.errors import MidspanError
from .speed import Speed

_Key = tuple[object, ...]


@dataclass(slots=True)
class Clock:
    """The time of a simulated user, in milliseconds; ``next_key`` is when the next key is pressed."""

    now: float = 0.0
    next_key: float = math.inf
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the next key comes before the model's answer."""


@dataclass(slots=True)
class Work:
    """What the model has done for one request: simulated milliseconds, tokens of the prompt that were new, written.

    For ``waited_ms`` of them it was still busy with what an earlier request had left. ``is_timeable``: the inner
    server did all of it just now, so that its real time can be compared.
    """

    milliseconds: float
    waited_ms: float
    n_prompt: int = 0
    n_written: int = 0
    is_timeable: bool = True


@dataclass(slots=True)
class _Known:
    """What the model wrote for an ask; ``is_whole`` says that there is no more."""

    deltas: list[Delta] = field(default_factory=list)
    is_whole: bool = False


class TimedBackend:
    """A model server whose answers take simulated time.

    Stops where the next key is pressed (then the server that asks has to cancel the request) or the deadline
    passes. What a model has written for an ask is kept: most likely texts are the same each time they are asked for.
    """

    def __init__(self, inner: Backend, clock: Clock, speed: Speed, deadline_ms: float) -> None:
        self.name, self.model, self.reads_ahead = inner.name, inner.model, False
        self.work: Work | None = None
        """What was done for the last request, None where the model was not asked."""
        self.failure: MidspanError | None = None
        """Why the inner server has failed: an editor's user would see nothing, and a replay must not go on."""
        self._inner = inner
        self._clock = clock
        self._speed = speed
        self._deadline_ms = deadline_ms
        self._known: dict[_Key, _Known] = {}
        self._cut_off: Ask | None = None
        """An ask whose answer was not read to its end."""
        self._unread_ms: dict[str, float] = {}
        """For each session, the time that it still takes to read what an interrupted request left unread."""
        self._free_at = 0.0
        """When the step is over in which an answer was cut off; a server begins nothing new before that."""

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Yield what the inner server does, until the next key or the deadline. Raises TimeoutError at the deadline."""
        clock, speed = self._clock, self._speed
        waits = self._unread_ms.pop(ask.session, 0.0) + max(0.0, self._free_at - clock.now)
        work = self.work = Work(speed.overhead_ms + waits, waits)
        has = min(clock.next_key - clock.now, self._deadline_ms)
        is_first = True
        async with aclosing(self._noting_failure(ask)) as deltas:
            async for delta in deltas:
                if is_first:
                    is_first = False
                    work.n_prompt = delta.usage.prompt_tokens - delta.usage.reused_tokens if delta.usage else 0
                    work.milliseconds += speed.prompt_ms(work.n_prompt)
                    if work.milliseconds > has:
                        self._unread_ms[ask.session] = work.milliseconds - has
                        break
                work.n_written += delta.n_tokens
                work.milliseconds += speed.decode_ms_per_token * delta.n_tokens
                if work.milliseconds > has:
                    self._free_at = clock.now + work.milliseconds
                    break
                yield delta
            else:
                return
        if has == self._deadline_ms:
            work.milliseconds, work.is_timeable = has, False
            raise TimeoutError
        clock.interrupted.set()
        await asyncio.Event().wait()  # for the cancel

    async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
        """Return what the inner server says."""
        return await self._inner.likelihood(ask, answer)

    async def prepare(self, progress: Callable[[str], None]) -> None:
        """Nothing to make ready: the inner server is."""

    async def close(self) -> None:
        """Nothing to let go of: the inner server is used again."""

    async def settle(self) -> None:
        """Make our host forget what it wrote beyond the prompt of an answer that was cut off, between two requests.

        How far it got is a matter of microseconds, and some of it might be reused by the next request.
        """
        ask, self._cut_off = self._cut_off, None
        if ask is not None and self.name == "host":
            async with aclosing(self._inner.stream(replace(ask, max_tokens=0))) as deltas:
                async for _ in deltas:
                    pass

    async def _noting_failure(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        try:
            async with aclosing(self._deltas(ask)) as deltas:
                async for delta in deltas:
                    yield delta
        except MidspanError as error:
            self.failure = error
            raise

    async def _deltas(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Yield what is known of the answer, then the rest, which is known from then on."""
        key = (ask.session, ask.hole, ask.kind, ask.max_tokens, ask.sample)
        known = self._known.setdefault(key, _Known())
        at = 0
        while at < len(known.deltas):
            if self.work is not None:
                self.work.is_timeable = False
            yield known.deltas[at]
            at += 1
        if known.is_whole:
            return
        self._cut_off = ask
        async with aclosing(self._inner.stream(ask)) as deltas:
            n = 0
            async for delta in deltas:
                n += 1
                if n > at:
                    known.deltas.append(delta)
                    at = n
                    yield delta
        self._cut_off, known.is_whole = None, True
