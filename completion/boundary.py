"""Where a proposal ends: the stream of the model is watched and closed as soon as the unit is whole.

A line ends at its line break; a block at the first line that is indented no deeper than its header, except inside
a string that spans lines. The closing bracket of a block belongs to it where nothing after the cursor closes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..context.cursor import Cursor
from ..context.syntax import Place, place
from .ask import Kind
from .layout import header_line, indent_width, text_after

CLOSERS = ")]}"


@dataclass(frozen=True, slots=True)
class Boundary:
    """Watches one candidate at one cursor."""

    cursor: Cursor
    kind: Kind
    max_lines: int
    """A block is cut off after so many lines."""

    def end(self, text: str) -> int | None:
        """Return the length at which ``text`` is whole, or None while it has to go on."""
        return self._line_end(text) if self.kind is Kind.LINE else self._block_end(text)

    def whole_part(self, text: str) -> str:
        """Return what can be offered of a text that was cut off: nothing of a line, all whole lines of a block."""
        if self.kind is Kind.LINE or "\n" not in text:
            return ""
        return text[: text.rindex("\n")]

    def _line_end(self, text: str) -> int | None:
        blank_head = not self.cursor.line_head.strip()
        start = len(text) - len(text.lstrip()) if blank_head else 0
        at = text.find("\n", start)
        return None if at < 0 or (blank_head and start == len(text)) else at

    def _block_end(self, text: str) -> int | None:
        floor = indent_width(header_line(self.cursor))
        at, n_lines = text.find("\n"), 1
        while at >= 0:
            if n_lines == self.max_lines:
                return at
            next_at = text.find("\n", at + 1)
            line = text[at + 1 : next_at if next_at >= 0 else len(text)]
            is_known = next_at >= 0 or line.strip()
            if is_known and line.strip() and indent_width(line) <= floor and not self._in_string(text, at + 1):
                return self._with_closer(text, at, line, is_whole=next_at >= 0)
            at, n_lines = next_at, n_lines + 1
        return None

    def _with_closer(self, text: str, at: int, line: str, *, is_whole: bool) -> int | None:
        """Take the line that closes the block with it, unless the text after the cursor closes it already."""
        closer = line.strip()
        if closer[0] not in CLOSERS or indent_width(line) < indent_width(header_line(self.cursor)):
            return at
        if text_after(self.cursor).lstrip()[:1] == closer[0]:
            return at
        return at + 1 + len(line) if is_whole else None

    def _in_string(self, text: str, at: int) -> bool:
        cursor = self.cursor
        inserted = cursor.document.replace(cursor.offset, cursor.offset, text)
        return place(inserted, cursor.offset + at) is not Place.CODE
