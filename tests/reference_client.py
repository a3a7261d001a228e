"""What an editor holds: a document as a list of UTF-16 code units, edited by LSP's rules in the plainest way.

Independent of midspan's own code on purpose. The random edits and positions of the drift tests are here too.
"""

from __future__ import annotations

import random
from array import array

CR, LF = 0x0D, 0x0A

PIECES = (
    *("a", "bc", "def ", "(", ")", " ", "    ", "\t", "x = 1", "é", "ß", "漢字", "​"),
    *("\n", "\n", "\r\n", "\r\n", "\r", "\n\n", "\r\r\n", "\n\r"),
    *("\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0"),
    *("😀", "𝒳", "👩‍💻", "\ud83d", "\ude00", "\ud800", "\udfff", "\ude00\ud83d"),
)


class ReferenceText:
    """A text of UTF-16 code units; a position counts lines by \\n, \\r\\n and \\r, and units within a line."""

    def __init__(self, text: str) -> None:
        self.units = array("H", _units(text))

    def edit(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        self.units[self.place(start) : self.place(end)] = array("H", _units(text))

    def place(self, position: tuple[int, int]) -> int:
        """Return a position's index: beyond a line's end is its end, beyond the last line the text's end."""
        line, character = position
        start = 0
        for _ in range(line):
            end = self._line_end(start)
            if end == len(self.units):
                return end
            start = end + self._terminator(end)
        return min(start + character, self._line_end(start))

    def snapped(self, place: int) -> int:
        """Return the place, moved to the start of the surrogate pair that it is inside of."""
        inside = 0 < place < len(self.units) and _is_high(self.units[place - 1]) and _is_low(self.units[place])
        return place - 1 if inside else place

    @property
    def n_lines(self) -> int:
        n_lines, end = 1, self._line_end(0)
        while end < len(self.units):
            n_lines += 1
            end = self._line_end(end + self._terminator(end))
        return n_lines

    @property
    def data(self) -> bytes:
        return self.units.tobytes()

    def _line_end(self, start: int) -> int:
        return min(_index(self.units, LF, start), _index(self.units, CR, start))

    def _terminator(self, end: int) -> int:
        return 2 if self.units[end] == CR and self.units[end + 1 : end + 2] == array("H", [LF]) else 1


def data_of(text: str) -> bytes:
    """Return a Python string as the bytes of its code units."""
    return array("H", _units(text)).tobytes()


def random_text(choice: random.Random, n_pieces: int) -> str:
    return "".join(choice.choices(PIECES, k=choice.randint(0, n_pieces)))


def random_position(choice: random.Random, text: ReferenceText) -> tuple[int, int]:
    """Return a position that is often inside the text, sometimes in a surrogate pair, sometimes far outside."""
    line = choice.randrange(text.n_lines + 2)
    character = choice.choice((choice.randrange(4), choice.randrange(40), 10**6))
    return line, character


def _units(text: str) -> array[int]:
    units = array("H")
    units.frombytes(text.encode("utf-16-le", "surrogatepass"))
    return units


def _index(units: array[int], unit: int, start: int) -> int:
    try:
        return units.index(unit, start)
    except ValueError:
        return len(units)


def _is_high(unit: int) -> bool:
    return 0xD800 <= unit <= 0xDBFF


def _is_low(unit: int) -> bool:
    return 0xDC00 <= unit <= 0xDFFF
