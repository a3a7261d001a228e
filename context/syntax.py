"""Answers questions about a document's syntax: the unit around an offset, where statements and blocks end.

Also gives out what ``places`` knows, so that one import serves. Every answer holds for text that does not parse:
indentation and brackets stand in for the tree there. Knows nothing of models and of what is to be proposed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .document import Document
from .language import Language
from .lexical import Place
from .nodes import Captured, captures
from .places import (
    block_start,
    brackets_in_block,
    errors,
    has_errors_between,
    open_brackets,
    opens_block_at,
    place,
    scan_between,
    scan_to,
    unit_header,
)

__all__ = [
    "Place",
    "Unit",
    "block_end",
    "enclosing_unit",
    "errors",
    "open_brackets",
    "opens_block",
    "place",
    "statement_end",
]

_FAR = 20_000
"""How many characters after an offset are searched for a closing bracket, in text that does not parse."""
_MANY_LINES = 2000
"""How many lines above and below are searched for what is indented less, in text that does not parse."""
_CLOSER_OF = {"(": ")", "[": "]", "{": "}"}


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
    return read if unit is None or (read is not None and read.start > unit.start) else unit


def statement_end(document: Document, offset: int) -> int | None:
    """Return the offset at which the innermost statement around an offset ends.

    White space before a statement on its line belongs to it. A blank line belongs to the statement around it, if
    any. In text that does not parse, and for plain text, it is the end of the line on which all brackets are
    closed. None where there is no statement.
    """
    line = document.line_at(offset)
    text = document.line_text(line)
    offset = max(offset, document.line_start(line) + len(text) - len(text.lstrip()))
    around = [found for found in captures(document, offset, offset) if found.capture == "statement"]
    around = [found for found in around if found.start <= offset <= found.end]
    running = [found for found in around if offset < found.end] or around
    innermost = max(running, key=lambda found: (found.start, -found.end), default=None)
    if innermost is not None and not innermost.has_error:
        return innermost.end
    is_sound = not has_errors_between(document, document.line_start(line), document.line_end(line))
    if not text.strip() or (innermost is None and is_sound):
        return innermost.end if innermost is not None else None
    return _logical_line_end(document, line)


def block_end(document: Document, offset: int) -> int | None:
    """Return the offset at which the innermost block around an offset ends, its closing brace included.

    A blank line belongs to the block that its indentation up to the offset says. None outside of any block.
    """
    language = document.language
    if language is not None and language.blocks == "indent":
        return _indented_block_end(document, offset)
    return _braced_block_end(document, offset)


def opens_block(document: Document, line: int) -> bool:
    """Return whether a line ends by opening a block, as ``def f():``, ``if x {`` and ``=> {`` do.

    A comment after it does not matter. In plain text only a brace opens one.
    """
    text = document.line_text(line)
    if ":" not in text and "{" not in text:
        return False
    line_end = document.line_end(line)
    found = scan_to(document, line_end)
    code_end = line_end if found.comment_start is None else found.comment_start
    code = document.text[document.line_start(line) : code_end].rstrip()
    if found.place is Place.STRING or not code:
        return False
    if code[-1] == "{":
        return opens_block_at(document, document.line_start(line) + len(code) - 1)
    language = document.language
    if code[-1] != ":" or language is None or not re.match(language.colon_header, code.lstrip()):
        return False
    return not brackets_in_block(document, found)


def _unit_in_tree(document: Document, language: Language, offset: int) -> Unit | None:
    probe, width = offset, None
    if language.blocks == "indent" and not document.line_text(document.line_at(offset)).strip():
        # A blank line after a function's last statement is outside of its node; the indentation says whose it is.
        width = _width_before(document, offset)
        probe = len(document.text[:offset].rstrip())
    for found in reversed(captures(document, probe, probe)):
        if not found.capture.startswith("unit.") or not found.start <= probe <= found.end:
            continue
        if probe == found.end and language.blocks == "braces":
            continue
        if width is None or _width_of(document, document.line_at(found.start)) < width:
            return _unit(document, found)
    return None


def _unit(document: Document, found: Captured) -> Unit:
    name = document.text[slice(*found.name)] if found.name else ""
    body_start = found.body[0] if found.body else found.end
    return Unit(found.capture.removeprefix("unit."), name, found.start, found.end, body_start)


def _unit_in_text(document: Document, language: Language, offset: int) -> Unit | None:
    """Find the nearest line above that begins a unit and is indented less than all the lines since."""
    line = document.line_at(offset)
    width = _width_before(document, offset) if not document.line_text(line).strip() else _width_of(document, line)
    if header := unit_header(language, document.line_text(line).strip()):
        return _unit_of_header(document, line, header)
    for above in range(line - 1, max(-1, line - _MANY_LINES), -1) if width else ():
        text = document.line_text(above)
        text_width = _columns(text)
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
    last = _last_deeper_line(document, line, _width_of(document, line) + 1)
    return Unit(*header, start, document.line_end(last), document.line_start(line + 1))


def _logical_line_end(document: Document, line: int) -> int:
    """Return the end of the line on which the brackets that a line leaves open are closed, if that is near."""
    for _ in range(8):
        line_end = document.line_end(line)
        opened = brackets_in_block(document, scan_to(document, line_end))
        if not opened:
            return line_end
        strays = scan_between(document, line_end, line_end + _FAR // 10).strays
        closers = "".join(document.text[at] for at in strays[: len(opened)])
        if closers != "".join(_CLOSER_OF[document.text[at]] for at in reversed(opened)):
            return line_end
        line = document.line_at(strays[len(opened) - 1])
    return document.line_end(line)


def _braced_block_end(document: Document, offset: int) -> int | None:
    blocks = [found for found in captures(document, offset, offset) if found.capture == "block"]
    around = [found for found in blocks if block_start(found) < offset < found.end]
    innermost = max(around, key=block_start, default=None)
    if innermost is not None and not innermost.has_error:
        return innermost.end
    if innermost is None and not has_errors_between(document, 0, len(document.text)):
        return None
    before = scan_to(document, offset)
    inner = brackets_in_block(document, before)
    if len(inner) == len(before.unclosed) and innermost is None:
        return None
    start = offset if before.place is Place.CODE else document.line_end(document.line_at(offset))
    closers = [at for at in scan_between(document, start, start + _FAR).strays if document.text[at] == "}"]
    n_inner = sum(document.text[at] == "{" for at in inner)
    return closers[n_inner] + 1 if len(closers) > n_inner else len(document.text)


def _indented_block_end(document: Document, offset: int) -> int | None:
    line = document.line_at(offset)
    is_blank = not document.line_text(line).strip()
    sound = not has_errors_between(document, document.line_start(line), document.line_end(line))
    if sound and (not is_blank or place(document, offset) is not Place.CODE or open_brackets(document, offset)):
        blocks = [found for found in captures(document, offset, offset) if found.capture == "block"]
        around = [found for found in blocks if found.start <= offset <= found.end]
        return max(around, key=lambda found: found.start).end if around else None
    width = _width_before(document, offset) if is_blank else _width_of(document, line)
    return document.line_end(_last_deeper_line(document, line, width)) if width > 0 else None


def _last_deeper_line(document: Document, line: int, width: int) -> int:
    """Return the last line of the run after a line that is indented by ``width`` or more; blank ones don't count."""
    last = line
    for below in range(line + 1, min(document.n_lines, line + _MANY_LINES)):
        text = document.line_text(below)
        if not text.strip():
            continue
        if _columns(text) < width and place(document, document.line_start(below)) is Place.CODE:
            break
        last = below
    return last


def _width_of(document: Document, line: int) -> int:
    return _columns(document.line_text(line))


def _width_before(document: Document, offset: int) -> int:
    return _columns(document.text[document.line_start(document.line_at(offset)) : offset])


def _columns(text: str) -> int:
    """Return how wide the white space is that a text begins with, a tab as eight."""
    white_space = text[: len(text) - len(text.lstrip())]
    return len(white_space.expandtabs(8)) if "\t" in white_space else len(white_space)
