"""Our own values → what goes over the wire.

The one shape of items that every client accepts: a plain string and an explicit range on one line, from the
start of the cursor's line to the cursor and what the proposal covers after it; under a highlighted popup entry,
from that entry's range. Knows nothing of how proposals are made.
"""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from ..completion.ask import Edit, Proposal, Request
from ..context.document import Document, Position

ACCEPTED = "midspan.accepted"
"""The command that an editor runs once the user has taken a proposal; its argument is the proposal's id."""
REJECTED = "midspan.rejected"
"""The command that an editor runs once the user has put a proposal away; its argument is the proposal's id."""
SNOOZE = "midspan.snooze"
"""The command for silence while typing, for as many minutes as its argument says; 0 ends it."""
COPILOT_ACCEPTED = "github.copilot.didAcceptCompletionItem"
"""The same as `ACCEPTED`, under the name that clients of Copilot's may send of themselves."""
COMMANDS = (ACCEPTED, REJECTED, SNOOZE, COPILOT_ACCEPTED)


def capabilities() -> types.ServerCapabilities:
    """Return what `initialize` promises. Positions are UTF-16, which every client has to support."""
    return types.ServerCapabilities(
        position_encoding=types.PositionEncodingKind.Utf16,
        text_document_sync=types.TextDocumentSyncOptions(
            open_close=True, change=types.TextDocumentSyncKind.Incremental, save=types.SaveOptions()
        ),
        inline_completion_provider=types.InlineCompletionOptions(),
        execute_command_provider=types.ExecuteCommandOptions(commands=list(COMMANDS)),
        workspace=types.WorkspaceOptions(
            workspace_folders=types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True)
        ),
    )


def inline_list(request: Request, proposals: Iterable[Proposal]) -> types.InlineCompletionList:
    """Return the proposals that can be shown as ghost text at the request's cursor."""
    items = (_item(request, proposal) for proposal in proposals)
    return types.InlineCompletionList(items=[item for item in items if item is not None])


def nothing() -> types.InlineCompletionList:
    """Return the empty answer: an object, since some clients fail on null and some keep old ghost text."""
    return types.InlineCompletionList(items=[])


def _item(request: Request, proposal: Proposal) -> types.InlineCompletionItem | None:
    if len(proposal.edits) != 1:
        return None
    document, edit = request.document, proposal.edits[0]
    start, end = _replaced(request, edit)
    text = document.text[start : edit.start] + edit.text + document.text[edit.end : end]
    first, last = document.position_at(start), document.position_at(end)
    if first.line != last.line or text == document.text[start:end] or not _extends(request, start, text):
        return None
    command = types.Command(title="Accepted", command=ACCEPTED, arguments=[proposal.id])
    return types.InlineCompletionItem(insert_text=text, range=_range(first, last), command=command)


def _replaced(request: Request, edit: Edit) -> tuple[int, int]:
    """Return the offsets of the text that the item replaces: the edit's, and what stands before it."""
    if request.selected is not None:
        return min(request.selected.start, edit.start), max(request.selected.end, edit.end)
    return min(_line_start(request.document, request.offset), edit.start), max(request.offset, edit.end)


def _extends(request: Request, start: int, text: str) -> bool:
    """Tell whether the text begins with the highlighted entry, if there is one."""
    if request.selected is None:
        return True
    return text.startswith(request.document.text[start : request.selected.start] + request.selected.text)


def _line_start(document: Document, offset: int) -> int:
    return document.offset_at(Position(document.position_at(offset).line, 0))


def _range(start: Position, end: Position) -> types.Range:
    return types.Range(
        start=types.Position(line=start.line, character=start.character),
        end=types.Position(line=end.line, character=end.character),
    )
