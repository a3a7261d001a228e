"""An open file's text at one moment: immutable, with exact positions.

Knows text, lines and offsets. Does not know where the text came from (LSP, disk) or what is done with it.

Offsets count Python characters (code points; a lone surrogate is one). Positions count lines as LSP does
(``\\n``, ``\\r\\n``, ``\\r`` end a line, nothing else) and UTF-16 code units within a line
(LSP 3.18, "Position" and "Text Documents"). Where a position is not exactly one of the text's offsets:

* a line beyond the last is the end of the text, a character beyond a line's length is the line's end;
* nothing lies between ``\\r`` and ``\\n``: such an offset has the position before ``\\r``;
* a character in the middle of a surrogate pair is the start of its code point;
* negative numbers count as 0, and a range whose start lies behind its end is turned round.

Two neighbours that make a surrogate pair are kept as the one code point that they are in UTF-16, so an edit that
brings them together makes the text one character shorter than the sum of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .language import Language
from .languages import for_language_id, for_path
from .lines import Lines
from .parse import Syntax, TreeEdit, n_bytes

if TYPE_CHECKING:
    from tree_sitter import Tree

_NO_LINE_END = re.compile(r"[^\r\n]")
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a document as LSP counts it: 0-based line, 0-based UTF-16 code unit within the line."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Change:
    """One content change: replace the text between two positions, or the whole text when both are None."""

    text: str
    start: Position | None = None
    end: Position | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """An open file's snapshot. Every edit makes a new one; two are equal when uri, language, version and text are."""

    uri: str
    language_id: str
    version: int
    text: str = field(repr=False)
    _lines: Lines = field(repr=False, compare=False)
    _syntax: Syntax = field(repr=False, compare=False)

    @classmethod
    def open(cls, uri: str, language_id: str, version: int, text: str) -> Document:
        """Make the first snapshot of a file; a language id that is not known gives a plain-text document."""
        text = _join_surrogates(text)
        language = _language_of(language_id, uri)
        return cls(uri, language_id, version, text, Lines.of(text), Syntax(language))

    @property
    def language(self) -> Language | None:
        """What is known about the document's language, None for plain text."""
        return _language_of(self.language_id, self.uri)

    @property
    def tree(self) -> Tree | None:
        """The text's syntax tree, parsed when first asked for, from the tree of the snapshot before where there is one.

        None for plain text, for a text of more than 2,000,000 characters, and where the parser needed more than
        200 ms (then the snapshots after this one try again after 8 edits, then 16, and so on).
        """
        return self._syntax.tree(self.text)

    @property
    def n_lines(self) -> int:
        """How many lines there are: one more than there are line ends."""
        return self._lines.n_lines

    def apply(self, changes: Sequence[Change], version: int) -> Document:
        """Return the snapshot after content changes, each made to the result of the one before (LSP's order)."""
        document = self
        for change in changes:
            document = document._changed(change)
        return replace(document, version=version)

    def replace(self, start: int, end: int, text: str) -> Document:
        """Return the snapshot with another text between two offsets, at the same version."""
        start, end = sorted((self._clamp(start), self._clamp(end)))
        # A surrogate that meets its other half is edited together with it.
        if text or start != end:
            if start > 0 and "\ud800" <= self.text[start - 1] <= "\udbff":
                start -= 1
                text = self.text[start] + text
            if end < len(self.text) and "\udc00" <= self.text[end] <= "\udfff":
                text += self.text[end]
                end += 1
        return self._replaced(start, end, _join_surrogates(text))

    def blanked(self, kept: Sequence[tuple[int, int]], language_id: str) -> Document:
        """Return the snapshot as one of another language, with spaces for all characters but line ends and some ranges.

        Ranges are offsets, in order. Offsets and lines stay what they are; UTF-16 columns do so only within a range.
        """
        parts, at = [], 0
        for start, end in kept:
            parts += [_NO_LINE_END.sub(" ", self.text[at:start]), self.text[start:end]]
            at = end
        text = "".join([*parts, _NO_LINE_END.sub(" ", self.text[at:])])
        syntax = Syntax(_language_of(language_id, self.uri))
        return Document(self.uri, language_id, self.version, text, self._lines, syntax)

    def offset_at(self, position: Position) -> int:
        """Return the offset of a position."""
        if position.line < 0:
            return 0
        if position.line >= self.n_lines:
            return len(self.text)
        start = self.line_start(position.line)
        n_units = max(0, position.character)
        # A code point is at least one unit: what lies n_units characters further on needn't be looked at.
        head = self.text[start : min(self.line_end(position.line), start + n_units)]
        return start + (len(head) if head.isascii() else _n_characters(head, n_units))

    def position_at(self, offset: int) -> Position:
        """Return the position of an offset; an offset outside the text counts as the nearest one inside."""
        offset = self._clamp(offset)
        line = self._lines.line_at(offset)
        head = self.text[self.line_start(line) : min(offset, self.line_end(line))]
        return Position(line, len(head) if head.isascii() else _n_units(head))

    def line_at(self, offset: int) -> int:
        """Return the 0-based line that an offset lies in; an offset outside the text counts as the nearest inside."""
        return self._lines.line_at(self._clamp(offset))

    def line_start(self, line: int) -> int:
        """Return the offset at which a line starts; the text's length for a line beyond the last."""
        return self._lines.start_of(max(0, line))

    def line_end(self, line: int) -> int:
        """Return the offset at which a line's text ends, before its ``\\n``, ``\\r\\n`` or ``\\r``."""
        start = self.line_start(line)
        end = self.line_start(line + 1)
        if end > start and self.text[end - 1] == "\n":
            end -= 1
            return end - 1 if end > start and self.text[end - 1] == "\r" else end
        return end - 1 if end > start and self.text[end - 1] == "\r" else end

    def line_text(self, line: int) -> str:
        """Return a line's text without its line end; empty for a line beyond the last."""
        return self.text[self.line_start(line) : self.line_end(line)]

    def point_at(self, offset: int) -> tuple[int, int]:
        """Return an offset as the tree counts it: 0-based line, bytes of UTF-8 within the line."""
        return _point_at(self.text, self._lines, self._clamp(offset))

    def offset_at_point(self, point: tuple[int, int]) -> int:
        """Return the offset of a point of the tree."""
        line, n_units = point
        start = self.line_start(line)
        head = self.text[start : start + n_units]
        if head.isascii():
            return start + len(head)
        return start + len(head.encode("utf-8", "surrogatepass")[:n_units].decode("utf-8", "surrogatepass"))

    def _changed(self, change: Change) -> Document:
        if change.start is None or change.end is None:
            text = _join_surrogates(change.text)
            return self._with(text, Lines.of(text), Syntax(self.language))
        return self.replace(self.offset_at(change.start), self.offset_at(change.end), change.text)

    def _replaced(self, start: int, end: int, inserted: str) -> Document:
        text = self.text[:start] + inserted + self.text[end:]
        lines = self._lines.replaced(start, end, text, len(inserted))
        edit = None
        if self._syntax.follows_edits:
            edit = _tree_edit(self.text, self._lines, start, end, text, lines)
        return self._with(text, lines, self._syntax.edited(edit))

    def _with(self, text: str, lines: Lines, syntax: Syntax) -> Document:
        return Document(self.uri, self.language_id, self.version, text, lines, syntax)

    def _clamp(self, offset: int) -> int:
        return min(max(0, offset), len(self.text))


