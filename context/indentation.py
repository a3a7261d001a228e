"""Measures how far lines are indented, and how far a run of indented lines reaches.

Knows columns. Knows no syntax but that the lines of a string may be indented anyhow.
"""

from __future__ import annotations

from .document import Document
from .lexical import Place
from .places import place

MANY_LINES = 2000
"""How many lines above and below are searched for what is indented less, in text that does not parse."""

_LONGEST_STRING = 50
"""A run does not go on through more lines of strings than these: each is costly, and one that is not closed has all."""


def last_deeper_line(document: Document, line: int, width: int) -> int:
    """Return the last line of the run after a line that is indented by ``width`` or more; blank ones don't count."""
    last, n_in_strings = line, 0
    for below in range(line + 1, min(document.n_lines, line + MANY_LINES)):
        text = document.line_text(below)
        if not text.strip():
            continue
        if columns(text) < width:
            n_in_strings += 1
            if n_in_strings > _LONGEST_STRING or place(document, document.line_start(below)) is Place.CODE:
                break
        last = below
    return last


def width_of(document: Document, line: int) -> int:
    """Return how many columns a line is indented by."""
    return columns(document.line_text(line))


def width_before(document: Document, offset: int) -> int:
    """Return how many columns the text before an offset on its line is indented by."""
    return columns(document.text[document.line_start(document.line_at(offset)) : offset])


def columns(text: str) -> int:
    """Return how wide the white space is that a text begins with, a tab as eight."""
    white_space = text[: len(text) - len(text.lstrip())]
    return len(white_space.expandtabs(8)) if "\t" in white_space else len(white_space)
