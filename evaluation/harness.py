"""A headless editor: a real LSP session with a language server, for tests and benchmarks.

It types, asks for ghost text and accepts it as an editor would, keeps its own copy of every text (in UTF-16 code
units, as editors written in JavaScript do), measures how long answers take, and fails at the end if a request
was never answered or was answered twice. Knows only the wire: none of the server's code.

    async with await LspSession.start(["midspan", "serve"], root=folder) as session:
        session.open("file:///a.py", "python", "def add(a, b):\\n    return ")
        items = await session.complete("file:///a.py", 1, 11)
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

INVOKED, AUTOMATIC = 1, 2
REQUEST_CANCELLED = -32800
PATIENCE = 60.0
"""Seconds after which a missing answer fails a session."""

_LINE_END = re.compile("\r\n|\n|\r")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)

Json = dict[str, Any]


class SessionFailed(AssertionError):
    """The server broke the protocol; the message says how."""


class RequestFailed(Exception):
    """The server answered a request with an error."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.code = code


@dataclass(slots=True)
class ClientText:
    """A document as the client knows it: its text, with one character for each UTF-16 code unit."""

    language_id: str
    version: int
    units: str
    cursor: int = 0
    """The cursor's place, in code units from the start."""

    @property
    def text(self) -> str:
        """The text as a Python string."""
        return from_units(self.units)

    def place(self, line: int, character: int) -> int:
        """Return a position's place in code units; a position outside the text counts as the nearest inside."""
        starts = [0, *(match.end() for match in _LINE_END.finditer(self.units))]
        if line >= len(starts):
            return len(self.units)
        end = _LINE_END.search(self.units, starts[line])
        return min(starts[line] + character, end.start() if end else len(self.units))

    def position(self, place: int) -> Json:
        """Return the LSP position of a place."""
        start = max((match.end() for match in _LINE_END.finditer(self.units, 0, place)), default=0)
        return {"line": len(_LINE_END.findall(self.units, 0, place)), "character": place - start}

    def replace(self, start: int, end: int, text: str) -> None:
        """Replace what is between two places, and put the cursor after it."""
        units = to_units(text)
        self.units = self.units[:start] + units + self.units[end:]
        self.cursor = start + len(units)


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one answer took."""

    method: str
    milliseconds: float


@dataclass(slots=True)
class _Asked:
    method: str
    at: float
    answer: asyncio.Future[Any]


@dataclass(slots=True)
class Received:
    """What the server sent unasked, by method, oldest first."""

    notifications: list[tuple[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, Any]] = field(default_factory=list)

    def of(self, method: str) -> list[Any]:
        """Return the parameters of all notifications and requests of a method."""
        return [params for name, params in (*self.notifications, *self.requests) if name == method]


class LspSession:
    """One client and its server. Make it by `start` (a process) or `over` (a stream)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.documents: dict[str, ClientText] = {}
        self.latencies: list[Latency] = []
        self.received = Received()
        self.configuration: object = None
        """What the editor answers to `workspace/configuration`, for every section."""
        self.answers: dict[str, Callable[[Any], object]] = {}
        """What it answers to other requests of the server, by method; null where there is nothing here."""
        self.process: asyncio.subprocess.Process | None = None
        self.server_capabilities: Json = {}
        self.server_info: Json = {}
        self._reader = reader
        self._writer = writer
        self._asked: dict[int, _Asked] = {}
        self._n_asked = 0
        self._problems: list[str] = []
        self._news = asyncio.Event()
        self._has_ended = False
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        root: Path | None = None,
        env: Mapping[str, str] | None = None,
        initialization_options: object = None,
        capabilities: Json | None = None,
        configuration: object = None,
    ) -> LspSession:
        """Start a server process and initialize it. ``env`` is added to our own environment."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(env or {})},
            cwd=root,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        session = cls(process.stdout, process.stdin)
        session.process = process
        session.configuration = configuration
        try:
            await session.initialize(root, initialization_options, capabilities)
        except BaseException:
            await session.kill()
            raise
        return session

    @classmethod
    async def over(
        cls,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        root: Path | None = None,
        initialization_options: object = None,
        capabilities: Json | None = None,
        configuration: object = None,
    ) -> LspSession:
        """Initialize a server that is at the other end of a stream."""
        session = cls(reader, writer)
        session.configuration = configuration
        await session.initialize(root, initialization_options, capabilities)
        return session

    async def __aenter__(self) -> LspSession:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if error is not None:
            await self.kill()
        elif not self._has_ended:
            await self.close()

    async def initialize(self, root: Path | None, initialization_options: object, capabilities: Json | None) -> None:
        """Do the handshake."""
        folders = None if root is None else [{"uri": root.as_uri(), "name": root.name}]
        params = {
            "processId": os.getpid(),
            "clientInfo": {"name": "midspan harness"},
            "rootUri": None if root is None else root.as_uri(),
            "workspaceFolders": folders,
            "capabilities": default_capabilities() if capabilities is None else capabilities,
            "initializationOptions": initialization_options,
        }
        result = await self.request("initialize", params)
        self.server_capabilities = result["capabilities"]
        self.server_info = result.get("serverInfo", {})
        self.notify("initialized", {})

    def open(self, uri: str, language_id: str, text: str) -> None:
        """Open a document, with the cursor at its end."""
        document = ClientText(language_id, 1, to_units(text))
        document.cursor = len(document.units)
        self.documents[uri] = document
        item = {"uri": uri, "languageId": language_id, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def move(self, uri: str, line: int, character: int) -> None:
        """Put the cursor somewhere."""
        document = self.documents[uri]
        document.cursor = document.place(line, character)

    def type(self, uri: str, text: str) -> None:
        """Insert text at the cursor."""
        document = self.documents[uri]
        self._replace(uri, document.cursor, document.cursor, text)

    def backspace(self, uri: str, n_units: int = 1) -> None:
        """Delete code units before the cursor."""
        document = self.documents[uri]
        self._replace(uri, max(0, document.cursor - n_units), document.cursor, "")

    def change(self, uri: str, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        """Replace what is between two positions (line, UTF-16 character)."""
        document = self.documents[uri]
        self._replace(uri, document.place(*start), document.place(*end), text)

    def set_text(self, uri: str, text: str) -> None:
        """Send the whole text anew, as Vim does; the cursor goes to its end."""
        document = self.documents[uri]
        document.units = to_units(text)
        document.cursor = len(document.units)
        self._send_changes(uri, [{"text": text}])

    def save(self, uri: str) -> None:
        """Say that the document was saved."""
        self.notify("textDocument/didSave", {"textDocument": {"uri": uri}})

    def close_document(self, uri: str) -> None:
        """Close a document."""
        del self.documents[uri]
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def completion_params(
        self,
        uri: str,
        line: int | None = None,
        character: int = 0,
        *,
        trigger: int = AUTOMATIC,
        selected: Json | None = None,
    ) -> Json:
        """Return the parameters of a request for ghost text, at the cursor if no position is given."""
        document = self.documents[uri]
        at_cursor = document.position(document.cursor)
        position = at_cursor if line is None else {"line": line, "character": character}
        context: Json = {"triggerKind": trigger}
        if selected is not None:
            context["selectedCompletionInfo"] = selected
        text_document = {"uri": uri, "version": document.version}
        return {"textDocument": text_document, "position": position, "context": context}

    async def complete(
        self,
        uri: str,
        line: int | None = None,
        character: int = 0,
        *,
        trigger: int = AUTOMATIC,
        selected: Json | None = None,
    ) -> list[Json]:
        """Return the items for a position, or for the cursor. Raises RequestFailed."""
        params = self.completion_params(uri, line, character, trigger=trigger, selected=selected)
        answer = await self.request("textDocument/inlineCompletion", params)
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
            raise SessionFailed("the answer to inlineCompletion is not an object with items")
        items: list[Json] = answer["items"]
        return items

    async def accept(self, uri: str, item: Json) -> None:
        """Take an item: replace its range by its text, and run its command."""
        document = self.documents[uri]
        start, end = item["range"]["start"], item["range"]["end"]
        first = document.place(start["line"], start["character"])
        self._replace(uri, first, document.place(end["line"], end["character"]), item["insertText"])
        if command := item.get("command"):
            params = {"command": command["command"], "arguments": command.get("arguments", [])}
            await self.request("workspace/executeCommand", params)

    def ask(self, method: str, params: object) -> tuple[int, asyncio.Future[Any]]:
        """Send a request; return its id, and what becomes its result or raises RequestFailed."""
        self._n_asked += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[self._n_asked] = _Asked(method, time.perf_counter(), answer)
        self._send({"id": self._n_asked, "method": method, "params": params})
        return self._n_asked, answer

    async def request(self, method: str, params: object) -> Any:
        """Send a request and return its result. Raises RequestFailed, or SessionFailed without an answer."""
        _, answer = self.ask(method, params)
        done, _ = await asyncio.wait({answer}, timeout=PATIENCE)
        if not done:
            raise SessionFailed(f"no answer to {method} within {PATIENCE:.0f} s")
        return answer.result()

    def cancel(self, request_id: int) -> None:
        """Say that an answer isn't wanted any more."""
        self.notify("$/cancelRequest", {"id": request_id})

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are, framed or not."""
        with suppress(OSError, RuntimeError):
            self._writer.write(data)

    async def wait_for(self, method: str, timeout: float = PATIENCE) -> Any:
        """Return the parameters of the first message of a method from the server, waiting until there is one."""
        async with asyncio.timeout(timeout):
            while not (found := self.received.of(method)):
                await self._news.wait()
        return found[0]

    async def close(self) -> int | None:
        """Shut the server down in order; return its exit code. Raises SessionFailed for what went wrong."""
        self._has_ended = True
        try:
            await self.request("shutdown", None)
            self.notify("exit", None)
            code = await self.wait_closed()
        except BaseException:
            await self.kill()
            raise
        self._problems += [f"{asked.method} was never answered" for asked in self._asked.values()]
        if code not in (0, None):
            self._problems.append(f"exit code {code} after a shutdown")
        if self._problems:
            raise SessionFailed("; ".join(self._problems))
        return code

    async def wait_closed(self, timeout: float = PATIENCE) -> int | None:
        """Wait until the server has gone; return its exit code if it is a process."""
        self._has_ended = True
        async with asyncio.timeout(timeout):
            await asyncio.wait({self._reading})
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()
            return None if self.process is None else await self.process.wait()

    async def kill(self) -> None:
        """End the session at once, without asking."""
        self._has_ended = True
        self._reading.cancel()
        self._writer.close()
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.communicate()

    def _replace(self, uri: str, start: int, end: int, text: str) -> None:
        document = self.documents[uri]
        where = {"start": document.position(start), "end": document.position(end)}
        document.replace(start, end, text)
        self._send_changes(uri, [{"range": where, "text": text}])

    def _send_changes(self, uri: str, changes: list[Json]) -> None:
        document = self.documents[uri]
        document.version += 1
        text_document = {"uri": uri, "version": document.version}
        self.notify("textDocument/didChange", {"textDocument": text_document, "contentChanges": changes})

    def _send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def _read(self) -> None:
        try:
            while (message := await self._read_message()) is not None:
                self._handle(message)
                self._news.set()
                self._news = asyncio.Event()
        finally:
            for asked in self._asked.values():
                if not asked.answer.done():
                    asked.answer.set_exception(SessionFailed(f"the server has gone without answering {asked.method}"))
                    asked.answer.exception()  # So that one that nobody awaits is not reported twice.

    async def _read_message(self) -> Json | None:
        """Return the next message, or None when there is no other."""
        try:
            header = await self._reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(header)
            if length is None:
                self._problems.append("something that is not a message in the server's output")
                return None
            message: Json = json.loads(await self._reader.readexactly(int(length.group(1))))
        except (asyncio.IncompleteReadError, OSError):
            return None
        return message

    def _handle(self, message: Json) -> None:
        if "method" not in message:
            self._handle_answer(message)
        elif "id" in message:
            self.received.requests.append((message["method"], message.get("params")))
            self._send({"id": message["id"], "result": self._answer_to(message)})
        else:
            self.received.notifications.append((message["method"], message.get("params")))

    def _handle_answer(self, message: Json) -> None:
        asked = self._asked.pop(message["id"], None) if message.get("id") is not None else None
        if message.get("id") is None:
            self.received.notifications.append(("error", message.get("error")))
        elif asked is None:
            self._problems.append(f"an answer to request {message['id']}, which waits for none")
        elif not asked.answer.cancelled():
            milliseconds = (time.perf_counter() - asked.at) * 1000
            self.latencies.append(Latency(asked.method, milliseconds))
            if (error := message.get("error")) is not None:
                asked.answer.set_exception(RequestFailed(asked.method, error["code"], error["message"]))
            else:
                asked.answer.set_result(message.get("result"))

    def _answer_to(self, message: Json) -> object:
        method: str = message["method"]
        params: Any = message.get("params")
        if method in self.answers:
            return self.answers[method](params)
        if method == "workspace/configuration":
            return [self.configuration for _ in params["items"]]
        return None


def default_capabilities() -> Json:
    """Return the capabilities of a modern editor."""
    return {
        "general": {"positionEncodings": ["utf-8", "utf-16"]},
        "textDocument": {"inlineCompletion": {}, "synchronization": {"didSave": True}},
        "window": {"workDoneProgress": True, "showMessage": {}},
        "workspace": {"configuration": True, "workspaceFolders": True},
    }


def to_units(text: str) -> str:
    """Return the text with one character for each UTF-16 code unit."""
    if text.isascii():
        return text
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(data[i] | data[i + 1] << 8) for i in range(0, len(data), 2))


def from_units(units: str) -> str:
    """Return the text of UTF-16 code units; a pair of surrogates is one character again."""
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
