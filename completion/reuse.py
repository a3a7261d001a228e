"""Proposals that still hold: shown before, and the user has since typed what they say (or nothing).

Holds hashes of the text before and after the place, not the text: a day's editing must not add up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from .ask import Edit, Proposal, Request, Trigger

KEPT = 16
"""How many places of a document are remembered."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What was proposed at an offset of a text: its length, and the hashes of what is before and after.

    ``n`` is how many candidates the proposals were chosen from.
    """

    n_characters: int
    offset: int
    before: int
    after: int
    proposals: tuple[Proposal, ...]
    n: int


@dataclass(slots=True)
class Memory:
    """The proposals of each document, newest first."""

    _shown: dict[str, deque[Shown]] = field(default_factory=dict)

    def store(self, request: Request, proposals: tuple[Proposal, ...], n: int) -> None:
        """Remember what was proposed from ``n`` candidates, also that there was nothing to propose."""
        shown = self._shown.setdefault(request.document.uri, deque(maxlen=KEPT))
        text, offset = request.document.text, request.offset
        shown.appendleft(Shown(len(text), offset, hash(text[:offset]), hash(text[offset:]), proposals, n))

    def lookup(self, request: Request, n: int) -> tuple[Proposal, ...] | None:
        """Return the proposals that hold at the request's place, or None where the model has to be asked.

        Those that were chosen from fewer than ``n`` candidates do not count.

        An empty tuple says that the model had nothing to offer in this very state; who presses a key for a
        proposal has it asked again.
        """
        after = hash(request.document.text[request.offset :])
        for shown in self._shown.get(request.document.uri, ()):
            holds = shown.n >= n and shown.after == after
            proposals = _typed_through(shown, request) if holds else None
            if proposals or (proposals is not None and request.trigger is Trigger.AUTOMATIC):
                return proposals
        return None

    def forget(self, uri: str) -> None:
        """Drop what was proposed in a document."""
        self._shown.pop(uri, None)


def _typed_through(shown: Shown, request: Request) -> tuple[Proposal, ...] | None:
    """Return what is left of the proposals when only their own first characters were typed, else None.

    The text after the cursor has to be the same.
    """
    text = request.document.text
    n_typed = request.offset - shown.offset
    if n_typed < 0 or len(text) != shown.n_characters + n_typed:
        return None
    if hash(text[: shown.offset]) != shown.before:
        return None
    typed = text[shown.offset : request.offset]
    if not typed:
        return shown.proposals
    left = tuple(_after(proposal, typed) for proposal in shown.proposals if _goes_on(proposal, typed))
    return left or None


def _goes_on(proposal: Proposal, typed: str) -> bool:
    text = proposal.edits[0].text
    return len(text) > len(typed) and text.startswith(typed)


def _after(proposal: Proposal, typed: str) -> Proposal:
    edit = proposal.edits[0]
    rest = Edit(edit.start + len(typed), edit.end + len(typed), edit.text[len(typed) :])
    return replace(proposal, edits=(rest, *proposal.edits[1:]))
