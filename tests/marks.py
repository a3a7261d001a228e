"""Cursors and ghost text in source snippets.

``¦`` is the cursor, ``├…┤`` stands around ghost text::

    text, offset = parse_marks("print(¦)")          # ("print()", 6)
    render_ghost("print()", 6, 6, "x")              # "print(├x┤)"

``dedent`` makes an indented triple-quoted snippet into a file's text.
"""

from __future__ import annotations

import textwrap

CURSOR = "¦"


def dedent(text: str) -> str:
    """Return a snippet without its common indentation and without the line break after its opening quotes."""
    return textwrap.dedent(text.removeprefix("\n"))


def parse_marks(text: str) -> tuple[str, int]:
    """Return the text without its one cursor mark, and the offset at which it was."""
    before, mark, after = text.partition(CURSOR)
    if not mark or CURSOR in after:
        raise ValueError(f"A snippet needs exactly one {CURSOR}.")
    return before + after, len(before)


def render_ghost(text: str, start: int, end: int, inserted: str) -> str:
    """Return the text with [start, end) replaced by ``inserted``, which is marked as ghost text."""
    return f"{text[:start]}├{inserted}┤{text[end:]}"
