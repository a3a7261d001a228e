"""The model alone in the place of the pipeline: its first line at every key, as it comes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import aclosing

from ...completion import gate, prompt
from ...completion.ask import Deadline, Edit, Kind, Proposal, Request
from ...completion.backends.base import Backend
from ...completion.complete import Answer
from ...completion.errors import MidspanError
from ...completion.settings import Settings
from ...completion.trace import Trace
from ...context.cursor import cursor_context


class RawCompleter:
    """Answers as a completer does: no gate, no reuse, no boundary but the line's end, no filters."""

    def __init__(self, settings: Settings, backend: Backend) -> None:
        self._settings = settings
        self._backend = backend

    async def prepare(self, progress: Callable[[str], None]) -> None:
        """Make the model server ready."""
        await self._backend.prepare(progress)

    async def complete(self, request: Request, deadline: Deadline, path: str) -> Answer:
        """Return the first line that the model writes, if it writes anything."""
        completion = self._settings.completion
        trace = Trace(backend=self._backend.name, model=self._backend.model, source="model")
        cursor = cursor_context(request.document, request.offset, completion.window_sizes)
        verdict = gate.Verdict(Kind.LINE, completion.max_line_tokens)
        text, logprob, n_tokens = "", 0.0, 0
        try:
            async with aclosing(self._backend.stream(prompt.build(cursor, verdict, (), path, deadline))) as deltas:
                async for delta in deltas:
                    text += delta.text
                    logprob += delta.logprob or 0.0
                    n_tokens += delta.n_tokens
                    if "\n" in text.lstrip("\n"):
                        break
        except (MidspanError, TimeoutError) as error:
            trace.error = error if isinstance(error, MidspanError) else None
            return Answer((), trace)
        line = text.lstrip("\n").split("\n")[0]
        edit = Edit(request.offset, request.offset, line)
        proposals = (
            (Proposal(uuid.uuid4().hex, (edit,), Kind.LINE, logprob / max(1, n_tokens), logprob),) if line else ()
        )
        return Answer(proposals, trace)

    async def read_ahead(self, request: Request, deadline: Deadline, path: str) -> None:
        """Read nothing."""

    async def go_on(self, request: Request, proposal: Proposal, deadline: Deadline, path: str) -> None:
        """Work nothing out."""

    def reject(self, proposal_id: str) -> None:
        """Remember nothing."""

    def forget(self, uri: str) -> None:
        """Remember nothing."""

    async def close(self) -> None:
        """Nothing to let go of."""
