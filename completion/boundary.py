"""Where a proposal ends: the stream of the model is watched and closed as soon as the unit is whole.

A line ends at its line break, unless it has begun a bracket or a string that goes on: then at the end of the line on
which that is over. A block ends at the first line that is indented no deeper than its header, except inside a string
that spans lines. What closes a block belongs to it where nothing after the cursor closes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..context.cursor import Cursor
from ..context.syntax import Place, leaves_open, place
from .ask import Kind
from .layout import closing_part, header_line, indent_width, is_telling, line_below

MOST_STATEMENT_LINES = 12
"""A statement that is still open after so many lines is not waited for."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """Watches one candidate at one cursor."""

    cursor: Cursor
    kind: Kind
    max_lines: int
    """A proposal is cut off after so many lines."""
    _known: dict[str, bool] = field(default_factory=dict)
    """Whether a text leaves something open: it is asked again with each token that follows."""

    def end(self, text: str) -> int | None:
        """Return the length at which ``text`` is whole, or None while it has to go on."""
        return self._line_end(text) if self.kind is Kind.LINE else self._block_end(text)

    def goes_on(self, text: str) -> bool:
        """Tell whether a line that its server has ended is the first one of a statement that needs more."""
        return self.kind is Kind.LINE and text.strip() != "" and self.end(text + "\n") is None

    def whole_part(self, text: str) -> str:
        """Return what can be offered of a text that was cut off: nothing of a line, all whole lines of a block."""
        if self.kind is Kind.LINE or "\n" not in text:
            return ""
        return text[: text.rindex("\n")]

    def _line_end(self, text: str) -> int | None:
        blank_head = not self.cursor.line_head.strip()
        start = len(text) - len(text.lstrip()) if blank_head else 0
        if blank_head and start == len(text):
            return None
        at, most = text.find("\n", start), min(self.max_lines, MOST_STATEMENT_LINES)
        while at >= 0 and text.count("\n", start, at) + 1 < most and self._is_left_open(text, at):
            at = text.find("\n", at + 1)
        return at if at >= 0 else None

    def _is_left_open(self, text: str, at: int) -> bool:
        cursor = self.cursor
        if cursor.document.language is None or cursor.place is not Place.CODE or cursor.line_tail.strip():
            return False
        text = text[: at + 1]
        if text not in self._known:
            self._known[text] = leaves_open(cursor.document, cursor.offset, cursor.offset, text)
        return self._known[text]

    def _block_end(self, text: str) -> int | None:
        floor = indent_width(header_line(self.cursor))
        at, n_lines = text.find("\n"), 1
        while at >= 0:
            if n_lines == self.max_lines:
                return at
            if (loop := _loop_start(text[:at])) is not None:
                return loop
            next_at = text.find("\n", at + 1)
            line = text[at + 1 : next_at if next_at >= 0 else len(text)]
            is_known = next_at >= 0 or not self._may_become_closer(line)
            if is_known and line.strip() and indent_width(line) <= floor and not self._in_string(text, at + 1):
                return self._with_closer(text, at, line, is_whole=next_at >= 0)
            at, n_lines = next_at, n_lines + 1
        return None

    def _may_become_closer(self, line: str) -> bool:
        """Tell whether a line of which more may come could be the word that closes the block, half written."""
        language = self.cursor.document.language
        begun = line.strip()
        return language is not None and any(word.startswith(begun) and word != begun for word in language.closing_words)

    def _with_closer(self, text: str, at: int, line: str, *, is_whole: bool) -> int | None:
        """Take what closes the block with it (no more of its line), unless the text after the cursor does already."""
        closer, floor = closing_part(line, self.cursor), indent_width(header_line(self.cursor))
        if not closer or indent_width(line) < floor:
            return at
        tail, below = self.cursor.line_tail, line_below(self.cursor)
        after = tail if tail.strip() else below if indent_width(below) >= floor else ""
        if closing_part(after, self.cursor).lstrip()[:1] == closer.lstrip()[:1]:
            return at
        return at + 1 + len(closer) if is_whole else None

    def _in_string(self, text: str, at: int) -> bool:
        cursor = self.cursor
        inserted = cursor.document.replace(cursor.offset, cursor.offset, text)
        return place(inserted, cursor.offset + at) is not Place.CODE


def _loop_start(text: str) -> int | None:
    """Return where a text's last line begins to be said a second time, once it has been said three times in a row."""
    lines = text.rsplit("\n", 3)[-3:]
    said = {line.strip() for line in lines}
    if len(lines) < 3 or len(said) > 1 or not is_telling(lines[-1]):
        return None
    return len(text) - len(lines[1]) - len(lines[2]) - 2
