"""What a source offers: a piece of another file, how much it is worth, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """Lines of a file. ``score`` is 0 to 1 by the source's own measure; ``why`` tells the user what led to it."""

    source: str
    path: str
    line: int
    text: str
    score: float
    why: str
