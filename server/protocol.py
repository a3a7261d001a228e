"""JSON-RPC as midspan wants it from pygls: every message tolerated, every request answered, nothing logged.

What differs from pygls 2.1: parameters stay the plain JSON that arrived (nothing is lost, an unknown field or
value can't fail, and `from_lsp` reads what it needs); none of its built-in methods, so no second copy of the
documents; and no log lines, since its own hold whole messages.
"""

from __future__ import annotations

import logging
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidRequest, JsonRpcParseError
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import JsonRPCNotification, JsonRPCRequestMessage, JsonRPCResponseMessage

from .framing import Broken, Received

log = logging.getLogger(__name__)

Message = JsonRPCRequestMessage | JsonRPCNotification | JsonRPCResponseMessage | types.ResponseErrorMessage


class MidspanProtocol(LanguageServerProtocol):
    """The protocol of one connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fm.builtin_features.clear()

    def receive(self, received: Received) -> None:
        """Handle one message. What can't be understood is answered with an error, under its id if it has one."""
        if isinstance(received, Broken):
            log.warning("received something that is not a message: %s", received.why)
            self.refuse(None, JsonRpcParseError(received.why))
            return
        try:
            message = self.structure_message(received)
        except JsonRpcException as error:
            log.warning("received a message that can't be understood: %s", error.message)
            self.refuse(_id_or_none(received.get("id")), error)
            return
        if self._shutdown and isinstance(message, JsonRPCRequestMessage):
            self.refuse(message.id, JsonRpcInvalidRequest("the server is shutting down"))
            return
        self.handle_message(message)  # type: ignore[arg-type]

    def refuse(self, message_id: str | int | None, error: JsonRpcException) -> None:
        """Answer with an error. An id that couldn't be read is sent as null (JSON-RPC 2.0, section 5)."""
        answer = {"jsonrpc": "2.0", "id": message_id, "error": {"code": error.code, "message": error.message}}
        self._send_data(answer)

    def shut_down(self) -> None:
        """Cancel everything in flight but the request being handled, and refuse requests from now on."""
        current = self.msg_id
        for message_id, future in list(self._request_futures.items()):
            if message_id != current and not future.done():
                future.cancel()
        self._shutdown = True

    @property
    def is_shut_down(self) -> bool:
        """Whether the client has asked for the shutdown."""
        return self._shutdown

    def structure_message(self, data: dict[str, Any]) -> Message:
        """Return the message with its parameters or result as they arrived. Raises JsonRpcInvalidRequest."""
        method, message_id, params = data.get("method"), data.get("id"), data.get("params")
        if method is not None and not isinstance(method, str):
            raise JsonRpcInvalidRequest("the method is not a string")
        if message_id is None:
            if method is None:
                raise JsonRpcInvalidRequest("neither a method nor an id")
            return JsonRPCNotification(method=method, jsonrpc="2.0", params=params)
        known_id = _id_or_none(message_id)
        if known_id is None:
            raise JsonRpcInvalidRequest("the id is neither a number nor a string")
        if method is not None:
            return JsonRPCRequestMessage(id=known_id, method=method, jsonrpc="2.0", params=params)
        if data.get("error") is not None:
            return types.ResponseErrorMessage(id=known_id, error=_response_error(data["error"]))
        return JsonRPCResponseMessage(id=known_id, jsonrpc="2.0", result=data.get("result"))

    def get_message_type(self, method: str) -> None:  # type: ignore[override]
        """Return None: no message is turned into a type of its own."""

    def get_result_type(self, method: str) -> None:  # type: ignore[override]
        """Return None: no result is turned into a type of its own."""

    def _handle_notification(self, method_name: str, params: Any) -> None:
        if method_name != types.CANCEL_REQUEST:
            super()._handle_notification(method_name, params)
            return
        message_id = _id_or_none(params.get("id")) if isinstance(params, dict) else None
        if message_id is not None:
            self._handle_cancel_notification(message_id)


def _id_or_none(value: object) -> str | int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    return None


def _response_error(value: object) -> types.ResponseError:
    fields = value if isinstance(value, dict) else {}
    code, message = fields.get("code"), fields.get("message")
    return types.ResponseError(
        code=code if isinstance(code, int) else -32603, message=message if isinstance(message, str) else "error"
    )
