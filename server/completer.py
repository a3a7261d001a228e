"""The pipeline as the server sees it, and how it is made: late, since it imports an HTTP client and grammars.

Knows nothing of what is behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from ..completion.ask import Deadline, Proposal, Request
from ..completion.settings import Settings

if TYPE_CHECKING:
    from ..completion.complete import Answer


class Completer(Protocol):
    """Answers requests with one configuration (`completion.completer.Completer`)."""

    async def prepare(self, progress: Callable[[str], None]) -> None:
        """Make ready what is needed to answer. Raises ModelMissing or BackendError."""
        ...

    async def complete(self, request: Request, deadline: Deadline, path: str, n: int | None = None) -> Answer:
        """Answer one request within its deadline, choosing from up to ``n`` texts (None: as the settings say)."""
        ...

    async def read_ahead(self, request: Request, deadline: Deadline, path: str) -> None:
        """Have read what a request would show the model."""
        ...

    async def go_on(self, request: Request, proposal: Proposal, deadline: Deadline, path: str) -> None:
        """Work out what would be proposed once a proposal is taken."""
        ...

    def reject(self, proposal_id: str) -> None:
        """Take note that the user does not want a proposal."""
        ...

    def forget(self, uri: str) -> None:
        """Drop what is remembered about a document."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


CompleterFactory = Callable[[Settings], Awaitable[Completer]]


async def make_completer(settings: Settings) -> Completer:
    """Return the real pipeline; its imports run in a thread, so that typing goes on meanwhile."""
    completer_class = await asyncio.to_thread(_completer_class)
    return completer_class(settings)


def _completer_class() -> Callable[[Settings], Completer]:
    from ..completion.completer import Completer

    return Completer
