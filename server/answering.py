"""One request for ghost text: always answered, in time, and only for who still wants it.

Knows the deadline and the ways out; what a good proposal is, the completer knows.
"""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types

from ..completion.ask import Deadline, Did, Request, Trigger
from ..context.document import Document
from . import from_lsp, to_lsp
from .ahead import go_on
from .connection import Connection
from .from_lsp import Wish
from .logs import where
from .model import report_problem
from .paths import relative_path

if TYPE_CHECKING:
    from ..completion.complete import Answer
from .session import Session

log = logging.getLogger(__name__)

RESERVE_MS = 20
"""Milliseconds of the deadline that are kept for what comes after the completer."""
VERSION_SECONDS = 0.05
"""How long to wait for a change that the editor says it has sent already."""


async def inline_completion(connection: Connection, wish: Wish) -> types.InlineCompletionList:
    """Answer one wish: items, or an empty list.

    Raises CancelledError when a newer request supersedes it, or the text has changed since: what was proposed for
    another text is not to be shown. The snapshot is taken before anything is awaited, so that it is the text that
    the request was sent for.
    """
    session = connection.session
    trigger = session.trigger(wish.trigger_kind)
    document = session.documents.get(wish.uri)
    limit_ms = _limit_ms(connection, trigger)
    deadline = Deadline.after(limit_ms - RESERVE_MS)
    with session.latest(wish.uri):
        if document is None or _is_outdated(wish, document):
            return to_lsp.nothing()
        session.asked.add(wish.uri)
        if trigger is Trigger.AUTOMATIC and (seconds := session.seconds_snoozed()):
            session.last_answers[wish.uri] = _snoozed(seconds, document)
            return to_lsp.nothing()
        work = asyncio.create_task(_proposed(connection, wish, document, trigger, deadline, session.did(wish.uri)))
        return await _within(limit_ms / 1000, work)


async def _within(seconds: float, work: asyncio.Task[types.InlineCompletionList]) -> types.InlineCompletionList:
    """Return what the work gives, or the empty answer when the time is over or the work fails.

    A cancelled request is answered at once: its work unwinds in the background. Raises CancelledError, also when
    the work does.
    """
    try:
        await asyncio.wait({work}, timeout=seconds)
    finally:
        in_time = work.done()
        work.cancel()
    if not in_time:
        return to_lsp.nothing()
    if work.cancelled():
        raise asyncio.CancelledError
    if (error := work.exception()) is not None:
        log.error("a request failed: %s", where(error))
        return to_lsp.nothing()
    return work.result()


async def _proposed(
    connection: Connection, wish: Wish, document: Document, trigger: Trigger, deadline: Deadline, did: Did
) -> types.InlineCompletionList:
    session = connection.session
    completer = await session.completer()
    if completer is None:
        return to_lsp.nothing()
    if wish.version is not None and document.version < wish.version:
        newer = await session.documents.reach(wish.uri, wish.version, VERSION_SECONDS)
        if newer is None or newer.version != wish.version:
            return to_lsp.nothing()
        document = newer
    request: Request = replace(
        from_lsp.request(wish, document, trigger, did), workspace=session.workspaces.beside(document)
    )
    path = relative_path(document.uri, document.language_id, session.folders)
    answer = await completer.complete(request, deadline, path, wish.n)
    session.last_answers[document.uri] = _report(answer, document)
    if answer.trace.error is not None:
        report_problem(connection, answer.trace.error)
    if _has_changed(session, document):
        raise asyncio.CancelledError
    if answer.proposals:
        connection.tell_status("Normal")
        session.offer(request, answer.proposals, answer.trace)
        session.think_ahead(document.uri, go_on(connection, request, answer.proposals[0]))
    return to_lsp.inline_list(request, answer.proposals)


def _report(answer: Answer, document: Document) -> dict[str, object]:
    from ..completion.report import as_json  # late: it brings the whole pipeline along, as the completer did

    return as_json(answer, document)


def _snoozed(seconds: float, document: Document) -> dict[str, object]:
    from ..completion.complete import Answer
    from ..completion.trace import Trace

    return _report(Answer((), Trace(verdict=f"snoozed for {math.ceil(seconds / 60)} more minutes")), document)


def _is_outdated(wish: Wish, document: Document) -> bool:
    """Tell whether the cursor was in a text that is gone. Not every editor says which version it means."""
    return wish.version is not None and wish.version < document.version


def _has_changed(session: Session, document: Document) -> bool:
    now = session.documents.get(document.uri)
    return now is None or now.text != document.text


def _limit_ms(connection: Connection, trigger: Trigger) -> int:
    completion = connection.session.settings.completion
    return completion.deadline_ms if trigger is Trigger.AUTOMATIC else completion.invoked_deadline_ms