def _language_of(language_id: str, uri: str) -> Language | None:
    return for_language_id(language_id) if language_id else for_path(uri)


def _tree_edit(old: str, old_lines: Lines, start: int, end: int, new: str, new_lines: Lines) -> TreeEdit:
    """Say in bytes and points what changed between two texts that differ in [start, end) of the old one.

    A ``\\r`` right before the change counts in: parsed as ``\\n`` when alone, it may have gained or lost its
    partner.
    """
    new_end = end + len(new) - len(old)
    if start > 0 and old[start - 1] == "\r":
        start -= 1
    start_byte = n_bytes(old[:start])
    return TreeEdit(
        start_byte=start_byte,
        old_end_byte=start_byte + n_bytes(old[start:end]),
        new_end_byte=start_byte + n_bytes(new[start:new_end]),
        start_point=_point_at(old, old_lines, start),
        old_end_point=_point_at(old, old_lines, end),
        new_end_point=_point_at(new, new_lines, new_end),
    )


def _point_at(text: str, lines: Lines, offset: int) -> tuple[int, int]:
    line = lines.line_at(offset)
    return line, n_bytes(text[lines.start_of(line) : offset])


def _join_surrogates(text: str) -> str:
    if text.isascii():
        return text
    return _SURROGATE_PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)


def _n_units(text: str) -> int:
    """Return how many UTF-16 code units a text has."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _n_characters(text: str, n_units: int) -> int:
    """Return how many whole characters of a text fit into a number of UTF-16 code units."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) == 2 * len(text):
        return min(len(text), n_units)
    decoded = units[: 2 * n_units].decode("utf-16-le", "surrogatepass")
    return len(decoded) if text.startswith(decoded) else len(decoded) - 1
