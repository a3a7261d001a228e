"""The files of a workspace folder as sources read them: what each defines and which words its windows hold, kept.

A file is read when it is asked for, and only if nothing excludes it at that moment. What was made of it is kept as long
as the file stays the same, the files asked for last in a bounded number of characters.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from .definitions import Definition, definitions
from .document import Document
from .exclusions import Rules
from .heads import words_in
from .index import Index
from .source_file import Stamp, read_source

WINDOW_LINES = 20
"""So many lines are compared, and shown, at a time."""
_STEP = WINDOW_LINES // 2
_MAX_CHARACTERS = 4_000_000
_RECENT_SECONDS = 3.0
_MAX_TREE_CHARACTERS = 100_000
"""Of a larger file the definitions are not looked at: parsing it takes too long for a keystroke."""


Needed = Literal["text", "definitions", "windows"]
"""What can be asked of a file; all but its text takes a while the first time."""


@dataclass(frozen=True, slots=True)
class Window:
    """Some lines of a file, [first, last), and the different words in them."""

    first: int
    last: int
    words: frozenset[str]


class File:
    """One state of one file; ``path`` is relative to its workspace folder."""

    def __init__(self, path: str, document: Document) -> None:
        """Look at a snapshot of the file."""
        self.path = path
        self.document = document

    def has(self, needed: Needed) -> bool:
        """Return whether something has been looked for in it already."""
        return needed == "text" or needed in self.__dict__

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """What it defines."""
        return definitions(self.document) if len(self.document.text) <= _MAX_TREE_CHARACTERS else ()

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """Its windows, each half over the next."""
        n_lines = self.document.n_lines
        firsts = range(0, max(1, n_lines - _STEP), _STEP)
        spans = [(first, min(n_lines, first + WINDOW_LINES)) for first in firsts]
        return tuple(Window(first, last, words_in(self.lines(first, last))) for first, last in spans)

    def lines(self, first: int, last: int) -> str:
        """Return the text of lines [first, last), without the end of the last."""
        start, end = self.document.line_start(first), self.document.line_end(last - 1)
        return self.document.text[start:end]


class Library:
    """The files of one workspace folder."""

    def __init__(self, folder: Path, patterns: Sequence[str] = (), index: Index | None = None) -> None:
        """``patterns`` (gitignore's) are excluded, too; ``index`` tells which file holds what."""
        self.folder = folder
        self.patterns = tuple(patterns)
        self.index = index if index is not None else Index(folder)
        self._kept: OrderedDict[str, tuple[Stamp, File]] = OrderedDict()
        self._n_characters = 0
        self._open: dict[str, File] = {}
        self._recent: dict[str, tuple[File, float]] = {}

    def knows(self, path: str) -> bool:
        """Return whether a file was read already, in some state."""
        return path in self._kept or path in self._open

    def rules(self) -> Rules:
        """Return what is excluded as things are now."""
        return Rules.of(self.folder, self.patterns)

    def file(self, path: str, rules: Rules) -> File | None:
        """Return a file as it is now; None where the rules exclude it, or it is gone or no source."""
        if rules.exclude_file(self.folder, path):
            self._drop(path)
            return None
        if (kept := self._kept.get(path)) is not None and kept[0] == self._stamp(path):
            self._kept.move_to_end(path)
            return kept[1]
        self._drop(path)
        source = read_source(self.folder, path)
        if source is None:
            return None
        file = File(path, Document.open(path, "", 0, source.text))
        self._kept[path] = (source.stamp, file)
        self._n_characters += len(source.text)
        while self._n_characters > _MAX_CHARACTERS and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))
        return file

    def open_file(self, path: str, document: Document) -> File:
        """Return a file as it is in the editor, one snapshot of each kept."""
        if (kept := self._open.get(path)) is None or kept.document is not document:
            self._open[path] = kept = File(path, document)
        return kept

    def recent_file(self, path: str, document: Document) -> File:
        """Return a file as it is in the editor, or was at most some seconds ago: looking through it takes a while."""
        kept, at = self._recent.get(path, (None, 0.0))
        if kept is None or time.monotonic() - at > _RECENT_SECONDS:
            kept, at = File(path, document), time.monotonic()
            self._recent = {path: (kept, at)}
        return kept

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()

    def _stamp(self, path: str) -> Stamp | None:
        try:
            found = os.lstat(self.folder / path)
        except (OSError, ValueError):
            return None
        return Stamp(found.st_mtime_ns, found.st_size)

    def _drop(self, path: str) -> None:
        if (dropped := self._kept.pop(path, None)) is not None:
            self._n_characters -= len(dropped[1].document.text)
