"""A request that goes on for a moment after nobody wants it: the next one may be answered by it.

Editors call a request off at the next key. If what the model has written by then begins with that key, it is quicker
to let it go on than to begin again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass

from .ask import Request
from .complete import Answer
from .trace import Trace

LINGER_SECONDS = 0.025
"""How long a request that was called off goes on: about as long as the step takes that it is at."""


@dataclass(slots=True)
class Flight:
    """A request under way. Its trace grows with the text that the model has written so far."""

    request: Request
    trace: Trace
    task: asyncio.Task[Answer]
    n_waiting: int = 0

    def covers(self, request: Request) -> bool:
        """Tell whether the model has already written what was typed since, and nothing else has changed."""
        text, offset = self.request.document.text, self.request.offset
        n_typed = request.offset - offset
        now = request.document.text
        if (
            self.task.done()
            or n_typed < 0
            or len(now) != len(text) + n_typed
            or request.trigger != self.request.trigger
        ):
            return False
        typed = now[offset : request.offset]
        return (
            self.trace.text_so_far.startswith(typed)
            and (n_typed > 0 or self.trace.text_so_far != "")
            and now.startswith(text[:offset])
            and now.endswith(text[offset:])
        )

    async def answer(self) -> Answer:
        """Wait for it. Who is cancelled meanwhile leaves it to the next one, for a moment."""
        self.n_waiting += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self.n_waiting -= 1
            if not self.task.done() and not self.n_waiting:
                asyncio.get_running_loop().call_later(LINGER_SECONDS, self._end_unless_wanted)

    def _end_unless_wanted(self) -> None:
        if not self.n_waiting:
            self.task.cancel()


class Flights:
    """The newest request of each document."""

    def __init__(self) -> None:
        self._by_uri: dict[str, Flight] = {}

    def covering(self, request: Request) -> Flight | None:
        """Return the request under way that will answer this one, too; one that won't is called off."""
        flight = self._by_uri.get(request.document.uri)
        if flight is None or flight.covers(request):
            return flight
        flight.task.cancel()
        return None

    def begin(self, request: Request, trace: Trace, work: Coroutine[object, object, Answer]) -> Flight:
        """Begin the work for a request."""
        uri = request.document.uri
        flight = self._by_uri[uri] = Flight(request, trace, asyncio.create_task(work))
        flight.task.add_done_callback(lambda _: self._by_uri.pop(uri) if self._by_uri.get(uri) is flight else None)
        return flight

    async def close(self) -> None:
        """Call everything off."""
        tasks = [flight.task for flight in self._by_uri.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
