"""The order of proposals: how probable the model finds each, and what follows it in the file.

The weights are in ranking.json, with how they were found; docs/log.md tells what else was tried.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from .ask import Proposal

_MOST_UNLIKELY = -10.0


def order(proposals: tuple[Proposal, ...], follow: Mapping[str, float]) -> tuple[Proposal, ...]:
    """Return the proposals, best first; where the server tells no probabilities, as they came.

    ``follow`` has the log-probability of what follows those that are likely enough, by their ids, or nothing.
    """
    if any(proposal.logprob is None for proposal in proposals):
        return proposals
    return tuple(sorted(proposals, key=lambda proposal: -_rank(_features(proposal, follow))))


def _rank(features: Mapping[str, float]) -> float:
    return sum(_weights()[name] * value for name, value in features.items())


def _features(proposal: Proposal, follow: Mapping[str, float]) -> Mapping[str, float]:
    best = max(follow.values(), default=0.0)
    behind_best = follow.get(proposal.id, best + _MOST_UNLIKELY) - best if follow else 0.0
    return {"logprob": proposal.logprob or 0.0, "follow": max(_MOST_UNLIKELY, behind_best)}


@cache
def _weights() -> Mapping[str, float]:
    text = resources.files(__package__).joinpath("ranking.json").read_text("utf-8")
    weights: dict[str, float] = {name: value for name, value in json.loads(text).items() if name != "about"}
    return weights
