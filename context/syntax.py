"""Answers questions about a document's syntax: where statements and blocks end, which lines open a block.

Also gives out what ``places`` and ``units`` know, so that one import serves. Every question has an answer in text
that does not parse: indentation and brackets stand in for the tree there. Knows nothing of what is to be proposed.
"""

from __future__ import annotations

import re

from .document import Document
from .indentation import last_deeper_line, width_before, width_of
from .language import Language
from .lexical import OPENER_OF, Place, Scan, scan
from .nodes import captures
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
)
from .units import Unit, enclosing_unit

__all__ = [
    "Place",
    "Unit",
    "block_end",
    "enclosing_unit",
    "errors",
    "is_statement_whole",
    "leaves_open",
    "open_brackets",
    "opens_block",
    "place",
    "statement_end",
]

_FAR = 20_000
"""How many characters after an offset are searched for a closing bracket, in text that does not parse."""
_CLOSER_OF = {opener: closer for closer, opener in OPENER_OF.items()}


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


def is_statement_whole(document: Document, offset: int) -> bool:
    """Return whether a statement that parses ends right before an offset, white space left out."""
    line_start, line_end = (at(document.line_at(offset)) for at in (document.line_start, document.line_end))
    if has_errors_between(document, line_start, line_end):
        return False
    end = line_start + len(document.text[line_start:offset].rstrip())
    return any(found.capture == "statement" and found.end == end for found in captures(document, end, end))


def block_end(document: Document, offset: int) -> int | None:
    """Return the offset at which the innermost block around an offset ends, its closing brace included.

    A blank line belongs to the block that its indentation up to the offset says. None outside of any block.
    """
    language = document.language
    if language is not None and language.blocks == "indent":
        return _indented_block_end(document, offset)
    return _braced_block_end(document, offset)


def opens_block(document: Document, line: int) -> bool:
    """Return whether a line ends by opening a block, as ``def f():``, ``if x {``, ``=> {`` and ``each do |x|`` do.

    A comment after it does not matter. In plain text only a brace opens one.
    """
    text = document.line_text(line)
    language = document.language
    has_words = language is not None and _has_word_header(language, text)
    if ":" not in text and "{" not in text and not has_words:
        return False
    line_end = document.line_end(line)
    found = scan_to(document, line_end)
    code_end = line_end if found.comment_start is None else found.comment_start
    code = document.text[document.line_start(line) : code_end].rstrip()
    if found.place is Place.STRING or not code:
        return False
    if code[-1] == "{":
        return opens_block_at(document, document.line_start(line) + len(code) - 1)
    if has_words and language is not None:
        return re.search(language.word_header, code) is not None
    if code[-1] != ":" or language is None or not re.match(language.colon_header, code.lstrip()):
        return False
    return not brackets_in_block(document, found)


def _has_word_header(language: Language, text: str) -> bool:
    """Tell whether a line may open a block by a word, with or without what may be a comment at its end."""
    before_comment = text.partition(language.line_comment)[0] if language.line_comment else text
    return any(re.search(language.word_header, part) for part in (text, before_comment))


def leaves_open(document: Document, start: int, end: int, text: str) -> bool:
    """Return whether a text in the place of [start, end) begins something that is not over at the end of its last line.

    That is a bracket, or a string that may span lines. For plain text it is a bracket.
    """
    if not _is_open(scan(text + "\n", document.language)):
        return False  # by its own characters alone, which is nearly always so
    inserted, line_end = document.replace(start, end, text), start + len(text.removesuffix("\n"))
    return _is_open(scan_between(inserted, start, line_end + 1))  # a string that may not span lines is over then


def _is_open(found: Scan) -> bool:
    return bool(found.unclosed) or found.place is Place.STRING


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
    width = width_before(document, offset) if is_blank else width_of(document, line)
    return document.line_end(last_deeper_line(document, line, width)) if width > 0 else None
