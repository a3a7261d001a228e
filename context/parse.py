"""Syntax trees that follow a text through its edits.

Knows tree-sitter's parser, its bytes and its points. Does not know what a tree means (``syntax``).
Nothing of tree_sitter is imported before the first tree is asked for.

tree-sitter counts a row at every ``\\n`` only. A lone ``\\r`` is therefore handed to it as ``\\n``, so that its rows
are our lines; a lone surrogate is handed to it as U+FFFD, which is three bytes of UTF-8 as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from .language import Language, parser_of

if TYPE_CHECKING:
    from tree_sitter import Tree

MAX_CHARACTERS = 2_000_000
"""A longer text gets no tree."""
TIMEOUT_MICROSECONDS = 200_000
"""A parse that takes longer is given up: the snapshot has no tree."""

_LONE_RETURN = re.compile(r"\r(?!\n)")
_SURROGATE = re.compile("[\ud800-\udfff]")
# A parser keeps state between calls, and snapshots may be read from more than one thread.
_parsing = Lock()


@dataclass(frozen=True, slots=True)
class TreeEdit:
    """One replaced range as tree-sitter wants it: byte offsets, and points of (row, byte column)."""

    start_byte: int
    old_end_byte: int
    new_end_byte: int
    start_point: tuple[int, int]
    old_end_point: tuple[int, int]
    new_end_point: tuple[int, int]


class Syntax:
    """The tree of one snapshot, made when it is first asked for.

    A tree is carried on through edits, except where the language's grammar is known to err then.

    The only thing about a snapshot that changes: its tree is unknown before and the same ever after. A parse
    that was given up is not tried again for the same text, and in the snapshots after it at growing intervals.
    """

    __slots__ = ("_failures", "_is_odd", "_is_parsed", "_language", "_old", "_tree", "_wait")

    def __init__(self, language: Language | None) -> None:
        self._language = language
        self._old: Tree | None = None
        self._tree: Tree | None = None
        self._is_parsed = language is None
        self._is_odd = False
        self._failures = 0
        self._wait = 0

    @property
    def follows_edits(self) -> bool:
        """Whether ``edited`` has a tree to carry on (else the edit's bytes need not be worked out)."""
        return self._base is not None

    @property
    def _base(self) -> Tree | None:
        return None if self._is_odd else self._tree or self._old

    def edited(self, edit: TreeEdit | None) -> Syntax:
        """Return the cell of the snapshot after one edit, ready to parse from this one's tree."""
        after = Syntax(self._language)
        after._failures = self._failures
        after._wait = max(0, self._wait - 1)
        base = self._base
        if base is not None and edit is not None:
            after._old = base.copy()
            after._old.edit(
                edit.start_byte,
                edit.old_end_byte,
                edit.new_end_byte,
                edit.start_point,
                edit.old_end_point,
                edit.new_end_point,
            )
        return after

    def tree(self, text: str) -> Tree | None:
        """Return the tree of this snapshot's text, None where there is none."""
        if not self._is_parsed:
            with _parsing:
                self._parse(text)
        return self._tree

    def _parse(self, text: str) -> None:
        if self._is_parsed or self._language is None:
            return
        if len(text) <= MAX_CHARACTERS and self._wait == 0:
            parser = parser_of(self._language, TIMEOUT_MICROSECONDS)
            self._is_odd = re.search(self._language.parsed_afresh, text) is not None
            if self._is_odd:
                self._old = None
            try:
                # The parser raises ValueError when its time is over.
                self._tree = parser.parse(encode(text), self._old) if self._old else parser.parse(encode(text))
                self._failures = 0
                self._old = None
            except ValueError:
                parser.reset()
                self._failures += 1
                self._wait = min(4 << self._failures, 1024)
        self._is_parsed = True


def encode(text: str) -> bytes:
    """Return the UTF-8 that is parsed: as many bytes, character by character, as the text's own UTF-8."""
    if "\r" in text and text.count("\r") != text.count("\r\n"):
        text = _LONE_RETURN.sub("\n", text)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


def n_bytes(text: str) -> int:
    """Return how many bytes ``encode`` makes of a text."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
