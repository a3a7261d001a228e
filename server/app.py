"""Every LSP method of the server, each a few lines: what it reads and whom it tells.

The modules it calls know the rest; nothing here waits for a model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsprotocol import types

from . import configuring, copilot, from_lsp, to_lsp
from .ahead import read_ahead
from .answering import inline_completion
from .connection import Connection, Parts
from .settings import own_part

WHY = "midspan/why"
"""Our own request, with the parameters of a document's (docs/protocol.md)."""


class MidspanServer(Connection):
    """The language server for exactly one client."""

    def __init__(self, **parts: Any) -> None:
        """Make a server, with any of its `connection.Parts` replaced."""
        super().__init__(Parts(**parts))
        for method, handler in METHODS.items():
            self.feature(method)(handler)

    def reject(self, proposal_id: str) -> None:
        """Note that the user has put a proposal away: it does not come again at this place."""
        self.session.outcomes.rejected(proposal_id)
        if (completer := self.session.completer_now) is not None:
            completer.reject(proposal_id)


def initialize(ls: MidspanServer, params: object) -> types.InitializeResult:
    """Learn what the client can do, and say what we can."""
    ls.session.client = from_lsp.client_facts(params)
    ls.session.folders = ls.session.client.folders
    ls.session.client_known.set()
    ls.session.editor_settings.initial = own_part(from_lsp.object_at(params, "initializationOptions"))
    return types.InitializeResult(
        capabilities=to_lsp.capabilities(),
        server_info=types.ServerInfo(name=ls.name, version=ls.version),
    )


def initialized(ls: MidspanServer, params: object) -> None:
    """Begin with everything that takes time: imports, settings files, the model."""
    ls.session.spawn(configuring.start(ls))
    ls.tell_status("Normal")


def shutdown(ls: MidspanServer, params: object) -> None:
    """Call off all work; only `exit` is expected now."""
    ls.protocol.shut_down()


def exit_(ls: MidspanServer, params: object) -> None:
    """End, with success only after a shutdown."""
    ls.session.stop(0 if ls.protocol.is_shut_down else 1)


def did_open(ls: MidspanServer, params: object) -> None:
    """Hold the document from now on."""
    opened = from_lsp.opened_document(params)
    ls.session.open(opened.uri, opened.language_id, opened.version, opened.text)


def did_change(ls: MidspanServer, params: object) -> None:
    """Apply the changes to the document, and think ahead."""
    edited = from_lsp.edited(params)
    ls.session.edit(edited.uri, edited.changes, edited.version)
    if edited.changes:
        ls.session.think_ahead(edited.uri, read_ahead(ls, edited.uri, edited.changes[-1]))


def did_save(ls: MidspanServer, params: object) -> None:
    """Have the file indexed; its text is known already."""
    ls.session.workspaces.changed([from_lsp.document_uri(params)])


def did_change_watched_files(ls: MidspanServer, params: object) -> None:
    """Have indexed what changed on disk."""
    ls.session.workspaces.changed(from_lsp.changed_files(params))


def did_close(ls: MidspanServer, params: object) -> None:
    """Forget the document."""
    uri = from_lsp.document_uri(params)
    ls.session.close_document(uri)
    if (completer := ls.session.completer_now) is not None:
        completer.forget(uri)


async def inline(ls: MidspanServer, params: object) -> types.InlineCompletionList:
    """Answer with ghost text."""
    return await inline_completion(ls, from_lsp.wish(params))


def why(ls: MidspanServer, params: object) -> dict[str, object] | None:
    """Say how the last answer in a document came about, as `midspan complete --json` does; null if there is none."""
    return ls.session.last_answers.get(from_lsp.document_uri(params))


def execute_command(ls: MidspanServer, params: object) -> bool:
    """Note what became of a proposal, or be silent for a while."""
    name, argument = from_lsp.command(params)
    if name not in to_lsp.COMMANDS:
        raise from_lsp.InvalidParams("there is no such command")
    if name == to_lsp.SNOOZE:
        ls.session.snooze(from_lsp.minutes(argument))
        return True
    if not isinstance(argument, str):
        return True
    if name == to_lsp.REJECTED:
        ls.reject(argument)
    else:
        ls.session.outcomes.accepted(argument)
    return True


def did_change_configuration(ls: MidspanServer, params: object) -> None:
    """Bring changed settings into effect."""
    ls.session.editor_settings.pushed = own_part(from_lsp.object_at(params, "settings"))
    ls.session.spawn(configuring.configure(ls))


def did_change_workspace_folders(ls: MidspanServer, params: object) -> None:
    """Note the folders, and read the settings of what is the first one now."""
    event = from_lsp.object_at(params, "event")
    added, removed = from_lsp.folder_uris(event.get("added")), from_lsp.folder_uris(event.get("removed"))
    kept = [uri for uri in ls.session.folders if uri not in removed]
    ls.session.folders = tuple(dict.fromkeys([*kept, *added]))
    ls.session.spawn(configuring.configure(ls))


def ignored(ls: MidspanServer, params: object) -> None:
    """Accept a notification that changes nothing here."""


METHODS: dict[str, Callable[..., object]] = {
    types.INITIALIZE: initialize,
    types.INITIALIZED: initialized,
    types.SHUTDOWN: shutdown,
    types.EXIT: exit_,
    types.TEXT_DOCUMENT_DID_OPEN: did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: did_change,
    types.TEXT_DOCUMENT_DID_SAVE: did_save,
    types.TEXT_DOCUMENT_DID_CLOSE: did_close,
    types.TEXT_DOCUMENT_INLINE_COMPLETION: inline,
    WHY: why,
    types.WORKSPACE_EXECUTE_COMMAND: execute_command,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: did_change_configuration,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: did_change_watched_files,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: did_change_workspace_folders,
    types.SET_TRACE: ignored,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: ignored,
    **copilot.METHODS,
}
