"""Thinking ahead while nobody waits: reading what was just changed, and working out what follows a proposal.

Editors that ask at each key do so before either begins. Reading is for changes that no request follows, as after
pasting, undoing or renaming, and for who asks by key only after a while; the other is for who takes what is on screen
and then wants to go on.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from ..completion.ask import Deadline, Proposal, Request
from ..context.document import Change
from .connection import Connection
from .logs import where
from .paths import relative_path

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.15
"""How long a request may take to follow its change."""
LOOK_SECONDS = 0.25
"""Who types on sooner does not look at what is proposed."""
MOST_MS = 30_000


async def read_ahead(connection: Connection, uri: str, change: Change) -> None:
    """Have read what a request at the end of a change would show the model, unless one comes.

    The first request in the document calls it off; what was read by then stays known.
    """
    session = connection.session
    document, completer = session.documents.get(uri), session.completer_now
    if document is None or completer is None or change.start is None:
        return
    request = Request(document, document.offset_at(change.start) + len(change.text))
    await asyncio.sleep(WAIT_SECONDS)
    if uri in session.asked or session.documents.get(uri) is not document:
        return
    path = relative_path(document.uri, document.language_id, session.folders)
    request = replace(request, workspace=session.workspaces.beside(document))
    try:
        await completer.read_ahead(request, Deadline.after(MOST_MS), path)
    except Exception as error:
        log.error("reading ahead failed: %s", where(error))


async def go_on(connection: Connection, request: Request, proposal: Proposal) -> None:
    """Work out what would be proposed once a proposal is taken, unless something else happens in the document."""
    completer = connection.session.completer_now
    if completer is None:
        return
    await asyncio.sleep(LOOK_SECONDS)
    path = relative_path(request.document.uri, request.document.language_id, connection.session.folders)
    try:
        await completer.go_on(request, proposal, Deadline.after(MOST_MS), path)
    except Exception as error:
        log.error("going on failed: %s", where(error))
