"""Follows each proposal that is on screen until it is clear what became of it, and how much of it stays.

Told of answers, changes and commands; knows texts in memory only. What is written has none.
"""

from __future__ import annotations

import asyncio
import difflib
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace

from ..completion.ask import Proposal, Request
from ..completion.outcomes import CHECKS, Outcome, OutcomesUnreadable, outcomes_file, write
from ..completion.settings import OutcomeSettings
from ..completion.trace import Trace
from ..context.document import Change, Document

log = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[object, object, None]], object]
WRITE_SECONDS = 2.0
"""What becomes known within so many seconds is written at once, since each writing waits for the disk."""
_MOST_BY_ONE_KEY = 2
_AROUND = 400
_LONGEST_COMPARED = 1000
_LEAST_COMMON = 3


@dataclass(slots=True)
class _Open:
    """A proposal on screen: ``start`` is where it begins, ``done`` how much of its text is in the document."""

    outcome: Outcome
    text: str
    start: int
    done: int = 0


@dataclass(slots=True)
class _Taken:
    """A text that was taken, and where it begins now."""

    outcome: Outcome
    text: str
    start: int


class Outcomes:
    """What became of the proposals of one connection."""

    def __init__(
        self, spawn: Spawn, documents: Callable[[str], Document | None], settings: Callable[[], OutcomeSettings]
    ) -> None:
        """``spawn`` runs a coroutine in the background, ``documents`` gives the newest snapshot of an open one."""
        self._spawn = spawn
        self._documents = documents
        self._settings = settings
        self._open: dict[str, _Open] = {}
        self._taken: dict[str, list[_Taken]] = {}
        self._to_write: list[Outcome] = []
        self._complained = False

    def shown(self, request: Request, proposal: Proposal, trace: Trace) -> None:
        """Note that a proposal is on screen; while it is typed along, or shown again, it is still the same one."""
        uri, edit = request.document.uri, proposal.edits[0]
        before = self._open.get(uri)
        if before is not None and before.outcome.id == proposal.id:
            return
        self._end(uri)
        outcome = Outcome(
            id=proposal.id,
            at=time.time(),
            language=request.document.language_id,
            kind=proposal.kind.value,
            trigger=request.trigger.value,
            source=trace.source,
            model=trace.model,
            n_characters=len(edit.text),
            n_lines=edit.text.count("\n") + 1,
            latency_ms=round(trace.timing_ms.get("total", 0.0), 1),
            probability=proposal.probability,
        )
        self._open[uri] = _Open(outcome, edit.text, edit.start)

    def edited(self, changes: Sequence[Change], before: Document, after: Document) -> None:
        """Note what a change does to what is on screen, and where it moves what was taken."""
        uri = before.uri
        self._move(changes, before, after)
        shown = self._open.get(uri)
        if shown is None or before.text == after.text:
            return
        if (elsewhere := _elsewhere(changes, before, after, shown)) is not None:
            shown.start += elsewhere
            return
        there = after.text[shown.start : shown.start + len(shown.text)]
        n_common = _common_start(there, shown.text)
        grown = n_common - shown.done
        if len(changes) != 1 or grown <= 0 or not _is_at(changes[0], before, shown.start + shown.done):
            self._end(uri, "against")
            return
        # Several characters at once were taken, unless an editor has only closed a bracket or indented a line.
        at_once = grown > _MOST_BY_ONE_KEY and shown.text[shown.done : n_common].strip() != ""
        outcome = shown.outcome
        shown.outcome = replace(
            outcome,
            n_taken=outcome.n_taken + (grown if at_once else 0),
            n_typed=outcome.n_typed + (0 if at_once else grown),
        )
        shown.done = n_common
        if n_common == len(shown.text):
            self._end(uri)

    def accepted(self, proposal_id: str) -> None:
        """Note what the editor says: the user has taken a proposal, whole."""
        for uri, shown in list(self._open.items()):
            if shown.outcome.id == proposal_id:
                rest = len(shown.text) - shown.done
                shown.outcome = replace(shown.outcome, n_taken=shown.outcome.n_taken + rest)
                shown.done = len(shown.text)
                self._end(uri)
        # An editor may have applied it in a way that looked like something else.
        for at, outcome in enumerate(self._to_write):
            if outcome.id == proposal_id and outcome.fate != "accepted":
                n_taken = outcome.n_characters - outcome.n_typed
                self._to_write[at] = replace(outcome, fate="accepted", n_taken=n_taken)

    def rejected(self, proposal_id: str) -> None:
        """Note that the user has put a proposal away."""
        for uri, shown in list(self._open.items()):
            if shown.outcome.id == proposal_id:
                self._end(uri, "rejected")

    def closed(self, uri: str) -> None:
        """Note that a document is closed: nobody looks any more."""
        self._end(uri)
        self._taken.pop(uri, None)

    def close(self) -> None:
        """Write all that is known, at once: the connection ends."""
        self._to_write += [_ended(shown, "left") for shown in self._open.values()]
        self._open.clear()
        self._write_now()

    def _end(self, uri: str, fate: str = "left") -> None:
        """Put what was on screen on record; ``fate`` is what became of it if none of it was taken."""
        shown = self._open.pop(uri, None)
        if shown is None:
            return
        outcome = _ended(shown, fate)
        self._note(outcome)
        if outcome.n_taken:
            taken = _Taken(outcome, shown.text[: shown.done], shown.start)
            self._taken.setdefault(uri, []).append(taken)
            self._spawn(self._look_again(uri, taken))

    async def _look_again(self, uri: str, taken: _Taken) -> None:
        waited = 0
        for seconds in CHECKS:
            await asyncio.sleep(seconds - waited)
            waited = seconds
            if taken not in self._taken.get(uri, ()):
                return  # closed
            document = self._documents(uri)
            if document is None:
                return
            share = await asyncio.to_thread(share_kept, taken.text, document.text, taken.start)
            taken.outcome = replace(taken.outcome, **{f"kept_{seconds}": share})  # type: ignore[arg-type]
            self._note(taken.outcome)
        self._taken[uri].remove(taken)

    def _move(self, changes: Sequence[Change], before: Document, after: Document) -> None:
        if len(changes) != 1 or changes[0].start is None:
            return  # several at once: the text is searched for around where it was
        at, grown = before.offset_at(changes[0].start), len(after.text) - len(before.text)
        for taken in self._taken.get(before.uri, ()):
            if at < taken.start:
                taken.start = max(at, taken.start + grown)

    def _note(self, outcome: Outcome) -> None:
        if not self._to_write:
            self._spawn(self._write_soon())
        self._to_write.append(outcome)

    async def _write_soon(self) -> None:
        await asyncio.sleep(WRITE_SECONDS)
        await asyncio.to_thread(self._write_now)

    def _write_now(self) -> None:
        outcomes, self._to_write = self._to_write, []
        settings = self._settings()
        if not settings.keep or not outcomes:
            return
        try:
            write(outcomes, outcomes_file(), settings.days)
        except OutcomesUnreadable as error:
            if not self._complained:
                self._complained = True
                log.warning("%s", error)


