"""Indentation and neighbouring lines as text: what gate, boundary and filters measure with.

Looks at the document, not at what a model is shown: however small its windows, nothing may be said twice.
"""

from __future__ import annotations

import re

from ..context.cursor import Cursor

REACH = 4000
"""How many characters before and after the cursor are looked at."""

MIN_TELLING = 3
"""A line with fewer letters and digits than this (a bracket, `else`) may well stand twice in a row."""

_CLOSING = re.compile(r"\s*[)\]}]+[;,]?")
_WORD = re.compile(r"\s*(\w+)")
_LINE_END = re.compile(r"\r\n|\r|\n")
TAB = 4
"""Columns of a tab: what models mean by one when they write spaces."""


def indent_of(line: str) -> str:
    """Return the white space at the start of a line."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_width(line: str) -> int:
    """Return the width of a line's indentation, a tab counted up to the next multiple of `TAB`."""
    return len(indent_of(line).expandtabs(TAB))


def text_after(cursor: Cursor) -> str:
    """Return the text after the cursor, as far as it matters."""
    return cursor.file.text[cursor.offset : cursor.offset + REACH]


def header_line(cursor: Cursor) -> str:
    """Return the line that the text at the cursor belongs under: its own, or the last one with text before it."""
    if cursor.line_head.strip():
        return cursor.line_head
    before = cursor.file.text[max(0, cursor.offset - REACH) : cursor.offset]
    return next((line for line in reversed(_LINE_END.split(before)) if line.strip()), "")


def lines_below(cursor: Cursor) -> list[str]:
    """Return the lines after the cursor's own line."""
    return _LINE_END.split(text_after(cursor))[1:]


def line_below(cursor: Cursor) -> str:
    """Return the first line with text after the cursor's own line, or an empty string."""
    return next((line for line in lines_below(cursor) if line.strip()), "")


def is_telling(line: str) -> bool:
    """Tell whether a line says enough that it would not stand twice in a row by chance."""
    return sum(character.isalnum() for character in line) >= MIN_TELLING


def as_written(line: str) -> str:
    """Return a line without what formatters change: spaces, kinds of quotes, a last comma or semicolon."""
    return "".join(line.split()).replace("'", '"').rstrip(",;")


def closing_part(line: str, cursor: Cursor) -> str:
    """Return the part of a line that closes a block, with the white space before it, or an empty string."""
    if brackets := _CLOSING.match(line):
        return brackets[0]
    language, word = cursor.document.language, _WORD.match(line)
    return word[0] if word is not None and language is not None and word[1] in language.closing_words else ""
