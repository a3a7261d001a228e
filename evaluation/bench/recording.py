"""A proxy between the language server and the model host, which writes down what was asked, and when.

Bytes go through unchanged. What is noted: each request for text as it arrived, when its answer was whole or its
connection closed before that, and what the host said that it cost.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_CHUNK = 1 << 16


@dataclass(slots=True)
class Recorded:
    """One request for text. Instants are of `time.perf_counter`, in seconds."""

    body: dict[str, Any]
    arrived: float
    ended: float | None = None
    is_whole: bool = False
    """Whether the host's answer was read to its end; else the client closed it before."""
    n_prompt: int = 0
    n_reused: int = 0
    n_written: int = 0
    has_text: bool = False
    """Whether any of it was more than blank."""
    is_shortened: bool = False
    """Whether the host read less than it was sent, for want of time."""


@dataclass(slots=True)
class Recording:
    """All requests for text, in the order in which they came."""

    requests: list[Recorded] = field(default_factory=list)


@asynccontextmanager
async def recording(listen_at: Path, host_at: Path) -> AsyncIterator[Recording]:
    """Stand at one Unix socket for the host that listens at another."""
    noted = Recording()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await _relay(reader, writer, host_at, noted)
        writer.close()

    listen_at.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = await asyncio.start_unix_server(connected, str(listen_at), limit=1 << 24)
    try:
        yield noted
    finally:
        server.close()
        listen_at.unlink(missing_ok=True)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host_at: Path, noted: Recording) -> None:
    host_reader, host_writer = await asyncio.open_unix_connection(str(host_at), limit=1 << 24)
    open_requests: list[Recorded] = []
    up = asyncio.create_task(_requests(reader, host_writer, noted, open_requests))
    down = asyncio.create_task(_answers(host_reader, writer, open_requests))
    await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
    host_writer.close()
    for task in (up, down):
        task.cancel()
    for request in open_requests:
        if request.ended is None:
            request.ended = time.perf_counter()


async def _requests(
    reader: asyncio.StreamReader, host: asyncio.StreamWriter, noted: Recording, open_requests: list[Recorded]
) -> None:
    """Pass HTTP requests on, each with its body (the client sends its length), and note those for text."""
    while head := await _head(reader):
        lines = head.split(b"\r\n")
        lengths = [line.split(b":")[1] for line in lines if line.lower().startswith(b"content-length:")]
        body = await reader.readexactly(int(lengths[0])) if lengths else b""
        if lines[0].startswith(b"POST /v1/completions"):
            request = Recorded(json.loads(body), time.perf_counter())
            noted.requests.append(request)
            open_requests.append(request)
        host.write(head + body)
        await host.drain()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


async def _answers(host: asyncio.StreamReader, writer: asyncio.StreamWriter, open_requests: list[Recorded]) -> None:
    rest = b""
    while data := await host.read(_CHUNK):
        if writer.is_closing():
            return  # whoever asked has gone; asyncio would complain about each further piece
        writer.write(data)
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: ") and open_requests:
                _note(open_requests[-1], line[6:].strip())
        await writer.drain()


def _note(request: Recorded, event: bytes) -> None:
    if event == b"[DONE]":
        request.ended, request.is_whole = time.perf_counter(), True
        return
    told = json.loads(event)
    if usage := told.get("usage"):
        request.n_prompt = usage["prompt_tokens"]
        request.n_reused = usage["prompt_tokens_details"]["cached_tokens"]
        request.is_shortened = told.get("midspan", {}).get("shortened", False)
    for choice in told.get("choices") or ():
        logprobs = choice.get("logprobs") or {}
        request.n_written += len(logprobs.get("tokens") or ())
        request.has_text |= bool(choice["text"].strip())
