"""The client's side of JSON-RPC over a stream: requests, answers, and what comes unasked.

Keeps account: every request has to be answered exactly once. Knows no method of LSP but those of its end.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 60.0
"""Seconds after which a missing answer fails a session."""

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)

Json = dict[str, Any]


class SessionFailed(AssertionError):
    """The server broke the protocol; the message says how."""


class RequestFailed(Exception):
    """The server answered a request with an error."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.code = code


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


class JsonRpcClient:
    """One connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.latencies: list[Latency] = []
        self.received = Received()
        self.answers: dict[str, Callable[[Any], object]] = {}
        """What to answer to requests of the server, by method; null where there is nothing here."""
        self.problems: list[str] = []
        """What the server did against the protocol."""
        self._reader = reader
        self._writer = writer
        self._asked: dict[int, _Asked] = {}
        self._n_asked = 0
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @property
    def unanswered(self) -> list[str]:
        """The methods of the requests that wait for an answer."""
        return [asked.method for asked in self._asked.values()]

    def ask(self, method: str, params: object) -> tuple[int, asyncio.Future[Any]]:
        """Send a request; return its id, and what becomes its result or raises RequestFailed."""
        self._n_asked += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[self._n_asked] = _Asked(method, time.perf_counter(), answer)
        self.send({"id": self._n_asked, "method": method, "params": params})
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
        self.send({"method": method, "params": params})

    def send(self, message: Json) -> None:
        """Send a message of any kind."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

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

    async def hang_up(self) -> None:
        """Wait until the server has gone, and close the stream."""
        await asyncio.wait({self._reading})
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def drop(self) -> None:
        """Close the stream at once."""
        self._reading.cancel()
        self._writer.close()

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
                self.problems.append("something that is not a message in the server's output")
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
            self.send({"id": message["id"], "result": self._answer_to(message)})
        else:
            self.received.notifications.append((message["method"], message.get("params")))

    def _handle_answer(self, message: Json) -> None:
        asked = self._asked.pop(message["id"], None) if message.get("id") is not None else None
        if message.get("id") is None:
            self.received.notifications.append(("error", message.get("error")))
        elif asked is None:
            self.problems.append(f"an answer to request {message['id']}, which waits for none")
        elif not asked.answer.cancelled():
            milliseconds = (time.perf_counter() - asked.at) * 1000
            self.latencies.append(Latency(asked.method, milliseconds))
            if (error := message.get("error")) is not None:
                asked.answer.set_exception(RequestFailed(asked.method, error["code"], error["message"]))
            else:
                asked.answer.set_result(message.get("result"))

    def _answer_to(self, message: Json) -> object:
        answer = self.answers.get(message["method"])
        return None if answer is None else answer(message.get("params"))
