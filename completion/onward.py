"""Where somebody is who takes a proposal: right behind it, or on the next line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..context.cursor import cursor_context
from ..context.syntax import opens_block
from ..context.window import WindowSizes
from .ask import Did, Proposal, Request, Trigger

_NO_WINDOW = WindowSizes(0, 0)


def onward(request: Request, proposal: Proposal) -> Iterator[Request]:
    """Yield the requests that may follow once a proposal is taken, the likelier ones first."""
    edit = proposal.edits[0]
    document = request.document.replace(edit.start, edit.end, edit.text)
    taken = replace(
        request,
        document=document,
        offset=edit.start + len(edit.text),
        trigger=Trigger.AUTOMATIC,
        selected=None,
        did=Did.TYPED,
        is_ahead=True,
    )
    yield taken
    cursor = cursor_context(document, taken.offset, _NO_WINDOW, request.indent_unit)
    if cursor.line_tail.strip() or not cursor.line_head.strip():
        return
    deeper = cursor.indent_unit if opens_block(document, document.line_at(taken.offset)) else ""
    line_end = cursor.eol + cursor.indent + deeper
    yield replace(
        taken,
        document=document.replace(taken.offset, taken.offset, line_end),
        offset=taken.offset + len(line_end),
    )
