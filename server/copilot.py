"""Copilot's protocol, over the same pipeline: its plugins work with midspan once they are told its path.

Its methods, parameters and answers, of today's clients (`textDocument/inlineCompletion` is shared with LSP) and of
older ones (`getCompletions`). There is no account: whoever asks is signed in. Nothing of this goes anywhere.

Source: the schema of `@github/copilot-language-server`, and what copilot.lua, copilot.vim, copilot.el and others send.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ..context.document import Position
from . import from_lsp
from .answering import inline_completion
from .session import AUTOMATIC, INVOKED

if TYPE_CHECKING:
    from .app import MidspanServer

Json = dict[str, object]

USER = "midspan"
"""Who is signed in, as clients show it."""
PANEL_SIZE = 10
"""How many proposals a panel is offered."""


async def get_completions(ls: MidspanServer, params: object) -> Json:
    """Answer with ghost text for who types."""
    return {"completions": await _completions(ls, params, AUTOMATIC)}


async def get_completions_cycling(ls: MidspanServer, params: object) -> Json:
    """Answer with all that there is to choose from."""
    return {"completions": await _completions(ls, params, INVOKED)}


async def get_panel_completions(ls: MidspanServer, params: object) -> Json:
    """Send proposals for a panel, one notification each, and then that these are all."""
    panel = from_lsp.object_at(params).get("panelId")
    found = await _completions(ls, params, INVOKED, PANEL_SIZE)
    for one in found:
        solution = {
            "panelId": panel,
            "solutionId": one["uuid"],
            "range": one["range"],
            "completionText": one["text"],
            "displayText": one["text"],
            "score": 0,
        }
        ls.protocol.notify("PanelSolution", solution)
    ls.protocol.notify("PanelSolutionsDone", {"panelId": panel, "status": "OK"})
    return {"solutionCountTarget": len(found)}


async def panel_completion(ls: MidspanServer, params: object) -> types.InlineCompletionList:
    """Answer with proposals for a panel."""
    return await inline_completion(ls, replace(from_lsp.wish(params), trigger_kind=INVOKED, n=PANEL_SIZE))


def inline_edit(ls: MidspanServer, params: object) -> Json:
    """Propose no edits elsewhere. An object all the same: null fails in clients."""
    return {"edits": []}


def did_show(ls: MidspanServer, params: object) -> None:
    """Note which of the proposals is on screen."""
    _, proposal = from_lsp.command(from_lsp.object_at(params, "item", "command"))
    if isinstance(proposal, str):
        ls.session.show(proposal)


def notify_shown(ls: MidspanServer, params: object) -> str:
    """Note which of the proposals is on screen."""
    ls.session.show(from_lsp.text_at(params, "uuid"))
    return "OK"


def notify_accepted(ls: MidspanServer, params: object) -> str:
    """Take note of nothing: the change that follows tells how much was taken, which clients don't."""
    return "OK"


def notify_rejected(ls: MidspanServer, params: object) -> str:
    """Note what the user has put away. Older clients say so at each key, too: that is no rejection."""
    rejected = from_lsp.object_at(params).get("uuids")
    for proposal in rejected if isinstance(rejected, list) else ():
        if isinstance(proposal, str) and ls.session.is_as_proposed(proposal):
            ls.reject(proposal)
    return "OK"


def check_status(ls: MidspanServer, params: object) -> Json:
    """Say that all is well: nobody has to sign in."""
    return {"status": "OK", "user": USER}


def sign_in(ls: MidspanServer, params: object) -> Json:
    """Say that nobody has to."""
    return {"status": "AlreadySignedIn", "user": USER}


def sign_out(ls: MidspanServer, params: object) -> Json:
    """Say what the client expects to hear; there is nothing to sign out of."""
    return {"status": "NotSignedIn"}


def models(ls: MidspanServer, params: object) -> list[Json]:
    """List the model that is set."""
    settings = ls.session.settings
    name = settings.host.model if settings.backend.kind == "host" else settings.backend.model
    return [{"id": name, "modelName": name, "scopes": ["completion"], "preview": False, "default": True}]


def version(ls: MidspanServer, params: object) -> Json:
    """Say which midspan this is."""
    return {"version": ls.version, "buildType": "prod", "runtimeVersion": f"python/{platform.python_version()}"}


def set_editor_info(ls: MidspanServer, params: object) -> str:
    """Take note of nothing: who the editor is changes nothing here."""
    return "OK"


def ignored(ls: MidspanServer, params: object) -> None:
    """Accept a notification that changes nothing here."""


async def _completions(ls: MidspanServer, params: object, trigger_kind: int, n: int | None = None) -> list[Json]:
    wish = replace(from_lsp.legacy_wish(params), trigger_kind=trigger_kind, n=n)
    found = await inline_completion(ls, wish)
    document = ls.session.documents.get(wish.uri)
    version = document.version if document is not None else 0
    return [_completion(item, wish.position, version) for item in found.items]


def _completion(item: types.InlineCompletionItem, cursor: Position, version: int) -> Json:
    assert isinstance(item.insert_text, str)
    assert item.range is not None
    assert item.command is not None
    start, end = item.range.start, item.range.end
    return {
        "uuid": (item.command.arguments or [""])[0],
        "text": item.insert_text,
        "displayText": _behind(item.insert_text, cursor.character - start.character),
        "range": {
            "start": {"line": start.line, "character": start.character},
            "end": {"line": end.line, "character": end.character},
        },
        "position": {"line": cursor.line, "character": cursor.character},
        "docVersion": version,
    }


def _behind(text: str, n_units: int) -> str:
    """Return a text without its first UTF-16 units."""
    return text.encode("utf-16-le", "surrogatepass")[2 * max(0, n_units) :].decode("utf-16-le", "replace")


METHODS: Mapping[str, Callable[..., Any]] = {
    "getCompletions": get_completions,
    "getCompletionsCycling": get_completions_cycling,
    "getPanelCompletions": get_panel_completions,
    "textDocument/copilotPanelCompletion": panel_completion,
    "textDocument/copilotInlineEdit": inline_edit,
    "textDocument/didShowInlineEdit": ignored,
    "textDocument/didShowCompletion": did_show,
    "textDocument/didPartiallyAcceptCompletion": ignored,
    "textDocument/didFocus": ignored,
    "notifyShown": notify_shown,
    "notifyAccepted": notify_accepted,
    "notifyRejected": notify_rejected,
    "checkStatus": check_status,
    "signIn": sign_in,
    "signInInitiate": sign_in,
    "signInConfirm": check_status,
    "signOut": sign_out,
    "copilot/models": models,
    "getVersion": version,
    "setEditorInfo": set_editor_info,
}
