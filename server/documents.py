"""The open documents of one editor: the newest snapshot of each.

Knows when a document may change, not how (`context.document` does), nor how changes look on the wire.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence

from ..context.document import Change, Document, Position

log = logging.getLogger(__name__)


class Documents:
    """Snapshots by URI. Changes come in the order in which the editor made them."""

    def __init__(self) -> None:
        self._by_uri: dict[str, Document] = {}
        self._changed = asyncio.Event()

    def get(self, uri: str) -> Document | None:
        """Return the newest snapshot, or None if the document is not open."""
        return self._by_uri.get(uri)

    def newest_first(self) -> Iterator[Document]:
        """Give the documents, the one that was opened or edited last first."""
        return reversed(tuple(self._by_uri.values()))

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        """Begin to hold a document. One that is open already is replaced: some editors update it so."""
        self._by_uri.pop(uri, None)
        self._by_uri[uri] = Document.open(uri, language_id, version, text)
        self._announce()

    def edit(self, uri: str, changes: Sequence[Change], version: int | None) -> None:
        """Apply changes, each to the result of the one before. A document that is not open stays unknown."""
        document = self._by_uri.get(uri)
        if document is None:
            log.warning("ignored a change to a document that is not open")
            return
        for change in changes:
            whole = _on_whole_characters(document, change)
            document = document.apply((whole,), document.version if version is None else version)
        del self._by_uri[uri]
        self._by_uri[uri] = document
        self._announce()

    def close(self, uri: str) -> None:
        """Hold the document no longer."""
        self._by_uri.pop(uri, None)
        self._announce()

    async def reach(self, uri: str, version: int, patience: float) -> Document | None:
        """Return the newest snapshot, after up to ``patience`` seconds of waiting for ``version``."""
        try:
            async with asyncio.timeout(patience):
                while (document := self.get(uri)) is not None and document.version < version:
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self.get(uri)

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _on_whole_characters(document: Document, change: Change) -> Change:
    """Return the same change, moved out of surrogate pairs: the halves that it leaves become part of its text.

    An editor that compares two texts by UTF-16 code units sends, for another emoji in the place of one, only the
    second half.
    """
    if change.start is None or change.end is None:
        return change
    start, end, text = *sorted((change.start, change.end)), change.text
    if (halves := _halves_at(document, start)) is not None:
        text = halves[0] + text
    if (halves := _halves_at(document, end)) is not None:
        text, end = text + halves[1], Position(end.line, end.character + 1)
    return Change(text, start, end)


def _halves_at(document: Document, position: Position) -> tuple[str, str] | None:
    """Return the surrogates on both sides of a position, or None if it is not inside of a pair."""
    offset = document.offset_at(position)
    character = document.text[offset : offset + 1]
    if character <= "\uffff" or document.position_at(offset).character + 1 != position.character:
        return None
    above_bmp = ord(character) - 0x10000
    return chr(0xD800 + (above_bmp >> 10)), chr(0xDC00 + (above_bmp & 0x3FF))
