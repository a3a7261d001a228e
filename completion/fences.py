"""The code fences that chat models put around their answers, taken off while the answer still streams."""

from __future__ import annotations

from ..context.cursor import Cursor
from ..context.syntax import Place

FENCE = "```"
MARKUP = frozenset({"markdown", "mdx", "quarto", "rmd"})
"""Languages in which a fence is text like any other."""


def unfenced(text: str, cursor: Cursor) -> str:
    """Return what is inside an answer that is fenced where code was wanted; any other text as it is."""
    if not text.lstrip().startswith(FENCE) or cursor.place is not Place.CODE:
        return text
    if cursor.document.language is None or cursor.document.language_id in MARKUP:
        return text
    _, _, inside = text.partition("\n")
    return inside.partition("\n" + FENCE)[0]