def share_kept(text: str, document: str, start: int) -> float:
    """Return how much of a text is still there, 0 to 1: what it has in common with what stands around its place.

    Common parts of fewer than three characters are chance. (Ratcliff and Obershelp's matching, as in `difflib`.)
    """
    text = text[:_LONGEST_COMPARED].strip()
    around = document[max(0, start - _AROUND) : start + len(text) + _AROUND]
    if not text or text in around:
        return 1.0
    blocks = difflib.SequenceMatcher(None, text, around, autojunk=False).get_matching_blocks()
    return round(sum(block.size for block in blocks if block.size >= _LEAST_COMMON) / len(text), 3)


def _ended(shown: _Open, fate: str) -> Outcome:
    outcome = shown.outcome
    if shown.done == len(shown.text):
        fate = "accepted" if outcome.n_taken else "typed"
    elif outcome.n_taken:
        fate = "part"
    return replace(outcome, fate=fate)


def _common_start(one: str, other: str) -> int:
    n = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        n += 1
    return n


def _elsewhere(changes: Sequence[Change], before: Document, after: Document, shown: _Open) -> int | None:
    """Return by how much a change moves what is on screen, None where it is made there, or in several places."""
    if len(changes) != 1 or changes[0].start is None or changes[0].end is None:
        return None
    start, end = sorted((before.offset_at(changes[0].start), before.offset_at(changes[0].end)))
    if end < shown.start:
        return len(after.text) - len(before.text)
    return 0 if start > shown.start + shown.done else None


def _is_at(change: Change, before: Document, offset: int) -> bool:
    """Tell whether a change inserts at an offset, or replaces the line's beginning that it repeats."""
    if change.start is None or change.end is None:
        return True
    start, end = before.offset_at(change.start), before.offset_at(change.end)
    return start <= offset <= end
