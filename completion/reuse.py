"""Proposals that still hold: shown before, and the user has since typed what they say (or nothing).

Holds texts, not snapshots, whose trees would cost more; at most `KEPT` a document.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from .ask import Edit, Proposal, Request, Trigger

KEPT = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """What was proposed at an offset of a text."""

    text: str
    offset: int
    proposals: tuple[Proposal, ...]


@dataclass(slots=True)
class Memory:
    """The proposals of each document, newest first."""

    _shown: dict[str, deque[Shown]] = field(default_factory=dict)

    def store(self, request: Request, proposals: tuple[Proposal, ...]) -> None:
        """Remember what was proposed, also that there was nothing to propose."""
        shown = self._shown.setdefault(request.document.uri, deque(maxlen=KEPT))
        shown.appendleft(Shown(request.document.text, request.offset, proposals))

    def lookup(self, request: Request) -> tuple[Proposal, ...] | None:
        """Return the proposals that hold at the request's place, or None where the model has to be asked.

        An empty tuple says that the model had nothing to offer in this very state; who presses a key for a
        proposal has it asked again.
        """
        for shown in self._shown.get(request.document.uri, ()):
            proposals = _typed_through(shown, request)
            if proposals or (proposals is not None and request.trigger is Trigger.AUTOMATIC):
                return proposals
        return None

    def forget(self, uri: str) -> None:
        """Drop what was proposed in a document."""
        self._shown.pop(uri, None)


def _typed_through(shown: Shown, request: Request) -> tuple[Proposal, ...] | None:
    """Return what is left of the proposals when only their own first characters were typed, else None."""
    n_typed = request.offset - shown.offset
    then, now = shown.text, request.document.text
    if n_typed < 0 or len(now) != len(then) + n_typed:
        return None
    typed = now[shown.offset : request.offset]
    if now[request.offset :] != then[shown.offset :] or not now.startswith(then[: shown.offset]):
        return None
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
