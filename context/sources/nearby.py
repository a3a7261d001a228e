"""The names around a cursor, those nearest first: what sources go by."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..cursor import Cursor
from ..heads import subwords
from ..language import builtin_names

_REACH = 2_000
"""Characters before the cursor in which names are looked for."""
_REACH_AFTER = 400
_NAME = re.compile(r"[^\W\d]\w{2,59}(?!\w)")


def parts_of(names: Iterable[str]) -> frozenset[str]:
    """Return the words that names are put together from."""
    return frozenset(part for name in names for part in subwords(name))


def share_in(name: str, parts: frozenset[str]) -> float:
    """Return the share of a name's words that are among others, 0 to 1."""
    own = subwords(name)
    return len(own & parts) / len(own) if own else 0.0


def names_near(cursor: Cursor, most: int) -> list[str]:
    """Return the different names near a cursor, at most so many: those before it from the nearest on, then those after.

    Words of the language itself are left out, and the name that is being typed.
    """
    text, offset = cursor.document.text, cursor.offset
    before = text[max(0, offset - _REACH) : offset - len(cursor.identifier_before)]
    after = text[offset + len(cursor.identifier_after) : offset + _REACH_AFTER]
    language = cursor.document.language
    known = builtin_names(language) if language is not None else frozenset()
    ordered = [*reversed(_NAME.findall(before)), *_NAME.findall(after)]
    return [name for name in dict.fromkeys(ordered) if name not in known][:most]
