"""A user who accepts only what is exactly right: the whole text, its first line, or its next word."""

from __future__ import annotations

import re
from typing import Literal

Mode = Literal["whole", "line", "word"]
MODES: tuple[Mode, ...] = ("whole", "line", "word")

_FIRST_LINE = re.compile(r"(?:\r?\n[ \t]*)?[^\r\n]*")
_NEXT_WORD = re.compile(r"\s*(?:\w+|[^\w\s]+)")


def wanted_part(ghost: str, true_rest: str, mode: Mode) -> str:
    """Return the part of a ghost text that the user accepts, nothing if it is not right or saves no key.

    ``true_rest`` is what is to be typed from the cursor on. A part that ends within a word of it is not right. As
    editors have it, a word is letters or punctuation with the white space before it.
    """
    part = part_of(ghost, mode)
    is_right = true_rest.startswith(part) and not _splits_word(part, true_rest[len(part) :])
    return part if is_right and len(part) > 1 else ""


def is_right(ghost: str, true_rest: str) -> bool:
    """Tell whether a whole ghost text is what is to be typed."""
    return bool(ghost) and true_rest.startswith(ghost) and not _splits_word(ghost, true_rest[len(ghost) :])


def part_of(ghost: str, mode: Mode) -> str:
    """Return what an editor inserts of a ghost text: all, its first line, or its next word."""
    if mode == "whole":
        return ghost
    found = (_FIRST_LINE if mode == "line" else _NEXT_WORD).match(ghost)
    return found.group() if found else ""


def _splits_word(part: str, rest: str) -> bool:
    return bool(re.match(r"\w", part[-1:]) and re.match(r"\w", rest[:1]))
