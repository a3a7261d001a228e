"""Cuts the text around a cursor to what a model is shown, so that typing on doesn't shift the prompt.

Knows characters and lines. Knows no tokenizer: a token is taken for CHARACTERS_PER_TOKEN characters.
"""

from __future__ import annotations

from dataclasses import dataclass

from .document import Document

CHARACTERS_PER_TOKEN = 3.0
"""Characters of source code in a token, on the low side, so that a window rather holds fewer tokens than asked.

Measured with the default model's vocabulary on Python's standard library: 3.8 over all, 3.2 in the tenth of its
files that have fewest. Text in other scripts has fewer still; whoever has a tokenizer has to count.
"""


@dataclass(frozen=True, slots=True)
class WindowSizes:
    """About how many tokens to show before and after the cursor."""

    prefix_tokens: int
    suffix_tokens: int


def window(document: Document, offset: int, sizes: WindowSizes) -> tuple[str, str]:
    """Return the text before and the text after an offset, each at most as long as its size.

    The prefix begins at an edge that stays where it is while the cursor moves through half a window, so a host that
    has encoded it can go on from there; it holds between half and all of its size. It begins at a line start, and
    the suffix ends at a line end, except within a line that is long itself. Neither cuts a ``\\r\\n``.
    """
    left = left_edge(document, offset, int(sizes.prefix_tokens * CHARACTERS_PER_TOKEN))
    right = _right_edge(document, offset, int(sizes.suffix_tokens * CHARACTERS_PER_TOKEN))
    return document.text[left:offset], document.text[offset:right]


def left_edge(document: Document, offset: int, size: int) -> int:
    """Return where a prefix of at most ``size`` characters begins: the same for all offsets of half a window.

    Depends on nothing but the offset and the text before the edge's own line end.
    """
    if offset <= size:
        return 0
    step = max(1, size // 2)
    # The first multiple of a step from which at most `size` characters lead to the offset.
    edge = -(-(offset - size) // step) * step
    line = document.line_at(edge)
    next_start = document.line_start(line + 1)
    if edge != document.line_start(line) and next_start - edge <= step // 2:
        return next_start
    return edge + 1 if _is_inside_line_end(document, edge) else edge


def _right_edge(document: Document, offset: int, size: int) -> int:
    edge = offset + size
    if edge >= len(document.text):
        return len(document.text)
    line = document.line_at(edge)
    if document.line_end(line) == edge:
        return edge
    end_of_line_before = document.line_end(line - 1) if line > 0 else 0
    if end_of_line_before >= edge - size // 2:
        return end_of_line_before
    return edge - 1 if size > 0 and _is_inside_line_end(document, edge) else edge


def _is_inside_line_end(document: Document, offset: int) -> bool:
    return document.text[offset - 1 : offset + 1] == "\r\n"
