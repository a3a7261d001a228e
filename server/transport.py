"""Streams: the process's own stdin and stdout, and the loop that reads messages from any stream.

Knows nothing of LSP's methods.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO

from .framing import Framing, Received

log = logging.getLogger(__name__)

QUIET_SECONDS = 1.0
"""How long a half-received message may stand still before its length is taken for wrong."""
READ_BYTES = 1 << 16

# With the colon: no HTTP client sends one in its first word, whatever method a web page asks it to use.
_OPENINGS = (b"content-length:", b"content-type:")


async def messages(reader: asyncio.StreamReader, begun: bytes = b"") -> AsyncIterator[Received]:
    """Yield what arrives after the bytes ``begun``, one message in a turn of the event loop, until the stream ends.

    The first step of a task that a message starts runs before the next message is handed out; so a request
    sees the documents as they were when it was sent.
    """
    framing = Framing()
    received = framing.feed(begun)
    while True:
        for message in received:
            yield message
            await asyncio.sleep(0)
        try:
            patience = QUIET_SECONDS if framing.inside_message else None
            data = await asyncio.wait_for(reader.read(READ_BYTES), patience)
        except TimeoutError:
            received = framing.flush()
        except OSError:
            return
        else:
            if not data:
                return
            received = framing.feed(data)


async def messages_from_port(reader: asyncio.StreamReader) -> AsyncIterator[Received]:
    """Yield what arrives at a port, to which anything may connect: nothing unless it begins as LSP does.

    A web page can have a browser send an HTTP request here, with whole messages in its body.
    """
    begun = b""
    while not begun.lower().startswith(_OPENINGS):
        try:
            data = await reader.read(READ_BYTES)
        except OSError:
            return
        begun += data
        if not data or not _may_open(begun.lower()):
            log.warning("closed a connection that does not speak LSP")
            return
    async for message in messages(reader, begun):
        yield message


def _may_open(data: bytes) -> bool:
    return any(data.startswith(opening) or opening.startswith(data) for opening in _OPENINGS)


class PipeWriter:
    """Writes whole messages to a pipe; says once when nobody reads it any more."""

    def __init__(self, pipe: BinaryIO, on_lost: Callable[[], None]) -> None:
        self._pipe = pipe
        self._on_lost = on_lost
        self._lost = False

    def write(self, data: bytes) -> None:
        """Write and flush; after the reader has gone, drop the data."""
        if self._lost:
            return
        try:
            self._pipe.write(data)
            self._pipe.flush()
        except (OSError, ValueError):
            self._lost = True
            self._on_lost()

    def close(self) -> None:
        """Write nothing more."""
        self._lost = True


def take_stdio() -> tuple[int, BinaryIO]:
    """Return private copies of stdin (a file descriptor) and stdout, and point the public ones nowhere.

    What any library prints, or a child process reads, then can't disturb the protocol.
    """
    stdin, stdout = os.dup(0), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(stdin, os.O_BINARY)
        msvcrt.setmode(stdout.fileno(), os.O_BINARY)
    return stdin, stdout


def read_in_thread(descriptor: int) -> asyncio.StreamReader:
    """Return a stream of what a file descriptor gives, on every platform and for pipes, files and terminals."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    thread = threading.Thread(target=_pump, args=(descriptor, reader, loop), name="stdin", daemon=True)
    thread.start()
    return reader


def _pump(descriptor: int, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    try:
        while data := _read(descriptor):
            loop.call_soon_threadsafe(reader.feed_data, data)
        loop.call_soon_threadsafe(reader.feed_eof)
    except RuntimeError:
        return  # The loop has been closed: the server is ending.


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, READ_BYTES)
    except OSError:
        return b""
