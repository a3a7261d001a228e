"""Says what kind of place an offset is in: code, string or comment; which brackets are open; where errors are.

The tree decides where it is sound. Around a half-typed line it often is not; there the text is read by
``lexical``, from some thousand characters before.
Knows nothing of units, statements and the ends of blocks (``syntax``).
"""

from __future__ import annotations

import re
from itertools import islice

from .document import Document
from .language import Language
from .lexical import Place, Scan, scan
from .nodes import Captured, captures, error_nodes, is_sound_at

_REACH = 4000
"""About how many characters before an offset are read to know its place and its open brackets."""

_LONGEST_HEADER = 1000

_BEFORE_LITERAL = re.compile(
    r"(?:[({\[,:?&|+<!~^%*=$\]-]|\b(?:as|await|case|const|default|export|import|in|let|of|return|throw|var|yield))\Z"
)
_BEFORE_BLOCK = re.compile(r"\b(?:do|else|finally|interface|select|struct|switch|try)\Z")


def errors(document: Document, limit: int = 100) -> int:
    """Count the ERROR and MISSING nodes of the document's tree, at most ``limit``; 0 where there is no tree."""
    return sum(1 for _ in islice(error_nodes(document, 0, len(document.text)), limit))


def has_errors_between(document: Document, start: int, end: int) -> bool:
    """Return whether an ERROR or MISSING node touches [start, end], or there is no tree to tell."""
    return document.tree is None or next(error_nodes(document, start, end), None) is not None


def place(document: Document, offset: int) -> Place:
    """Return the kind of text at an offset.

    The end of a line comment and of an unterminated string still belong to it; the offsets right before and right
    after a terminated string or block comment are CODE. Always CODE for plain text.
    """
    if document.language is None:
        return Place.CODE
    return _place_in_tree(document, offset) or scan_to(document, offset).place


def open_brackets(document: Document, offset: int) -> str:
    """Return the brackets left open before an offset, outermost first, within its innermost block ("([" or so).

    A brace that opens a block (rather than an object or a literal) does not count, nor do brackets before it.
    """
    return "".join(document.text[index] for index in brackets_in_block(document, scan_to(document, offset)))


def brackets_in_block(document: Document, found: Scan) -> tuple[int, ...]:
    """Return where the unclosed brackets of a scan are, without the last brace of a block and what is before it."""
    for position in range(len(found.unclosed) - 1, -1, -1):
        if opens_block_at(document, found.unclosed[position]):
            return found.unclosed[position + 1 :]
    return found.unclosed


def opens_block_at(document: Document, offset: int) -> bool:
    """Return whether what stands at an offset is a brace that opens a block, not an object or a literal."""
    if document.text[offset : offset + 1] != "{":
        return False
    if document.language is not None and document.language.blocks in ("indent", "sections"):
        return False
    if any(found.capture == "block" and block_start(found) == offset for found in captures(document, offset, offset)):
        return True
    return not is_sound_at(document, offset) and _reads_as_block(document, offset)


def block_start(block: Captured) -> int:
    """Return where a captured block begins: at its own opening child if the query names one."""
    return block.start if block.opens_at is None else block.opens_at


def scan_to(document: Document, offset: int) -> Scan:
    """Read the code before an offset; the indices of the result are offsets in the document."""
    return scan_between(document, _anchor(document, offset), offset)


def scan_between(document: Document, start: int, end: int) -> Scan:
    """Read the code between two offsets, the first of which is in code; the result's indices are offsets."""
    text = document.text[start:end]
    for found in captures(document, start, end, only="opaque"):
        if start <= found.start and found.end <= end and not found.has_error:
            blank = " " * (found.end - found.start)
            text = text[: found.start - start] + blank + text[found.end - start :]
    return scan(text, document.language).shifted(start)


def _place_in_tree(document: Document, offset: int) -> Place | None:
    """Return what the tree says, None where it can't be trusted."""
    if document.tree is None:
        return None
    inside = [found for found in captures(document, offset, offset) if _holds(document, found, offset)]
    innermost = max(inside, key=lambda found: found.start, default=None)
    if innermost is not None and innermost.capture == "interpolation":
        return Place.CODE
    if innermost is not None and innermost.has_error:
        return None
    if innermost is not None:
        return Place.STRING if innermost.capture == "string" else Place.COMMENT
    line_end = document.line_end(document.line_at(offset))
    return None if has_errors_between(document, max(0, offset - _REACH), line_end) else Place.CODE


def _holds(document: Document, found: Captured, offset: int) -> bool:
    """Return whether an offset is inside a captured string, comment or interpolation."""
    if found.capture == "string":
        return found.start < offset < found.end
    if found.capture == "interpolation":
        if document.text.startswith("\\(", found.start - 2):  # Swift's node has none of its delimiters
            return found.start <= offset <= found.end and document.text.startswith(")", found.end)
        opener = 2 if document.text.startswith(("${", "$("), found.start) else 1
        return found.start + opener <= offset < found.end
    if found.capture == "comment":
        return found.start < offset < found.end or (offset == found.end and _runs_on(document, found))
    return False


def _runs_on(document: Document, comment: Captured) -> bool:
    """Return whether text written at the end of a comment is part of it."""
    mark = document.language.line_comment if document.language else None
    return mark is not None and document.text.startswith(mark, comment.start)


def _anchor(document: Document, offset: int) -> int:
    """Return an offset before, in code as far as is known: a line start, or the end of the string it is in."""
    far = max(0, offset - _REACH)
    start = max(document.line_start(document.line_at(far)), far - _REACH)
    for found in captures(document, start, start):
        if found.capture in ("string", "comment") and found.start < start < found.end and not found.has_error:
            start = found.end if found.end <= offset else found.start
    return start


def _reads_as_block(document: Document, offset: int) -> bool:
    """Judge a brace by the text before it, as somebody does who reads half-typed code."""
    if document.language is not None and document.language.braces != "both":
        return document.language.braces == "blocks" and not document.text.endswith("$", 0, offset)
    before = document.text[max(0, offset - 200) : offset].rstrip()
    if before.endswith("=>") or _BEFORE_BLOCK.search(before):
        return True
    if _BEFORE_LITERAL.search(before):
        return False
    touches_a_name = document.text[offset - 1 : offset].isalnum()
    line = document.line_text(document.line_at(offset)).strip()
    return not touches_a_name or unit_header(document.language, line) is not None


def unit_header(language: Language | None, line: str) -> tuple[str, str] | None:
    """Return the kind and name of the unit that a stripped line begins, judged by its text alone."""
    for kind, pattern in language.unit_headers if language else ():
        if header := re.match(pattern, line[:_LONGEST_HEADER]):
            return kind, header[1]
    return None
