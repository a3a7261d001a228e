"""Indentation as text: what gate, boundary and filters measure lines with."""

from __future__ import annotations

from ..context.cursor import Cursor


def indent_of(line: str) -> str:
    """Return the white space at the start of a line."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_width(line: str) -> int:
    """Return the width of a line's indentation, a tab counted up to the next multiple of four."""
    width = 0
    for character in indent_of(line):
        width += 4 - width % 4 if character == "\t" else 1
    return width


def header_line(cursor: Cursor) -> str:
    """Return the line that the text at the cursor belongs under: its own, or the last one with text before it."""
    if cursor.line_head.strip():
        return cursor.line_head
    return next((line for line in reversed(cursor.prefix.splitlines()) if line.strip()), "")


def lines_below(cursor: Cursor) -> list[str]:
    """Return the lines after the cursor's own line, as far as the window reaches."""
    return cursor.suffix[len(cursor.line_tail) :].splitlines()[1:]


def line_below(cursor: Cursor) -> str:
    """Return the first line with text after the cursor's own line, or an empty string."""
    return next((line for line in lines_below(cursor) if line.strip()), "")
