"""How likely a model finds what stands after the cursor, once a proposal is there.

A proposal that the rest of the file follows from is a better one. The model reads the end of the text before the
cursor, the proposal, and then what follows it, which it was not shown: the rest of the line and the next line.

Source: re-ranking fill-in-the-middle by the likelihood of the suffix, as in "InCoder" (Fried et al. 2022), section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..context.cursor import Cursor
from ..context.document import Document
from .ask import Ask, Deadline, Edit, Kind, Proposal
from .backends.base import Backend
from .errors import MidspanError
from .layout import line_below

_BEFORE, _AFTER = 400, 120
"""So many characters before the proposal are read, and so many after it: enough to tell, and quick to read."""
_FAR = 6.0
"""A proposal that is so much less likely than the best one (natural logarithm) is not made better by what follows."""
_SHARE, _MOST_MS = 0.5, 1000.0
"""How much of the time that is left may be taken, and at most."""


async def likelihoods(backend: Backend, ask: Ask, cursor: Cursor, proposals: Sequence[Proposal]) -> Mapping[str, float]:
    """Return the natural log-probability of what follows each of the likely proposals, by the proposal's id.

    Nothing where there is nothing to choose or nothing follows, where reading costs money, or without time for it.
    """
    best = max((one.logprob for one in proposals if one.logprob is not None), default=0.0)
    likely = [one for one in proposals if one.logprob is not None and one.logprob >= best - _FAR]
    if len(likely) < 2 or not backend.reads_ahead:
        return {}
    deadline = Deadline.after(min(_MOST_MS, 1000 * _SHARE * ask.deadline.seconds_left()))
    found: dict[str, float] = {}
    for proposal in likely:
        edit = proposal.edits[0]
        follows = _following(cursor, edit)
        if not follows.strip():
            return {}
        try:
            likelihood = await backend.likelihood(_behind(ask, edit, deadline), follows)
        except MidspanError:
            return {}
        if likelihood is None:
            return {}
        found[proposal.id] = likelihood.logprob
    return found


def _behind(ask: Ask, edit: Edit, deadline: Deadline) -> Ask:
    """Ask for what comes behind a proposal. It has a session of its own: what is read here is not what is typed."""
    prefix = ask.hole.prefix[-_BEFORE:] + edit.text.replace("\r\n", "\n")
    hole = replace(ask.hole, prefix=prefix, suffix="", snippets=())
    return replace(ask, hole=hole, kind=Kind.BLOCK, deadline=deadline, session=f"{ask.session} follow", n_likeliest=0)


def _following(cursor: Cursor, edit: Edit) -> str:
    rest = _rest_of_line(cursor.file, edit.end)
    return f"{rest}\n{line_below(cursor)}"[:_AFTER]


def _rest_of_line(file: Document, offset: int) -> str:
    return file.text[offset : file.line_end(file.line_at(offset))]
