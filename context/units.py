"""Finds the function, method or class around an offset: in the tree, or by indentation where that is broken."""

from __future__ import annotations

from dataclasses import dataclass

from .document import Document
from .indentation import MANY_LINES, columns, last_deeper_line, width_before, width_of
from .language import Language
from .nodes import Captured, captures
from .places import has_errors_between, unit_header


@dataclass(frozen=True, slots=True)
class Unit:
    """A function, method or class: its ``name`` ("" if it has none) and offsets; ``kind`` is one of these words.

    ``body_start`` is where its body begins: at the brace where there are braces, else at the first statement
    (or, in text that does not parse, after the header line).
    """

    kind: str
    name: str
    start: int
    end: int
    body_start: int


def enclosing_unit(document: Document, offset: int) -> Unit | None:
    """Return the innermost function, method or class around an offset; None outside of any and for plain text."""
    language = document.language
    if language is None:
        return None
    unit = _unit_in_tree(document, language, offset)
    if unit is not None and not has_errors_between(document, unit.start, unit.end):
        return unit
    if unit is None and not has_errors_between(document, 0, len(document.text)):
        return None
    read = _unit_in_text(document, language, offset)
    if unit is None or read is None:
        return unit or read
    is_header_sound = not has_errors_between(document, unit.start, unit.body_start)
    return unit if read.start < unit.start or (read.start == unit.start and is_header_sound) else read


def _unit_in_tree(document: Document, language: Language, offset: int) -> Unit | None:
    probe, width = offset, None
    if language.blocks == "indent" and not document.line_text(document.line_at(offset)).strip():
        # A blank line after a function's last statement is outside of its node; the indentation says whose it is.
        width = width_before(document, offset)
        probe = len(document.text[:offset].rstrip())
    for found in reversed(captures(document, probe, probe)):
        if not found.capture.startswith("unit.") or not found.start <= probe <= found.end:
            continue
        if probe == found.end and language.blocks == "braces":
            continue
        if width is None or width_of(document, document.line_at(found.start)) < width:
            return _unit(document, found)
    return None


def _unit(document: Document, found: Captured) -> Unit:
    name = document.text[slice(*found.name)] if found.name else ""
    body_start = found.body[0] if found.body else found.end
    return Unit(found.capture.removeprefix("unit."), name, found.start, found.end, body_start)


def _unit_in_text(document: Document, language: Language, offset: int) -> Unit | None:
    """Find the nearest line above that begins a unit and is indented less than all the lines since."""
    line = document.line_at(offset)
    width = width_before(document, offset) if not document.line_text(line).strip() else width_of(document, line)
    if header := unit_header(language, document.line_text(line).strip()):
        return _unit_of_header(document, line, header)
    for above in range(line - 1, max(-1, line - MANY_LINES), -1) if width else ():
        text = document.line_text(above)
        text_width = columns(text)
        if text_width >= width or not text.strip():
            continue
        width = text_width
        if header := unit_header(language, text.strip()):
            return _unit_of_header(document, above, header)
        if width == 0:
            return None
    return None


def _unit_of_header(document: Document, line: int, header: tuple[str, str]) -> Unit:
    text = document.line_text(line)
    start = document.line_start(line) + len(text) - len(text.lstrip())
    last = last_deeper_line(document, line, width_of(document, line) + 1)
    return Unit(*header, start, document.line_end(last), document.line_start(line + 1))
