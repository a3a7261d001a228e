"""The order of candidates: how probable the model finds each, all of it and by the token, and names that exist.

The weights are in ranking.json, with how they were found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from ..context.cursor import Cursor
from ..context.names import unknown_names
from .ask import Candidate
from .trace import Trace

_MOST_UNKNOWN = 3


def order(candidates: tuple[Candidate, ...], cursor: Cursor, trace: Trace) -> tuple[Candidate, ...]:
    """Return the candidates, best first, each text once; where the server tells no probabilities, as they came."""
    unique: dict[str, Candidate] = {}
    for candidate in candidates:
        text = candidate.text.rstrip()
        if text in unique:
            trace.drop(candidate.text, "the same as another candidate")
        unique.setdefault(text, candidate)
    found = tuple(unique.values())
    if len(found) < 2 or any(candidate.logprob is None for candidate in found):
        return found
    return tuple(sorted(found, key=lambda candidate: -_rank(candidate, cursor)))


def _rank(candidate: Candidate, cursor: Cursor) -> float:
    weights, features = _weights(), _features(candidate, cursor)
    return sum(weights[name] * value for name, value in features.items())


def _features(candidate: Candidate, cursor: Cursor) -> Mapping[str, float]:
    inserted = cursor.document.replace(cursor.offset, cursor.offset, candidate.text)
    unknown = unknown_names(inserted, cursor.offset, cursor.offset + len(candidate.text))
    return {
        "logprob": candidate.logprob or 0.0,
        "mean_logprob": candidate.score or 0.0,
        "unknown_name": min(len(unknown), _MOST_UNKNOWN),
    }


@cache
def _weights() -> Mapping[str, float]:
    text = resources.files(__package__).joinpath("ranking.json").read_text("utf-8")
    weights: dict[str, float] = {name: value for name, value in json.loads(text).items() if name != "about"}
    return weights
