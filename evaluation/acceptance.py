"""From the record of what became of proposals to figures: acceptance, what stays of it, and how long it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..completion.outcomes import CHECKS, Outcome
from . import stats

_LENGTHS = ((1, 10), (11, 30), (31, 80), (81, 10**9))
_N_BINS = 10


def acceptance(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the documented JSON of `midspan stats`."""
    return {
        **_part(outcomes),
        "fates": dict(sorted(Counter(one.fate for one in outcomes).items())),
        "kept": {str(seconds): _mean(getattr(one, f"kept_{seconds}") for one in outcomes) for seconds in CHECKS},
        "latency_ms": {
            source: {"p50": _quantile(outcomes, source, 0.5), "p95": _quantile(outcomes, source, 0.95)}
            for source in ("model", "reuse")
        },
        "by_language": _by(outcomes, lambda one: one.language),
        "by_kind": _by(outcomes, lambda one: one.kind),
        "by_trigger": _by(outcomes, lambda one: one.trigger),
        "by_model": _by(outcomes, lambda one: one.model),
        "by_length": _by(outcomes, _length),
        "by_confidence": _by_confidence(outcomes),
    }


def _part(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    n = len(outcomes)
    n_taken = sum(one.n_taken > 0 for one in outcomes)
    interval = stats.mean([float(one.n_taken > 0) for one in outcomes], [one.id for one in outcomes]) if n else None
    return {
        "shown": n,
        "accepted": n_taken,
        "rate": None if interval is None else round(interval.value, 4),
        "rate_ci95": None if interval is None else [round(interval.low, 4), round(interval.high, 4)],
        "characters_taken": sum(one.n_taken for one in outcomes),
        "characters_typed_along": sum(one.n_typed for one in outcomes),
    }


def _by(outcomes: Sequence[Outcome], key: Callable[[Outcome], str]) -> dict[str, Any]:
    return {
        name: _part([one for one in outcomes if key(one) == name])
        for name, _ in Counter(map(key, outcomes)).most_common()
    }


def _length(outcome: Outcome) -> str:
    low, high = next((low, high) for low, high in _LENGTHS if max(1, outcome.n_characters) <= high)
    return f"{low} to {high}" if high < 10**9 else f"{low} and more"


def _by_confidence(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return how often proposals are taken, by how probable the model found them."""
    bins = [{"low": i / _N_BINS, "high": (i + 1) / _N_BINS, "shown": 0, "accepted": 0} for i in range(_N_BINS)]
    for one in outcomes:
        if one.probability is not None:
            place = bins[min(_N_BINS - 1, int(one.probability * _N_BINS))]
            place["shown"] += 1
            place["accepted"] += one.n_taken > 0
    return bins


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 4) if known else None


def _quantile(outcomes: Sequence[Outcome], source: str, share: float) -> float | None:
    found = stats.quantile([one.latency_ms for one in outcomes if one.source == source], share)
    return None if found is None else round(found, 1)
