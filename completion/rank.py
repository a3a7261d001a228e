"""The order of candidates: the model's mean log-probability of a token, equal texts once."""

from __future__ import annotations

from .ask import Candidate
from .trace import Trace


def order(candidates: tuple[Candidate, ...], trace: Trace) -> tuple[Candidate, ...]:
    """Return the candidates, best first; where the server tells no probabilities, in the order they came."""
    unique: dict[str, Candidate] = {}
    for candidate in candidates:
        text = candidate.text.rstrip()
        if text in unique:
            trace.drop(candidate.text, "the same as another candidate")
        unique.setdefault(text, candidate)
    if any(candidate.score is None for candidate in unique.values()):
        return tuple(unique.values())
    return tuple(sorted(unique.values(), key=lambda candidate: candidate.score or 0.0, reverse=True))
