"""The open documents of one editor: the newest snapshot of each.

Knows when a document may change, not how (`context.document` does), nor how changes look on the wire.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from ..context.document import Change, Document

log = logging.getLogger(__name__)


class Documents:
    """Snapshots by URI. Changes come in the order in which the editor made them."""

    def __init__(self) -> None:
        self._by_uri: dict[str, Document] = {}
        self._changed = asyncio.Event()

    def get(self, uri: str) -> Document | None:
        """Return the newest snapshot, or None if the document is not open."""
        return self._by_uri.get(uri)

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        """Begin to hold a document. One that is open already is replaced: some editors update it so."""
        self._by_uri[uri] = Document.open(uri, language_id, version, text)
        self._announce()

    def edit(self, uri: str, changes: Sequence[Change], version: int | None) -> None:
        """Apply changes, each to the result of the one before. A document that is not open stays unknown."""
        document = self._by_uri.get(uri)
        if document is None:
            log.warning("ignored a change to a document that is not open")
            return
        self._by_uri[uri] = document.apply(changes, document.version if version is None else version)
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
