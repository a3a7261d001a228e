"""One editor's connection: pygls, the session, and the ways to say something to the editor.

Knows which messages there are to send, not when: the methods (`app`) and what they call do.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from ..completion.settings import Settings
from .completer import CompleterFactory, make_completer
from .notices import Notices
from .protocol import MidspanProtocol
from .session import Session
from .settings import load_settings

log = logging.getLogger(__name__)

ANSWER_SECONDS = 2.0
"""How long an editor may take to answer what needs no human."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the server is made of beside itself; tests put others in."""

    completer_factory: CompleterFactory = make_completer
    load_settings: Callable[[Path | None, Mapping[str, object]], tuple[Settings, tuple[str, ...]]] = load_settings
    add_model_command: Sequence[str] = (sys.executable, "-P", "-m", "midspan.cli", "models", "add")


class Connection(LanguageServer):
    """A pygls server for exactly one client."""

    protocol: MidspanProtocol

    def __init__(self, parts: Parts) -> None:
        super().__init__(name="midspan", version=_version(), protocol_cls=MidspanProtocol)
        self.parts = parts
        self.session = Session()
        self.notices = Notices(pop_up=self.warn, log=self.note)
        self._status = ("", "")

    def warn(self, text: str) -> None:
        """Show a warning to the user."""
        self.window_show_message(types.ShowMessageParams(type=types.MessageType.Warning, message=text))
        self.tell_status("Warning", text)

    def note(self, text: str) -> None:
        """Write a line to the editor's log."""
        self.window_log_message(types.LogMessageParams(type=types.MessageType.Info, message=text))

    def tell_status(self, kind: Literal["Normal", "Warning"], message: str = "") -> None:
        """Tell a client of Copilot's how things are, in both of the forms that there are; others don't ask for it."""
        if self.session.client.is_copilots and (kind, message) != self._status:
            self._status = kind, message
            status = {"busy": False, "kind": kind, "message": message}
            self.protocol.notify("didChangeStatus", status)
            self.protocol.notify("statusNotification", {**status, "status": kind})

    async def answer_to(
        self, asked: Future[Any], patience: float | None = ANSWER_SECONDS, otherwise: object = None
    ) -> object:
        """Return what the editor answers, or ``otherwise`` after an error or ``patience`` seconds of silence."""
        try:
            return await asyncio.wait_for(asyncio.wrap_future(asked), patience)
        except (JsonRpcException, TimeoutError):
            return otherwise

    def report_server_error(self, error: Exception, source: object) -> None:
        """Log where a handler failed, without the error's text; what the client did wrong it has been told."""
        if isinstance(error, JsonRpcInternalError):
            kind, lines = error.message.split(":")[0], (error.data or {}).get("traceback", ())
            log.error("a message could not be handled: %s\n%s", kind, "".join(lines).rstrip())


def _version() -> str:
    try:
        return version("midspan")
    except PackageNotFoundError:
        return "0"
