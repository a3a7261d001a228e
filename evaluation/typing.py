"""How people type: keys and the pauses before them, from one seeded generator.

Pauses between keys are log-normal, as measured by Dhakal, Feit, Kristensson and Oulasvirta ("Observations on Typing
from 136 Million Keystrokes", CHI 2018: a mean of 238 ms over 168,000 people, about 120 ms for the fastest; skewed to
the right; the same key twice in a row is quicker). Beyond that study, people who write code stop to think: before a
line, after a statement, now and then before a word. Those pauses come on top of the typist's mean.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

_SIGMA = 0.45
"""Spread of the logarithm of a pause: half of the pauses lie between 0.74 and 1.36 times the median."""
_REPEATED_KEY = 0.8
_TYPO_SHARE = 0.025
_SHORTEST_MS = 30.0

_LINE_START_MS, _STATEMENT_END_MS, _WORD_MS = 900.0, 500.0, 350.0
_THINKS_AT_LINE_START, _THINKS_AT_WORD = 0.6, 0.06
_THINKING_SIGMA = 0.7

_KEY = re.compile(r"\r?\n[ \t]*|\r[ \t]*|.", re.DOTALL)
_STATEMENT_ENDS = ";:{})"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")


@dataclass(frozen=True, slots=True)
class Typist:
    """Somebody who types; ``mean_ms`` is the mean time between two keys while they do not stop to think."""

    name: str
    mean_ms: float


TYPISTS: Mapping[str, Typist] = MappingProxyType(
    {name: Typist(name, mean_ms) for name, mean_ms in (("fast", 120.0), ("average", 180.0), ("slow", 240.0))}
)


@dataclass(frozen=True, slots=True)
class Stroke:
    """One key, pressed ``pause_ms`` after the one before.

    ``text`` is what it inserts; ``start`` is the offset in the true text where that belongs. The key Enter inserts
    a line end and the indentation of the line after it, as editors do. A wrong key (``is_wrong``) inserts a
    character that is not in the text, and is always followed by the backspace that takes it back.
    """

    start: int
    text: str
    pause_ms: float
    is_wrong: bool = False
    is_backspace: bool = False


def strokes(text: str, typist: Typist, seed: int) -> tuple[Stroke, ...]:
    """Return the keys that type a text; the texts of the right ones, joined, are the text.

    Equal arguments give equal strokes on every machine.
    """
    return tuple(_strokes(text, typist, random.Random(f"{seed}:{typist.name}")))


def _strokes(text: str, typist: Typist, chance: random.Random) -> Iterator[Stroke]:
    previous = "\n"
    for match in _KEY.finditer(text):
        key = match.group()
        pause = _between_keys(key, previous, typist, chance) + _thinking(key, previous, chance)
        wrong = _neighbour(key, chance) if chance.random() < _TYPO_SHARE else ""
        if wrong:
            yield Stroke(match.start(), wrong, pause, is_wrong=True)
            noticed = 1.5 * _between_keys("", "", typist, chance)
            yield Stroke(match.start(), "", noticed, is_backspace=True)
            pause = _between_keys(key, "", typist, chance)
        yield Stroke(match.start(), key, pause)
        previous = key


def _between_keys(key: str, previous: str, typist: Typist, chance: random.Random) -> float:
    """Draw a pause; its mean over many keys is the typist's."""
    factor = _REPEATED_KEY if key == previous else 1.0
    median = typist.mean_ms * math.exp(-_SIGMA * _SIGMA / 2)
    return max(_SHORTEST_MS, factor * chance.lognormvariate(math.log(median), _SIGMA))


def _thinking(key: str, previous: str, chance: random.Random) -> float:
    """Draw how long somebody stops before a key, mostly not at all."""
    if previous[:1] in "\r\n":
        return _thought(_LINE_START_MS, chance) if chance.random() < _THINKS_AT_LINE_START else 0.0
    if key[:1] in "\r\n":
        return _thought(_STATEMENT_END_MS, chance) if previous in _STATEMENT_ENDS else 0.0
    begins_word = key.isalnum() and not (previous.isalnum() or previous == "_")
    return _thought(_WORD_MS, chance) if begins_word and chance.random() < _THINKS_AT_WORD else 0.0


def _thought(median_ms: float, chance: random.Random) -> float:
    return chance.lognormvariate(math.log(median_ms), _THINKING_SIGMA)


def _neighbour(key: str, chance: random.Random) -> str:
    """Return a key beside the one that was meant, nothing where the keyboard's row is not known."""
    for row in _ROWS:
        at = row.find(key.lower()) if len(key) == 1 else -1
        if at >= 0:
            beside = [row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)]
            return chance.choice(beside)
    return ""
