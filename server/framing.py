"""Bytes of a stream → JSON-RPC messages, whatever the stream holds.

LSP 3.18, "Base Protocol": a header block with `Content-Length`, then that many bytes of JSON. Wrong lengths,
garbage between messages and malformed JSON are told as `Broken`, and the next good message is found again.
Knows nothing of LSP's methods, nor where the bytes come from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

MAX_LENGTH = 512 * 1024 * 1024
"""Bytes. A longer message is not waited for."""
MAX_HEADER = 16 * 1024

_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?\n", re.IGNORECASE)
_HEADER = re.compile(_LENGTH.pattern + rb"(?:[^\r\n]+\r?\n)*\r?\n", re.IGNORECASE)
_SPACE = b" \t\r\n"
_decoder = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that is not a message; ``why`` holds nothing of its content."""

    why: str


Received = dict[str, object] | Broken


class Framing:
    """The bytes of one stream that are not a whole message yet."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None

    @property
    def inside_message(self) -> bool:
        """Whether a message has begun and its end is not there."""
        return self._length is not None

    def feed(self, data: bytes) -> Iterator[Received]:
        """Add bytes, and yield every message that they complete."""
        self._buffer += data
        while True:
            if self._length is None and not (yield from self._take_header()):
                return
            assert self._length is not None
            if len(self._buffer) < self._length:
                return
            yield self._take_body(self._length)

    def flush(self) -> Iterator[Received]:
        """Yield what can be made of a message that does not go on: its length was wrong, or the sender stopped.

        What may still be the beginning of a slow message is kept.
        """
        if self._length is None:
            return
        whole = _first_value(bytes(self._buffer)) is not None
        if whole or _LENGTH.search(self._buffer):
            yield self._take_body(len(self._buffer))
            yield from self.feed(b"")

    def _take_header(self) -> Generator[Received, None, bool]:
        """Return whether a header block was found and taken off the buffer."""
        match = _HEADER.search(self._buffer)
        if match is None:
            if len(self._buffer) > MAX_HEADER:
                del self._buffer[: -MAX_HEADER // 4]
            return False
        length = int(match.group(1))
        del self._buffer[: match.end()]
        if length > MAX_LENGTH:
            yield Broken("message too long")
            return (yield from self._take_header())
        self._length = length
        return True

    def _take_body(self, length: int) -> Received:
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._length = None
        found = _first_value(body)
        if found is not None:
            value, end = found
            # A length that was too large has swallowed the beginning of what follows.
            self._buffer[:0] = body[end:].lstrip(_SPACE)
            return value if isinstance(value, dict) else Broken("not a JSON object")
        if header := _LENGTH.search(body):
            self._buffer[:0] = body[header.start() :]
        return Broken("malformed JSON")


def _first_value(body: bytes) -> tuple[object, int] | None:
    """Return the JSON value at the start of the bytes and where it ends, or None."""
    try:
        return json.loads(body), len(body)
    except (ValueError, RecursionError):
        pass
    text = body.decode("utf-8", "surrogateescape").lstrip("\ufeff \t\r\n")
    skipped = len(body) - len(text.encode("utf-8", "surrogateescape"))
    try:
        value, end = _decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    return value, skipped + len(text[:end].encode("utf-8", "surrogateescape"))
