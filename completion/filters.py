"""From candidates to proposals: an ordered list of small functions, each of which mends a draft or drops it.

A filter takes a draft and the cursor, and returns the draft that goes on, or the reason why none does. Texts
have newlines as line ends until the last step.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace

from ..context.cursor import Cursor
from .ask import Candidate, Edit, Kind, Proposal
from .draft import Draft
from .indentation import fit_indentation
from .layout import as_written, header_line, indent_width, is_telling, line_below, lines_below
from .line_tail import fit_line_tail
from .parsing import can_be_judged, errors_after, errors_before, leaves_open
from .secrets import holds_secret
from .trace import Trace

_BROKEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd\ud800-\udfff]")

Filter = Callable[[Draft, Cursor], Draft | str]


def apply(candidates: tuple[Candidate, ...], cursor: Cursor, kind: Kind, trace: Trace) -> tuple[Proposal, ...]:
    """Shape each candidate; note in the trace which are dropped, and why."""
    proposals: dict[str, Proposal] = {}
    for candidate in candidates:
        if not candidate.complete and not candidate.text:
            continue  # nothing of it was whole in time, as the verdict says
        draft = _shape(Draft(candidate.text, kind), cursor)
        if isinstance(draft, str):
            trace.drop(candidate.text, draft)
        elif draft.text in proposals:
            trace.drop(candidate.text, "the same as another proposal")
        else:
            proposals[draft.text] = _proposal(draft, candidate, cursor)
    return tuple(proposals.values())


def _shape(draft: Draft, cursor: Cursor) -> Draft | str:
    for one in FILTERS:
        mended = one(draft, cursor)
        if isinstance(mended, str):
            return mended
        draft = mended
    return draft


def _proposal(draft: Draft, candidate: Candidate, cursor: Cursor) -> Proposal:
    edit = Edit(cursor.offset, cursor.offset + draft.covers, draft.text)
    return Proposal(uuid.uuid4().hex, (edit,), draft.kind, candidate.score, candidate.logprob)


def something_to_add(draft: Draft, cursor: Cursor) -> Draft | str:
    """Drop what is blank; white space at the end is not worth showing."""
    text = draft.text.rstrip()
    return replace(draft, text=text) if text else "nothing to add"


def without_broken_characters(draft: Draft, cursor: Cursor) -> Draft | str:
    """Drop a text with halves of characters or control characters, unless the document has such ones."""
    broken = _BROKEN.search(draft.text)
    return "holds a broken character" if broken and broken[0] not in cursor.file.text else draft


def without_loop(draft: Draft, cursor: Cursor) -> Draft | str:
    """Drop a text that repeats itself; of a block, keep what comes before its third equal line in a row."""
    loop = re.search(r"(\S.{1,30}?)\1{5,}\s*$", draft.text[-400:], re.DOTALL)
    if loop is not None and len(set(loop[1])) > 1 and any(map(str.isalnum, loop[1])):  # not 000000, not =-=-=-
        return "repeats itself"
    lines = draft.text.split("\n")
    for at in range(2, len(lines)):
        if is_telling(lines[at]) and lines[at].strip() == lines[at - 1].strip() == lines[at - 2].strip():
            return replace(draft, text="\n".join(lines[: at - 1]))
    return draft


def without_secrets(draft: Draft, cursor: Cursor) -> Draft | str:
    """Drop what looks like a key or a password, whatever the document holds."""
    return "looks like a secret" if holds_secret(draft.text, cursor.line_head) else draft


def without_line_above(draft: Draft, cursor: Cursor) -> Draft | str:
    """Drop what only says again the line right above the cursor."""
    if cursor.line_head.strip():
        return draft
    first = draft.text.strip("\n").split("\n")[0].strip()
    is_again = is_telling(first) and first == header_line(cursor).strip()
    return "repeats the line above" if is_again else draft


def without_lines_below(draft: Draft, cursor: Cursor) -> Draft | str:
    """Cut from the first line on that stands after the cursor already, and that the text would run into."""
    below = line_below(cursor)
    lines = draft.text.split("\n")
    for at, line in enumerate(lines):
        whole = cursor.line_head + line if at == 0 else line
        is_same = as_written(whole) == as_written(below) and indent_width(whole) == indent_width(below)
        if is_same and is_telling(whole):
            return replace(draft, text="\n".join(lines[:at])) if at else "repeats the line below"
    return replace(draft, text="\n".join(_without_closing_lines(lines, cursor)))


def _without_closing_lines(lines: list[str], cursor: Cursor) -> list[str]:
    """Leave out last lines that hold nothing but brackets and are the first ones after the cursor."""
    below = [line.rstrip() for line in lines_below(cursor) if line.strip()]
    for n in range(min(len(lines) - 1, len(below)), 0, -1):
        ending = [line.rstrip() for line in lines[-n:]]
        if ending == below[:n] and not any(is_telling(line) for line in ending):
            return lines[:-n]
    return lines


def still_something(draft: Draft, cursor: Cursor) -> Draft | str:
    """Drop a draft of which nothing but white space is left."""
    return draft if draft.text.strip() else "repeats what follows"


def with_line_ends(draft: Draft, cursor: Cursor) -> Draft | str:
    """Write line ends as the document does."""
    return replace(draft, text=draft.text.replace("\n", cursor.eol))


def parses_no_worse(draft: Draft, cursor: Cursor) -> Draft | str:
    """Drop what adds a syntax error to the document, or leaves one there by a bracket or string that it begins."""
    if not can_be_judged(cursor):
        return draft
    after, before = errors_after(draft, cursor), errors_before(cursor)
    if after > before:
        return "breaks the syntax"
    return "leaves a bracket or a string open" if after == before > 0 and leaves_open(draft, cursor) else draft


FILTERS: tuple[Filter, ...] = (
    something_to_add,
    without_broken_characters,
    without_loop,
    without_secrets,
    fit_indentation,
    without_line_above,
    without_lines_below,
    fit_line_tail,
    still_something,
    with_line_ends,
    parses_no_worse,
)
