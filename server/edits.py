"""What the user did to a document last, judged by the changes that the editor sends: nobody says it outright.

Knows texts before and after; nothing of what follows from it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence

from ..completion.ask import Did
from ..context.document import Change, Document

_MANY_CHARACTERS = 80
_STATES = 32


class Edits:
    """The last thing done in one document. States of its text are known by their hashes."""

    def __init__(self, document: Document) -> None:
        self.did = Did.UNKNOWN
        self._states = deque([hash(document.text)], maxlen=_STATES)
        self._expected: str | None = None

    def note(self, changes: Sequence[Change], before: Document, after: Document) -> None:
        """Note what brought the document from one snapshot to the next."""
        state = hash(after.text)
        was_here = state in self._states
        self.did = _did(changes, before, after, was_here=was_here, expected=self._expected)
        if not was_here or self.did is not Did.UNDONE:
            self._states.append(state)

    def expect(self, text: str) -> None:
        """Note the text of the proposal that is on screen: what adds it all at once is no paste."""
        self._expected = text


def _did(changes: Sequence[Change], before: Document, after: Document, *, was_here: bool, expected: str | None) -> Did:
    grown = len(after.text) - len(before.text)
    if before.text == after.text:
        return Did.UNKNOWN
    if len(changes) > 1 and len({change.text for change in changes}) == 1 and _are_apart(changes):
        return Did.SEVERAL
    if was_here and (grown > 1 or grown < -1):
        return Did.UNDONE
    added = _added(changes[-1], before, after)
    if grown < 0 and len(added.strip()) == 0 and "\n" not in added:
        return Did.DELETED
    if expected is not None and added and (added.endswith(expected) or expected.startswith(added)):
        return Did.TYPED
    if len(added) >= _MANY_CHARACTERS or added.strip().count("\n") > 0:
        return Did.PASTED
    return Did.TYPED


def _added(change: Change, before: Document, after: Document) -> str:
    """Return the new text of a change, of a whole new text what differs from the one before."""
    if change.start is not None:
        return change.text
    old, new = before.text, after.text
    head = bisect_left(range(min(len(old), len(new))), 1, key=lambda n: old[: n + 1] != new[: n + 1])
    rest = min(len(old), len(new)) - head
    tail = bisect_left(range(rest), 1, key=lambda n: old[len(old) - n - 1 :] != new[len(new) - n - 1 :])
    return new[head : len(new) - tail]


def _are_apart(changes: Sequence[Change]) -> bool:
    """Tell whether changes are on lines of their own, as those of several cursors are."""
    lines = [change.start.line for change in changes if change.start is not None]
    return len(lines) == len(changes) and len(set(lines)) == len(lines)
