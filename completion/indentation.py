"""Fits a draft's indentation to the document: its depth at the cursor, and tabs or spaces."""

from __future__ import annotations

from dataclasses import replace

from ..context.cursor import Cursor
from ..context.syntax import Place, place
from .draft import Draft
from .layout import TAB, closing_part, header_line, indent_of, indent_width

QUOTES = "\"'`"


def fit_indentation(draft: Draft, cursor: Cursor) -> Draft | str:
    """Shift lines to a depth that can stand at the cursor, and write their indentation in the document's style."""
    if cursor.place is not Place.CODE:
        return draft
    lines = draft.text.split("\n")
    if any(quote in draft.text for quote in QUOTES) and _has_line_in_string(lines, cursor):
        return draft  # white space in a string is its value
    if not cursor.line_head.strip() and not cursor.open_brackets:
        lines = _at_possible_depth(lines, cursor)
    return replace(draft, text="\n".join([lines[0], *(_in_style(line, cursor) for line in lines[1:])]))


def _has_line_in_string(lines: list[str], cursor: Cursor) -> bool:
    inserted = cursor.document.replace(cursor.offset, cursor.offset, "\n".join(lines))
    starts = [cursor.offset + sum(len(line) + 1 for line in lines[:at]) for at in range(1, len(lines))]
    return any(place(inserted, start) is Place.STRING for start in starts)


def _at_possible_depth(lines: list[str], cursor: Cursor) -> list[str]:
    """The first line may stand no deeper than the line above; after a block opener by a step, and by no less."""
    at = next((i for i, line in enumerate(lines) if line.strip()), 0)
    depth = indent_width(lines[at]) if at else indent_width(cursor.line_head + indent_of(lines[0]))
    deepest = indent_width(header_line(cursor))
    step = TAB if cursor.indent_unit == "\t" else len(cursor.indent_unit)
    if cursor.after_opener and depth <= deepest and not closing_part(lines[at], cursor):
        return _shifted_right(lines, at, deepest + step - depth)
    if cursor.after_opener:
        deepest = max(deepest + step, indent_width(cursor.line_head))
    elif at == 0:
        deepest = max(deepest, indent_width(cursor.line_head))
    surplus = depth - deepest
    return [_shifted_left(line, surplus) for line in lines] if surplus > 0 else lines


def _shifted_left(line: str, width: int) -> str:
    indent = indent_of(line)
    if not line.strip() or not indent:
        return line
    kept = max(0, indent_width(indent) - width)
    return " " * kept + line[len(indent) :]


def _shifted_right(lines: list[str], at: int, width: int) -> list[str]:
    """Indent what a model has written at the level of the block's header; the lines above ``at`` are blank."""
    moved = [line if not line.strip() else " " * width + line for line in lines]
    return [*lines[:at], *moved[at:]]


def _in_style(line: str, cursor: Cursor) -> str:
    """Return a line indented with the document's characters; what it has in common with the cursor's line stays."""
    indent, unit = indent_of(line), cursor.indent_unit
    if cursor.indent and indent.startswith(cursor.indent):
        own = len(cursor.indent)
        return line[:own] + _with_unit(line[own:], unit)
    return _with_unit(line, unit)


def _with_unit(line: str, unit: str) -> str:
    indent = indent_of(line)
    if unit == "\t" and " " in indent:
        width = indent_width(indent)
        return "\t" * (width // TAB) + " " * (width % TAB) + line[len(indent) :]
    if unit != "\t" and "\t" in indent:
        return indent.replace("\t", unit) + line[len(indent) :]
    return line
