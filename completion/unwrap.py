"""What a model writes around its code is taken off while the answer still streams: code fences, its own sentinels."""

from __future__ import annotations

import re

from ..context.cursor import Cursor
from ..context.syntax import Place

FENCE = "```"
MARKUP = frozenset({"markdown", "mdx", "quarto", "rmd"})
"""Languages in which a fence is text like any other."""

_SENTINEL = re.compile(r"<\|\w{2,40}\|>|<｜[^｜\s]{2,40}｜>|<\[?fim[-_]\w{2,10}\]?>|<(?:file_sep|issue_\w{2,10})>")
"""Special tokens, as servers write them out that don't know them to be special."""


def unwrapped(text: str, cursor: Cursor) -> tuple[str, bool]:
    """Return the code in an answer, and whether a sentinel or a closing fence says that it is over."""
    inside, is_over = _without_fence(text, cursor)
    sentinel = _SENTINEL.search(inside)
    if sentinel is None or sentinel[0] in cursor.file.text:
        return inside, is_over
    return inside[: sentinel.start()], True


def _without_fence(text: str, cursor: Cursor) -> tuple[str, bool]:
    """Return what is inside an answer that is fenced where code was wanted; any other text as it is."""
    if not text.lstrip().startswith(FENCE) or cursor.place is not Place.CODE:
        return text, False
    if cursor.file.language is None or cursor.file.language_id in MARKUP:
        return text, False
    _, _, inside = text.partition("\n")
    inside, closing, _ = inside.partition("\n" + FENCE)
    return inside, closing != ""
