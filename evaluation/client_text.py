"""A document as an editor knows it: UTF-16 code units, positions by LSP's rules. Independent of the server's own."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_END = re.compile("\r\n|\n|\r")


@dataclass(slots=True)
class ClientText:
    """A document as the client knows it: its text, with one character for each UTF-16 code unit."""

    language_id: str
    version: int
    units: str
    cursor: int = 0
    """The cursor's place, in code units from the start."""

    @property
    def text(self) -> str:
        """The text as a Python string."""
        return from_units(self.units)

    def place(self, line: int, character: int) -> int:
        """Return a position's place in code units; a position outside the text counts as the nearest inside."""
        starts = [0, *(match.end() for match in _LINE_END.finditer(self.units))]
        if line >= len(starts):
            return len(self.units)
        end = _LINE_END.search(self.units, starts[line])
        return min(starts[line] + character, end.start() if end else len(self.units))

    def position(self, place: int) -> dict[str, int]:
        """Return the LSP position of a place."""
        start = max((match.end() for match in _LINE_END.finditer(self.units, 0, place)), default=0)
        return {"line": len(_LINE_END.findall(self.units, 0, place)), "character": place - start}

    def replace(self, start: int, end: int, text: str) -> None:
        """Replace what is between two places, and put the cursor after it."""
        units = to_units(text)
        self.units = self.units[:start] + units + self.units[end:]
        self.cursor = start + len(units)


def to_units(text: str) -> str:
    """Return the text with one character for each UTF-16 code unit."""
    if text.isascii():
        return text
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(data[i] | data[i + 1] << 8) for i in range(0, len(data), 2))


def from_units(units: str) -> str:
    """Return the text of UTF-16 code units; a pair of surrogates is one character again."""
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
