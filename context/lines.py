"""Where the lines of a text begin, kept up to date by looking only at the part that changed.

Knows offsets and line ends (``\\n``, ``\\r\\n``, ``\\r`` and nothing else). Keeps no text and knows no columns.

The starts are kept in chunks of some hundred lines, relative to their chunk: a keystroke rebuilds one chunk and
the running sums over the chunks, so its cost hardly grows with the file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

_LINE_END = re.compile(r"\r\n|\r|\n")
_CHUNK_LINES = 512
_CHUNK_CHARACTERS = 65_536


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Successive lines: ``starts`` are relative to the chunk's own start, the first is 0."""

    length: int
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """The line starts of one text. Immutable; ``n_lines`` is at least 1 and ``length`` the text's length."""

    _chunks: tuple[_Chunk, ...]
    _offsets: tuple[int, ...]
    _first_lines: tuple[int, ...]
    length: int
    n_lines: int

    @classmethod
    def of(cls, text: str) -> Lines:
        """Index a whole text."""
        return _assemble(tuple(_chunks_of(text, last=True)))

    def line_at(self, offset: int) -> int:
        """Return the 0-based line that holds an offset; one inside ``\\r\\n`` belongs to the line it ends."""
        index = bisect_right(self._offsets, offset) - 1
        return self._first_lines[index] + bisect_right(self._chunks[index].starts, offset - self._offsets[index]) - 1

    def start_of(self, line: int) -> int:
        """Return the offset at which a line starts; ``length`` for the line after the last."""
        if line >= self.n_lines:
            return self.length
        index = bisect_right(self._first_lines, line) - 1
        return self._offsets[index] + self._chunks[index].starts[line - self._first_lines[index]]

    def replaced(self, start: int, end: int, new_text: str, n_inserted: int) -> Lines:
        """Return the index of ``new_text``, which had ``n_inserted`` characters put in place of [start, end).

        Looks at nothing but the chunks that the change touches.
        """
        first, last = self._touched(start, end)
        region_start = self._offsets[first]
        region_end = self._offsets[last] + self._chunks[last].length + n_inserted - (end - start)
        is_last = last == len(self._chunks) - 1
        fresh = _chunks_of(new_text[region_start:region_end], last=is_last)
        return _assemble((*self._chunks[:first], *fresh, *self._chunks[last + 1 :]))

    def _touched(self, start: int, end: int) -> tuple[int, int]:
        """Return the first and last chunk to rebuild: a neighbour too where a line end could merge or vanish."""
        first = bisect_right(self._offsets, start) - 1
        if first > 0 and start == self._offsets[first]:
            first -= 1
        last = bisect_right(self._offsets, end) - 1
        return first, last


def _chunks_of(text: str, *, last: bool) -> Iterator[_Chunk]:
    """Cut a text into chunks of whole lines; the text's ``last`` part has one more line, after its last end."""
    starts = [0]
    base = 0
    for match in _LINE_END.finditer(text):
        position = match.end()
        if len(starts) >= _CHUNK_LINES or position - base >= _CHUNK_CHARACTERS:
            yield _Chunk(position - base, tuple(starts))
            base, starts = position, [0]
        else:
            starts.append(position - base)
    if last:
        yield _Chunk(len(text) - base, tuple(starts))
    elif len(starts) > 1:
        # What follows this part starts the line that the last line end opened.
        yield _Chunk(len(text) - base, tuple(starts[:-1]))


def _assemble(chunks: tuple[_Chunk, ...]) -> Lines:
    offsets = (0, *accumulate(chunk.length for chunk in chunks))
    first_lines = (0, *accumulate(len(chunk.starts) for chunk in chunks))
    return Lines(chunks, offsets[:-1], first_lines[:-1], offsets[-1], first_lines[-1])
