"""Chooses what a model is shown of other files: the best of what the sources offer, within a budget.

What was chosen for a document stays as it is until something clearly better is there: the host has read it already,
and a prompt whose beginning changes has to be read anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .cursor import Cursor
from .snippet import Budget, Snippet
from .sources import defined, own, pinned, sibling, similar
from .sources.candidate import Candidate
from .window import CHARACTERS_PER_TOKEN
from .workspace import Workspace

SOURCES = {one.NAME: one.candidates for one in (defined, own, pinned, sibling, similar)}
"""Each by the name that settings and reports call it."""
SHOWN = "shown"
_CLEARLY_BETTER = 0.8
"""So much more the new choice has to be worth in all; what is surely needed is worth nearly 1."""
_FADING = 0.9
_SAME_LINES = 0.6
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
        self._chosen: dict[str, tuple[tuple[Candidate, object | None], ...]] = {}
        """For each document, what was chosen, and the state of the file that it is from (`_state_of`)."""

    def gather(self, cursor: Cursor, workspace: Workspace | None, sources: Sequence[str], budget: Budget) -> Gathered:
        """Return what helps at a cursor, what changes least first."""
        if workspace is None or not sources or budget.tokens <= 0:
            return Gathered()
        offered: list[Candidate] = []
        timing = []
        # Each source has its share of the time; what one leaves is the next one's.
        workspace = replace(workspace, _files={})
        began = time.monotonic()
        for number, name in enumerate(sources, 1):
            started = time.perf_counter()
            share = budget.milliseconds * number / len(sources)
            workspace = replace(workspace, until=began + share / 1000)
            offered += SOURCES[name](cursor, workspace)
            timing.append((name, (time.perf_counter() - started) * 1000))
        chosen, considered = _choose(offered, cursor, budget.tokens)
        uri = cursor.file.uri
        kept = _as_worth_now(self._chosen.get(uri, ()), offered, cursor, workspace)
        if kept and _worth(chosen) < _worth(kept) + _CLEARLY_BETTER:
            chosen = kept
        self._chosen[uri] = tuple((one, _state_of(one, workspace)) for one in chosen)
        return Gathered(_snippets(chosen), considered, tuple(timing))

    def forget(self, uri: str) -> None:
        """Drop what is remembered about a document."""
        self._chosen.pop(uri, None)


def _as_worth_now(
    before: tuple[tuple[Candidate, object | None], ...],
    offered: list[Candidate],
    cursor: Cursor,
    workspace: Workspace,
) -> tuple[Candidate, ...]:
    """Return what was chosen before, with what it is worth now; nothing if it does not hold any more.

    What no source offers now is worth less with each time. It holds as long as its files may be read and are the same.
    """
    now = {(one.source, one.path, one.line, one.text): one.score for one in offered}
    seen = _lines(cursor.prefix) | _lines(cursor.suffix)
    kept = []
    for one, state in before:
        if state is None or _state_of(one, workspace) is not state or not _brings_something(one, seen):
            return ()
        score = now.get((one.source, one.path, one.line, one.text), _FADING * one.score)
        kept.append(replace(one, score=score))
    return tuple(kept)


def _state_of(one: Candidate, workspace: Workspace) -> object | None:
    """Return what is another object once a candidate's file has changed; None where it may not be read any more.

    The document itself changes with each key, but hardly where a candidate is from.
    """
    if one.path == workspace.path:
        return workspace.path
    file = workspace.file(one.path, "text")
    return file.document if file is not None else None


def _brings_something(one: Candidate, seen: set[str]) -> bool:
    """Return whether the model does not see most of a candidate's lines anyway."""
    lines = _lines(one.text)
    return bool(lines) and len(lines & seen) <= _SAME_LINES * len(lines)


def _choose(
    offered: Iterable[Candidate], cursor: Cursor, tokens: int
) -> tuple[tuple[Candidate, ...], tuple[Considered, ...]]:
    """Return the best candidates that fit, and what became of each.

    Scores of different sources can't be compared: in turn, the source that has the fewest tokens yet gives its best.
    """
    seen = _lines(cursor.prefix) | _lines(cursor.suffix)
    piles: dict[str, list[Candidate]] = {}
    for one in sorted(offered, key=lambda one: (one.score, one.source, one.path, -one.line)):
        piles.setdefault(one.source, []).append(one)
    spent = dict.fromkeys(piles, 0)
    chosen: list[Candidate] = []
    considered = []
    paths: set[tuple[str, str]] = set()
    while piles:
        source = min(piles, key=lambda name: (spent[name], name))
        one = piles[source].pop()
        if not piles[source]:
            del piles[source]
        cost = 1 + int(len(one.text) / CHARACTERS_PER_TOKEN) + (0 if (source, one.path) in paths else _PATH_TOKENS)
        if not _brings_something(one, seen):
            verdict = "is seen already"
        elif cost + sum(spent.values()) > tokens:
            verdict = "no room is left"
        else:
            verdict = SHOWN
            chosen.append(one)
            paths.add((source, one.path))
            seen |= _lines(one.text)
            spent[source] += cost
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
