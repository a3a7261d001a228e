"""Lines elsewhere that are like those around the cursor: somebody has written something similar before.

Files that share rare words with the text around the cursor are looked up in the index; the windows of the best and of
the open ones are compared by the weight of the words that both have, over that of all (Jaccard's measure, weighted by
how rare a word is).
"""

from __future__ import annotations

import math
from collections import defaultdict

from ..cursor import Cursor
from ..heads import words_in
from ..library import WINDOW_LINES, File, Window
from ..workspace import Workspace
from .candidate import Candidate
from .nearby import names_near

NAME = "similar"
_MOST_WORDS = 14
_MANY_FILES = 80
"""A word that more files hold leads nowhere."""
_BEST_FILES = 6
_OPEN_FILES = 6
_LINES_BEFORE = WINDOW_LINES
_LEAST = 0.08
_USUAL = 0.2
"""What a word weighs of which it isn't known how rare it is; a word that one file has weighs 0.6."""


def candidates(cursor: Cursor, workspace: Workspace) -> list[Candidate]:
    """Return the window of each of the best files that is most like the text before a cursor."""
    rarity, paths = _rare_words(cursor, workspace)
    here = words_in(_text_before(cursor))
    found = []
    for path in dict.fromkeys([*(one.path for one in workspace.open_files[:_OPEN_FILES]), *paths]):
        file = workspace.file(path, "windows")
        if file is not None and (best := _best_window(file, here, rarity)) is not None:
            score, window = best
            text = file.lines(window.first, window.last)
            found.append(Candidate(NAME, path, window.first, text, score, "like the lines here"))
    return sorted((one for one in found if one.score >= _LEAST), key=lambda one: (-one.score, one.path))


def _rare_words(cursor: Cursor, workspace: Workspace) -> tuple[dict[str, float], list[str]]:
    """Return how rare the words near the cursor are, and the files that hold most of the rare ones, best first."""
    index, names = workspace.library.index, names_near(cursor, _MOST_WORDS)
    rarity: dict[str, float] = {}
    weights: defaultdict[str, float] = defaultdict(float)
    for name in names:
        paths = index.files_with(name, _MANY_FILES)
        rarity[name] = 1 / math.log2(2 + len(paths))
        if len(paths) < _MANY_FILES:
            for path in paths:
                weights[path] += rarity[name]
    weights.pop(workspace.path, None)
    return rarity, [path for path, _ in sorted(weights.items(), key=lambda one: (-one[1], one[0]))[:_BEST_FILES]]


def _text_before(cursor: Cursor) -> str:
    document = cursor.document
    first = document.line_start(max(0, document.line_at(cursor.offset) - _LINES_BEFORE))
    return document.text[first : cursor.offset]


def _best_window(file: File, here: frozenset[str], rarity: dict[str, float]) -> tuple[float, Window] | None:
    rare = [(word, weight - _USUAL) for word, weight in rarity.items() if word in here]
    best: tuple[float, Window] | None = None
    for window in file.windows:
        score = _likeness(here, window.words, rare)
        if best is None or score > best[0]:
            best = score, window
    return best


def _likeness(ours: frozenset[str], theirs: frozenset[str], rare: list[tuple[str, float]]) -> float:
    """Return the weight of the words in both over that of all; ``rare`` ones of ours weigh so much more than others."""
    n_shared = len(ours & theirs)
    shared = _USUAL * n_shared + sum([more for word, more in rare if word in theirs])
    total = _USUAL * (len(ours) + len(theirs) - n_shared) + sum([more for _, more in rare])
    return shared / total if total > 0 else 0.0
