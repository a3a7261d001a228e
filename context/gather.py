"""Chooses what a model is shown of other files: the best of what the sources offer, within a budget.

What was chosen for a document stays as it is until something clearly better is there: the host has read it already,
and a prompt whose beginning changes has to be read anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .cursor import Cursor
from .snippet import Budget, Snippet
from .sources import defined, similar
from .sources.candidate import Candidate
from .window import CHARACTERS_PER_TOKEN
from .workspace import Workspace

SOURCES = {defined.NAME: defined.candidates, similar.NAME: similar.candidates}
"""Each by the name that settings and reports call it."""
SHOWN = "shown"
_CLEARLY_BETTER = 1.25
_SAME_LINES = 0.6
"""A snippet most of whose lines the model sees anyway brings nothing."""
_PATH_TOKENS = 12


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate, and what became of it in words."""

    candidate: Candidate
    verdict: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was chosen, in the order in which it is shown, what was considered, and what each source took (in ms)."""

    snippets: tuple[Snippet, ...] = ()
    considered: tuple[Considered, ...] = ()
    timing_ms: tuple[tuple[str, float], ...] = ()


class Gatherer:
    """Gathers for the documents of one editor, and remembers what it chose for each."""

    def __init__(self) -> None:
        """Begin with nothing chosen."""
        self._chosen: dict[str, tuple[Candidate, ...]] = {}

    def gather(self, cursor: Cursor, workspace: Workspace | None, sources: Sequence[str], budget: Budget) -> Gathered:
        """Return what helps at a cursor, what changes least first."""
        if workspace is None or not sources or budget.tokens <= 0:
            return Gathered()
        offered: list[Candidate] = []
        timing = []
        began = time.perf_counter()
        for name in sources:
            started = time.perf_counter()
            if (started - began) * 1000 > budget.milliseconds:
                break
            offered += SOURCES[name](cursor, workspace)
            timing.append((name, (time.perf_counter() - started) * 1000))
        chosen, considered = _choose(offered, cursor, budget.tokens)
        uri = cursor.document.uri
        kept = self._still_good(self._chosen.get(uri, ()), offered, cursor)
        if kept and _worth(chosen) < _CLEARLY_BETTER * _worth(kept):
            chosen = kept
        self._chosen[uri] = chosen
        return Gathered(_snippets(chosen), considered, tuple(timing))

    def forget(self, uri: str) -> None:
        """Drop what is remembered about a document."""
        self._chosen.pop(uri, None)

    def _still_good(
        self, before: tuple[Candidate, ...], offered: list[Candidate], cursor: Cursor
    ) -> tuple[Candidate, ...]:
        """Return what was chosen before, with its scores of now; nothing if some of it is not on offer any more."""
        now = {(one.source, one.path, one.line, one.text): one for one in offered}
        kept = [now.get((one.source, one.path, one.line, one.text)) for one in before]
        return tuple(one for one in kept if one is not None) if None not in kept else ()


def _choose(
    offered: Iterable[Candidate], cursor: Cursor, tokens: int
) -> tuple[tuple[Candidate, ...], tuple[Considered, ...]]:
    """Return the best candidates that fit, and what became of each."""
    seen = _lines(cursor.prefix) | _lines(cursor.suffix)
    chosen: list[Candidate] = []
    considered = []
    shown: set[tuple[str, str]] = set()
    left = tokens
    for one in sorted(offered, key=lambda one: (-one.score, one.source, one.path, one.line)):
        lines = _lines(one.text)
        cost = 1 + int(len(one.text) / CHARACTERS_PER_TOKEN) + (0 if (one.source, one.path) in shown else _PATH_TOKENS)
        if not lines or len(lines & seen) > _SAME_LINES * len(lines):
            verdict = "is seen already"
        elif cost > left:
            verdict = "no room is left"
        else:
            verdict = SHOWN
            chosen.append(one)
            shown.add((one.source, one.path))
            seen |= lines
            left -= cost
        considered.append(Considered(one, verdict))
    return tuple(chosen), tuple(considered)


def _snippets(chosen: tuple[Candidate, ...]) -> tuple[Snippet, ...]:
    """Return what is shown: one snippet for each file and source, always in the same order.

    So a score that changes a little shifts nothing.
    """
    texts: dict[tuple[str, str], list[str]] = {}
    for one in sorted(chosen, key=lambda one: (one.source, one.path, one.line)):
        texts.setdefault((one.source, one.path), []).append(one.text)
    return tuple(Snippet(path, "\n".join(lines)) for (_, path), lines in texts.items())


def _worth(chosen: tuple[Candidate, ...]) -> float:
    return sum(one.score for one in chosen)


def _lines(text: str) -> set[str]:
    """Return the different lines that say something."""
    return {line for line in map(str.strip, text.splitlines()) if len(line) > 3}
