"""Proposals that still hold: shown before, and the user has since typed what they say, or gone back a little.

A place is known by the text around it, so that it is found again after edits further up. What an editor has put in
by itself (a closing bracket, the indentation of a new line) does not end a proposal.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..context.lexical import OPENER_OF
from .ask import Edit, Proposal, Request, Trigger

KEPT = 16
"""How many places of a document are remembered."""
NEAR = 200
"""By so many characters before and after it a place is known again: what is kept of a document's text."""

_LONGEST_INSERTED = 80
_PUT_IN = re.compile(r"[\s)\]}>\"'`]*")
_OPENER_OF = OPENER_OF | {">": "<", '"': '"', "'": "'", "`": "`"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What was proposed between two texts, chosen from ``n`` candidates."""

    before: str
    after: str
    proposals: tuple[Proposal, ...]
    n: int


@dataclass(slots=True)
class Memory:
    """The proposals of each document, newest first, and what was rejected there."""

    _shown: dict[str, deque[Shown]] = field(default_factory=dict)
    _rejected: dict[str, deque[str]] = field(default_factory=dict)

    def store(self, request: Request, proposals: tuple[Proposal, ...], n: int) -> None:
        """Remember what was proposed from ``n`` candidates, also that there was nothing to propose."""
        shown = self._shown.setdefault(request.document.uri, deque(maxlen=KEPT))
        text, offset = request.document.text, request.offset
        before, after = text[max(0, offset - NEAR) : offset], text[offset : offset + NEAR]
        shown.appendleft(Shown(before, after, proposals, n))

    def lookup(self, request: Request, n: int) -> tuple[Proposal, ...] | None:
        """Return the proposals that hold at the request's place, or None where the model has to be asked.

        Those that were chosen from fewer than ``n`` candidates do not count, nor do rejected ones.

        An empty tuple says that the model had nothing to offer in this very state; who presses a key for a
        proposal has it asked again.
        """
        for shown in self._shown.get(request.document.uri, ()):
            proposals = _held(shown, request) if shown.n >= n else None
            if proposals is None:
                continue
            proposals = tuple(one for one in proposals if not self.was_rejected(request, one))
            if proposals or request.trigger is Trigger.AUTOMATIC:
                return proposals
        return None

    def reject(self, proposal_id: str) -> None:
        """Remember that the user does not want a proposal at its place; forget about one that is not known."""
        for uri, places in self._shown.items():
            for shown in places:
                for proposal in shown.proposals:
                    if proposal.id == proposal_id:
                        line = _line_and_above(shown.before) + proposal.edits[0].text
                        self._rejected.setdefault(uri, deque(maxlen=KEPT)).append(line)
                        return

    def was_rejected(self, request: Request, proposal: Proposal) -> bool:
        """Tell whether taking a proposal would write what the user has rejected at this place."""
        rejected = self._rejected.get(request.document.uri)
        if not rejected:
            return False
        before = request.document.text[max(0, request.offset - NEAR) : request.offset]
        return _line_and_above(before) + proposal.edits[0].text in rejected

    def forget(self, uri: str) -> None:
        """Drop what was proposed in a document."""
        self._shown.pop(uri, None)
        self._rejected.pop(uri, None)


def _line_and_above(before: str) -> str:
    """Return the line that is begun and the one above it: the same place however much of the line is typed."""
    above, _, line = before.rpartition("\n")
    return above.rstrip().rpartition("\n")[2] + "\n" + line


def _held(shown: Shown, request: Request) -> tuple[Proposal, ...] | None:
    """Return what is left of the proposals at the request's place, None where they have nothing to do with it."""
    text, offset = request.document.text, request.offset
    if (deleted := _deleted(shown, request)) is not None:
        return tuple(_at(offset, proposal, deleted + proposal.edits[0].text) for proposal in shown.proposals)
    for typed in _typed(shown, text, offset):
        inserted = _put_in(shown, text[offset : offset + NEAR + _LONGEST_INSERTED], typed)
        if inserted is None:
            continue
        if not typed and not inserted:
            return tuple(_at(offset, proposal, proposal.edits[0].text) for proposal in shown.proposals)
        left = tuple(_left(proposal, typed, inserted, offset) for proposal in shown.proposals)
        if held := tuple(one for one in left if one is not None):
            return held
    return None


def _deleted(shown: Shown, request: Request) -> str | None:
    """Return the last characters of the place's line that are gone again, if that is all that has changed."""
    text, offset = request.document.text, request.offset
    if not shown.proposals or not _follows(text[offset : offset + NEAR], shown.after):
        return None
    begun = len(shown.before) - (shown.before.rfind("\n") + 1)
    for n in range(1, begun + 1):
        kept = shown.before[:-n]
        if text.endswith(kept, 0, offset) and (len(shown.before) == NEAR or offset == len(kept)):
            return shown.before[-n:] if kept else None
    return None


def _typed(shown: Shown, text: str, offset: int) -> Iterator[str]:
    """Yield what may have been typed since, by where the text before the place is found again; the shortest first."""
    longest = max((len(proposal.edits[0].text) for proposal in shown.proposals), default=0)
    before, end = shown.before, offset
    is_telling = len(before) == NEAR or before.count("\n") > 2
    while (start := text.rfind(before, max(0, offset - longest - len(before)), end)) >= 0:
        if is_telling or start == 0:
            yield text[start + len(before) : offset]
        end = start + len(before) - 1
        if end < len(before):
            return


def _put_in(shown: Shown, after: str, typed: str) -> str | None:
    """Return what the editor has put in after the cursor, closing what was typed; None where something else changed."""
    if _follows(after, shown.after):
        return ""
    found = _PUT_IN.match(after)
    for n in range(1, min(len(found[0]) if found else 0, _LONGEST_INSERTED) + 1):
        inserted = after[:n]
        if inserted.strip() and _follows(after[n:], shown.after) and _closes(inserted.strip(), typed):
            return inserted
    return None


def _follows(after: str, known: str) -> bool:
    """Tell whether a text begins with what was known to stand there; less than `NEAR` of it was the end of the file."""
    return after[:NEAR] == known if len(known) < NEAR else after.startswith(known)


def _closes(inserted: str, typed: str) -> bool:
    openers = "".join(_OPENER_OF.get(character, "") for character in inserted if not character.isspace())
    return all(opener in typed for opener in openers)


def _left(proposal: Proposal, typed: str, inserted: str, offset: int) -> Proposal | None:
    """Return the rest of a proposal whose first characters were typed, and that closes itself what the editor has."""
    text = proposal.edits[0].text
    if len(text) <= len(typed) or not text.startswith(typed):
        return None
    rest = text[len(typed) :]
    closers = "".join(inserted.split())
    if not closers:
        return _at(offset, proposal, rest)
    if "\n" in inserted:  # the cursor is on a line of its own between the brackets
        at = rest.rfind(closers)
        rest = rest[:at].rstrip() if at >= 0 and not rest[at + len(closers) :].strip() else ""
        return _at(offset, proposal, rest) if rest else None
    if not re.search(".*?".join(map(re.escape, closers)), rest, re.DOTALL):
        return None
    return _at(offset, proposal, rest, len(inserted))


def _at(offset: int, proposal: Proposal, text: str, more_covered: int = 0) -> Proposal:
    edit = proposal.edits[0]
    moved = Edit(offset, offset + edit.end - edit.start + more_covered, text)
    return replace(proposal, edits=(moved, *proposal.edits[1:]))
