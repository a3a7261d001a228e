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
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from .client_text import ClientText, from_units, to_units
from .json_rpc import PATIENCE, Json, JsonRpcClient, RequestFailed, SessionFailed

__all__ = ["AUTOMATIC", "INVOKED", "REQUEST_CANCELLED", "LspSession", "RequestFailed", "SessionFailed"]

INVOKED, AUTOMATIC = 1, 2
REQUEST_CANCELLED = -32800


class LspSession(JsonRpcClient):
    """One client and its server. Make it by `start` (a process) or `over` (a stream)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self.documents: dict[str, ClientText] = {}
        self.configuration: object = None
        """What the editor answers to `workspace/configuration`, for every section."""
        self.answers["workspace/configuration"] = lambda params: [self.configuration for _ in params["items"]]
        self.process: asyncio.subprocess.Process | None = None
        self.stderr = b""
        """What the process has written there."""
        self.server_capabilities: Json = {}
        self.server_info: Json = {}
        self._draining: asyncio.Task[None] | None = None
        self._has_ended = False

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
        session._draining = asyncio.create_task(session._drain_stderr(process))
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

    def inserted(self, uri: str, item: Json) -> str:
        """Return what accepting an item would insert at the cursor, nothing for one that replaces other text."""
        document = self.documents[uri]
        start, end = (
            document.place(at["line"], at["character"]) for at in (item["range"]["start"], item["range"]["end"])
        )
        before, after = document.units[start : document.cursor], document.units[document.cursor : end]
        units = to_units(item["insertText"])
        if not (units.startswith(before) and units.endswith(after)) or len(units) < len(before) + len(after):
            return ""
        return from_units(units[len(before) : len(units) - len(after)])

    async def accept(self, uri: str, item: Json) -> None:
        """Take an item: replace its range by its text, and run its command."""
        document = self.documents[uri]
        start, end = item["range"]["start"], item["range"]["end"]
        first = document.place(start["line"], start["character"])
        self._replace(uri, first, document.place(end["line"], end["character"]), item["insertText"])
        if command := item.get("command"):
            params = {"command": command["command"], "arguments": command.get("arguments", [])}
            await self.request("workspace/executeCommand", params)

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
        problems = [*self.problems, *(f"{method} was never answered" for method in self.unanswered)]
        if code not in (0, None):
            problems.append(f"exit code {code} after a shutdown")
        if problems:
            raise SessionFailed("; ".join(problems))
        return code

    async def wait_closed(self, timeout: float = PATIENCE) -> int | None:
        """Wait until the server has gone; return its exit code if it is a process."""
        self._has_ended = True
        async with asyncio.timeout(timeout):
            await self.hang_up()
            return await self._process_end()

    async def kill(self) -> None:
        """End the session at once, without asking."""
        self._has_ended = True
        self.drop()
        if self.process is not None and self.process.returncode is None:
            # Not `process.kill()`: that takes the exit code of one that has just ended away from asyncio, which warns.
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        await self._process_end()

    async def _process_end(self) -> int | None:
        if self.process is None:
            return None
        if self._draining is not None:
            await self._draining
        return await self.process.wait()

    async def _drain_stderr(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while data := await process.stderr.read(1 << 16):
            self.stderr += data

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


def default_capabilities() -> Json:
    """Return the capabilities of a modern editor."""
    return {
        "general": {"positionEncodings": ["utf-8", "utf-16"]},
        "textDocument": {"inlineCompletion": {}, "synchronization": {"didSave": True}},
        "window": {"workDoneProgress": True, "showMessage": {}},
        "workspace": {"configuration": True, "workspaceFolders": True},
    }
