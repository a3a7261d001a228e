"""Fits a draft between the cursor and what stands right of it: nothing twice, every bracket closed once.

There are a few ways to join the two (as it is, without what the tail says again, up to a bracket that the tail
closes, in place of the tail's closing brackets). The one after which the document parses best is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..context.cursor import Cursor
from ..context.lexical import OPENER_OF
from ..context.syntax import Place
from .draft import Draft
from .layout import as_written, text_after
from .parsing import errors_after

CLOSING_TAIL = re.compile(r"[)\]}\"'`;,]+")
LEAST_REFORMATTED = 4
"""A shorter rest of a line is compared character by character only."""
TELLING_OVERLAP = re.compile(r"\w")


def fit_line_tail(draft: Draft, cursor: Cursor) -> Draft | str:
    """Return the best way to join the draft with the text after the cursor."""
    if not text_after(cursor).strip():
        return draft
    if cursor.place is Place.COMMENT:
        return _without_overlap(draft, cursor) or draft
    if cursor.identifier_before and cursor.identifier_after:
        return _through_word(draft, cursor)
    ways = list(dict.fromkeys(_ways(draft, cursor)))
    if len(ways) > 1:
        ways.sort(key=lambda way: (errors_after(way, cursor), _closes_twice(way, cursor)))
    best = ways[0]
    if not best.text.strip():
        return "stands after the cursor already"
    return "leaves a bracket open" if _leaves_open(best, cursor) else best


def _through_word(draft: Draft, cursor: Cursor) -> Draft | str:
    """Join where the cursor splits a word: the rest of the word, and what the draft says again after it, go."""
    tail = cursor.line_tail.rstrip()
    if draft.text.endswith(tail):
        return replace(draft, text=draft.text.removesuffix(tail))
    if draft.text.endswith(tail[len(cursor.identifier_after) :]):
        return replace(draft, covers=len(tail))
    return "would split a word"


def _ways(draft: Draft, cursor: Cursor) -> Iterator[Draft]:
    """Yield the ways to join, the preferred first among those that parse equally well."""
    cut = _without_overlap(draft, cursor)
    if cut is not None and TELLING_OVERLAP.search(draft.text[len(cut.text) :]):
        yield cut
        if draft.text.endswith(cursor.line_tail.rstrip()):
            return  # all of the tail, word for word: it is not meant to stand there twice
    yield draft
    tail = CLOSING_TAIL.fullmatch(cursor.line_tail.rstrip())
    closer = unmatched_closer(draft.text)
    goes_on = closer is not None and draft.text[closer:].strip() != cursor.line_tail.strip()
    if closer is not None and tail is not None and goes_on and draft.text[closer + 1 :].strip():
        yield replace(draft, covers=tail.end())  # it closes the bracket and goes on
    if closer is not None and text_after(cursor).lstrip().startswith(draft.text[closer]):
        yield replace(draft, text=draft.text[:closer].rstrip())
    if cut is not None:
        yield cut
    if tail is not None:
        yield replace(draft, covers=tail.end())


def _without_overlap(draft: Draft, cursor: Cursor) -> Draft | None:
    """Return the draft without the longest ending that the text right of the cursor begins with."""
    tail = cursor.line_tail.rstrip()
    if (start := _formatted_otherwise(draft.text, tail)) is not None:
        return replace(draft, text=draft.text[:start])
    for length in range(min(len(tail), len(draft.text)), 0, -1):
        if draft.text.endswith(tail[:length]):
            return replace(draft, text=draft.text[:-length])
    return None


def _formatted_otherwise(text: str, tail: str) -> int | None:
    """Return where a text begins to say the tail again, be it with other spaces or quotes; None if it doesn't."""
    wanted = as_written(tail)
    if len(wanted) < LEAST_REFORMATTED or not as_written(text).endswith(wanted):
        return None
    start, n_left = len(text), len(wanted) + len("".join(text.split())) - len(as_written(text))
    while n_left > 0:
        start -= 1
        n_left -= not text[start].isspace()
    return len(text[:start].rstrip()) if tail[:1].isspace() else start


def _closes_twice(draft: Draft, cursor: Cursor) -> bool:
    closer = unmatched_closer(draft.text)
    return closer is not None and text_after(cursor)[draft.covers :].lstrip().startswith(draft.text[closer])


def _leaves_open(draft: Draft, cursor: Cursor) -> bool:
    """Tell whether the draft opens a bracket that the rest of the line, which stands already, does not close."""
    rest = cursor.line_tail[draft.covers :]
    return bool(rest.strip()) and _n_open(draft.text + rest) > _n_open(rest)


def _n_open(text: str) -> int:
    """Return how many brackets a text leaves open."""
    return len(_scan(text)[1])


def unmatched_closer(text: str) -> int | None:
    """Return where the first bracket stands that closes nothing in the text itself (strings left out), or None."""
    return _scan(text)[0]


def _scan(text: str) -> tuple[int | None, list[str]]:
    """Return where the first unmatched closing bracket stands, and the opening ones that are left at the end."""
    first: int | None = None
    stack: list[str] = []
    quote = ""
    skip = False
    for at, character in enumerate(text):
        if skip:
            skip = False
        elif character == "\\":
            skip = True
        elif quote:
            quote = "" if character in (quote, "\n") else quote
        elif character in "\"'`":
            quote = character
        elif character in OPENER_OF.values():
            stack.append(character)
        elif character in OPENER_OF:
            if stack and stack[-1] == OPENER_OF[character]:
                stack.pop()
            elif first is None:
                first = at
    return first, stack
