"""What a server or command holds on to between requests: settings, the model server's client, the memory."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..context.gather import Gatherer
from .ask import Deadline, Did, Proposal, Request, Trigger
from .backends import open_backend
from .backends.base import Backend
from .complete import Answer, complete, read_ahead
from .flight import Flights
from .onward import onward
from .pace import Pace
from .reuse import Memory
from .settings import Settings
from .trace import Trace


class Completer:
    """Answers requests with one configuration."""

    def __init__(self, settings: Settings, backend: Backend | None = None, *, joins: bool = True) -> None:
        """Open the backend that the settings name, unless one is given. Raises SettingsError.

        ``joins``: a request under way goes on if it answers the next one, too.
        """
        self.settings = settings
        self.backend = backend if backend is not None else open_backend(settings)
        self.memory = Memory()
        self.gatherer = Gatherer()
        self.pace = Pace()
        self._flights = Flights() if joins else None

    async def prepare(self, progress: Callable[[str], None]) -> None:
        """Make ready what is needed to answer. Raises ModelMissing or BackendError."""
        await self.backend.prepare(progress)

    async def complete(self, request: Request, deadline: Deadline, path: str = "", n: int | None = None) -> Answer:
        """Answer one request within its deadline; what goes wrong on the way is in the answer's trace."""
        if request.did is Did.TYPED and request.trigger is Trigger.AUTOMATIC:
            self.pace.key(time.monotonic())
        if self._flights is None or request.selected is not None:
            return await self._complete(request, deadline, path, n, self._trace())
        if (flight := self._flights.covering(request)) is not None:
            await flight.answer()  # what it proposes is remembered, and holds here
        trace = self._trace()
        return await self._flights.begin(request, trace, self._complete(request, deadline, path, n, trace)).answer()

    def _trace(self) -> Trace:
        return Trace(backend=self.backend.name, model=self.backend.model)

    async def _complete(self, request: Request, deadline: Deadline, path: str, n: int | None, trace: Trace) -> Answer:
        return await complete(
            request,
            deadline,
            settings=self.settings,
            backend=self.backend,
            memory=self.memory,
            gatherer=self.gatherer,
            pace=self.pace,
            trace=trace,
            path=path,
            n=n,
        )

    async def read_ahead(self, request: Request, deadline: Deadline, path: str = "") -> None:
        """Have read what a request would show the model, unless it is answered from memory."""
        if self.memory.lookup(request, 1) is None:
            await read_ahead(
                request, deadline, settings=self.settings, backend=self.backend, gatherer=self.gatherer, path=path
            )

    async def go_on(self, request: Request, proposal: Proposal, deadline: Deadline, path: str = "") -> None:
        """Work out what would be proposed once a proposal is taken, and remember it, unless that costs money."""
        if not self.backend.reads_ahead:
            return
        for follower in onward(request, proposal):
            answer = await self.complete(follower, deadline, path, n=1)
            if answer.proposals or answer.trace.error is not None:
                return

    def reject(self, proposal_id: str) -> None:
        """Take note that the user does not want a proposal where it was made."""
        self.memory.reject(proposal_id)

    def forget(self, uri: str) -> None:
        """Drop what is remembered about a document that was closed."""
        self.memory.forget(uri)
        self.gatherer.forget(uri)

    async def close(self) -> None:
        """Let go of connections."""
        if self._flights is not None:
            await self._flights.close()
        await self.backend.close()
