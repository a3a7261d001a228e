"""What a server or command holds on to between requests: settings, the model server's client, the memory."""

from __future__ import annotations

from collections.abc import Callable

from .ask import Deadline, Request
from .backends import open_backend
from .backends.base import Backend
from .complete import Answer, complete, read_ahead
from .reuse import Memory
from .settings import Settings


class Completer:
    """Answers requests with one configuration."""

    def __init__(self, settings: Settings, backend: Backend | None = None) -> None:
        """Open the backend that the settings name, unless one is given. Raises SettingsError."""
        self.settings = settings
        self.backend = backend if backend is not None else open_backend(settings)
        self.memory = Memory()

    async def prepare(self, progress: Callable[[str], None]) -> None:
        """Make ready what is needed to answer. Raises ModelMissing or BackendError."""
        await self.backend.prepare(progress)

    async def complete(self, request: Request, deadline: Deadline, path: str = "", n: int | None = None) -> Answer:
        """Answer one request within its deadline; what goes wrong on the way is in the answer's trace."""
        return await complete(
            request,
            deadline,
            settings=self.settings,
            backend=self.backend,
            memory=self.memory,
            path=path,
            n=n,
        )

    async def read_ahead(self, request: Request, deadline: Deadline, path: str = "") -> None:
        """Have read what a request would show the model, unless it is answered from memory."""
        if self.memory.lookup(request, 1) is None:
            await read_ahead(request, deadline, settings=self.settings, backend=self.backend, path=path)

    def forget(self, uri: str) -> None:
        """Drop what is remembered about a document that was closed."""
        self.memory.forget(uri)

    async def close(self) -> None:
        """Let go of connections."""
        await self.backend.close()
