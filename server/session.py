"""The state of one connection: the only thing in the server that changes.

Knows what is open, what is in flight and what is configured; sends and receives nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..completion.ask import Did, Proposal, Request, Trigger
from ..completion.settings import Settings
from ..context.document import Change
from .completer import Completer
from .documents import Documents
from .edits import Edits
from .from_lsp import ClientFacts
from .paths import folder_on_disk
from .settings import EditorSettings
from .workspaces import Workspaces

if TYPE_CHECKING:
    from ..completion.trace import Trace
    from .outcomes import Outcomes

INVOKED, AUTOMATIC = 1, 2


class Session:
    """Documents, settings, requests in flight and background work of one connection."""

    def __init__(self) -> None:
        self.documents = Documents()
        self.client = ClientFacts()
        self.client_known = asyncio.Event()
        self.folders: tuple[str, ...] = ()
        self.workspaces = Workspaces(self.documents, self.spawn)
        self.editor_settings = EditorSettings()
        self.settings = Settings()
        self.warned: tuple[str, ...] = ()
        self.model_offered = False
        self.configuring = asyncio.Lock()
        self.preparing: asyncio.Task[None] | None = None
        self.stopped = asyncio.Event()
        self.exit_code = 1
        self.last_answers: dict[str, dict[str, object]] = {}
        """For each document, how the last answer in it came about, as JSON."""
        self.asked: set[str] = set()
        """The documents that were asked for text since their last change."""
        self._snoozed_until = 0.0
        self._outcomes: Outcomes | None = None
        self._edits: dict[str, Edits] = {}
        self._offered: dict[str, dict[str, tuple[Request, Proposal, Trace]]] = {}
        """The last answer in each document that has not changed since, by the proposals' ids."""
        self._completer: Completer | None = None
        self._is_configured = asyncio.Event()
        self._in_flight: dict[str, asyncio.Task[object]] = {}
        self._ahead: dict[str, asyncio.Task[None]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._zero_based_triggers = False

    def snooze(self, minutes: float) -> None:
        """Propose nothing while the user types, for so many minutes from now on."""
        self._snoozed_until = time.monotonic() + 60 * minutes

    def seconds_snoozed(self) -> float:
        """Return for how long nothing is to be proposed while the user types."""
        return max(0.0, self._snoozed_until - time.monotonic())

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        """Hold a document from now on."""
        self.documents.open(uri, language_id, version, text)
        self._edits.pop(uri, None)

    def edit(self, uri: str, changes: Sequence[Change], version: int | None) -> None:
        """Apply changes to a document, and note what the user did by them."""
        self.asked.discard(uri)
        self._offered.pop(uri, None)
        before = self.documents.get(uri)
        self.documents.edit(uri, changes, version)
        after = self.documents.get(uri)
        if before is not None and after is not None and changes:
            self._edits.setdefault(uri, Edits(before)).note(changes, before, after)
            if self._outcomes is not None:
                self._outcomes.edited(changes, before, after)

    def close_document(self, uri: str) -> None:
        """Forget a document, and call off what is done for it."""
        self.documents.close(uri)
        self.cancel(uri)
        self._call_off(uri)
        self.last_answers.pop(uri, None)
        self.asked.discard(uri)
        self._edits.pop(uri, None)
        self._offered.pop(uri, None)
        if self._outcomes is not None:
            self._outcomes.closed(uri)

    def did(self, uri: str) -> Did:
        """Return what the user did to a document last."""
        edits = self._edits.get(uri)
        return Did.UNKNOWN if edits is None else edits.did

    @property
    def outcomes(self) -> Outcomes:
        """What became of proposals; made with the first one, since a database is imported with it."""
        if self._outcomes is None:
            from .outcomes import Outcomes

            self._outcomes = Outcomes(self.spawn, self.documents.get, lambda: self.settings.outcomes)
        return self._outcomes

    def offer(self, request: Request, proposals: Sequence[Proposal], trace: Trace) -> None:
        """Note what an answer proposes; its first proposal is on screen as ghost text."""
        self._offered[request.document.uri] = {one.id: (request, one, trace) for one in proposals}
        self._show(request, proposals[0], trace)

    def show(self, proposal_id: str) -> None:
        """Note that another one of the last answer's proposals is on screen."""
        if (offered := self._offered_now(proposal_id)) is not None:
            self._show(*offered)

    def is_as_proposed(self, proposal_id: str) -> bool:
        """Tell whether a proposal is of its document's last answer, and the text is as it was then."""
        return self._offered_now(proposal_id) is not None

    def _offered_now(self, proposal_id: str) -> tuple[Request, Proposal, Trace] | None:
        return next((found[proposal_id] for found in self._offered.values() if proposal_id in found), None)

    def _show(self, request: Request, proposal: Proposal, trace: Trace) -> None:
        if (edits := self._edits.get(request.document.uri)) is not None:
            edits.expect(proposal.edits[0].text)
        self.outcomes.shown(request, proposal, trace)

    @property
    def project_dir(self) -> Path | None:
        """The first workspace folder on disk: where a `midspan.toml` may be."""
        found = (folder_on_disk(uri) for uri in self.folders)
        return next((folder for folder in found if folder is not None), None)

    @property
    def is_preparing(self) -> bool:
        """Whether a model is being loaded or fetched, which the editor shows as progress."""
        return self.preparing is not None and not self.preparing.done()

    @property
    def completer_now(self) -> Completer | None:
        """The completer, if there is one yet."""
        return self._completer

    async def completer(self) -> Completer | None:
        """Return the completer, once it is known whether there is one."""
        await self._is_configured.wait()
        return self._completer

    def end_configuring(self) -> None:
        """Let requests wait no longer for the first settings, whatever came of them."""
        self._is_configured.set()

    def replace_completer(self, completer: Completer | None) -> Completer | None:
        """Use another completer (or none) from now on, and return the old one; requests in flight are superseded."""
        old, self._completer = self._completer, completer
        for task in self._in_flight.values() if old is not None else ():
            task.cancel()
        return old

    @contextmanager
    def latest(self, uri: str) -> Iterator[None]:
        """Make the current task the document's only request in flight: an older one is cancelled."""
        task = asyncio.current_task()
        assert task is not None
        self.cancel(uri)
        self._call_off(uri)
        self._in_flight[uri] = task
        try:
            yield
        finally:
            if self._in_flight.get(uri) is task:
                del self._in_flight[uri]

    def think_ahead(self, uri: str, work: Coroutine[object, object, None]) -> None:
        """Do some work for a document until the next request, or the next such work, in it."""
        self._call_off(uri)
        self._ahead[uri] = task = self.spawn(work)
        task.add_done_callback(lambda _: self._ahead.pop(uri, None) if self._ahead.get(uri) is task else None)

    def _call_off(self, uri: str) -> None:
        if (ahead := self._ahead.pop(uri, None)) is not None:
            ahead.cancel()

    def cancel(self, uri: str) -> None:
        """Cancel the document's request in flight, if there is one."""
        if (older := self._in_flight.pop(uri, None)) is not None:
            older.cancel()

    def trigger(self, kind: int | None) -> Trigger:
        """Return what a trigger kind means on this connection.

        LSP 3.18 counts from 1 (invoked) and its drafts from 0: who has sent a 0 means automatic by 1.
        """
        if kind == 0:
            self._zero_based_triggers = True
            return Trigger.INVOKED
        if kind == INVOKED and not self._zero_based_triggers:
            return Trigger.INVOKED
        return Trigger.AUTOMATIC

    def spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run work in the background for as long as the connection lives."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    def stop(self, exit_code: int) -> None:
        """End the connection; the first exit code counts."""
        if not self.stopped.is_set():
            self.exit_code = exit_code
            self.stopped.set()

    async def close(self) -> None:
        """Cancel whatever runs, and let go of the model server."""
        if self._outcomes is not None:
            self._outcomes.close()
        with suppress(Exception):
            await self.workspaces.close()
        tasks = [*self._in_flight.values(), *self._background]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._completer is not None:
            with suppress(Exception):
                await self._completer.close()
