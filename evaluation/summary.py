"""From the records of a run to its figures: by set, language and kind, with intervals, and beside another run's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from . import stats
from .records import Record
from .stats import Interval
from .tasks import TaskSet

METRICS = ("exact", "edit_similarity", "pass_at_1", "bits_per_char")

Figures = dict[str, Any]
_Part = tuple[list[float], list[float], list[str]]
"""What a figure is the ratio of, item by item, and the items' groups."""


def summarize(records: Sequence[Record], sets: Iterable[TaskSet]) -> dict[str, Figures]:
    """Return the figures of each set, by its name, as docs/protocol.md describes them."""
    return {one.name: _of_set([r for r in records if r["set"] == one.name], len(one.problems)) for one in sets}


def compare(a: Sequence[Record], b: Sequence[Record]) -> dict[str, Any]:
    """Return how much higher run ``b`` is than run ``a`` in each metric, over the tasks that both have.

    `{"sets": {NAME: {METRIC: difference}}, "all": {METRIC: difference}}`; a metric that one of them lacks is left out.
    """
    known = {_key(record): record for record in a}
    pairs = [(known[_key(record)], record) for record in b if _key(record) in known]
    names = dict.fromkeys(record["set"] for _, record in pairs)
    return {
        "sets": {name: _differences([pair for pair in pairs if pair[1]["set"] == name]) for name in names},
        "all": _differences(pairs),
    }


def _of_set(records: Sequence[Record], n_problems: int) -> Figures:
    intervals = {metric: _interval(metric, records) for metric in METRICS}
    errors = sum(bool(record["error"]) for record in records)
    return {
        "n": len(records),
        **{metric: _value(interval) for metric, interval in intervals.items()},
        "ci95": {
            metric: interval and [_short(interval.low), _short(interval.high)] for metric, interval in intervals.items()
        },
        "skipped": n_problems,
        "errors": errors,
        "silent": sum(not record["completion"] for record in records) - errors,
        "n_bits": sum(_is_told("bits_per_char", record) for record in records),
        "run": sum(record["outcome"] is not None for record in records),
        "outcomes": dict(sorted(Counter(r["outcome"] for r in records if r["outcome"] is not None).items())),
        "by_language": _by(records, lambda record: record["language"]),
        "by_kind": _by(records, lambda record: record["kind"]),
        "baselines": _baselines(records),
    }


def _by(records: Sequence[Record], key: Callable[[Record], str]) -> dict[str, Figures]:
    parts: dict[str, list[Record]] = {}
    for record in records:
        parts.setdefault(key(record), []).append(record)
    return {
        name: {"n": len(part), **{metric: _value(_interval(metric, part)) for metric in METRICS}}
        for name, part in sorted(parts.items())
    }


def _baselines(records: Sequence[Record]) -> dict[str, Figures]:
    names = records[0]["baselines"] if records else ()
    metrics = [metric for metric in METRICS if metric != "bits_per_char"]
    return {
        name: {
            metric: _value(_interval(metric, [record["baselines"][name] | _place(record) for record in records]))
            for metric in metrics
        }
        for name in names
    }


def _place(record: Record) -> Record:
    return {"group": record["group"]}


def _interval(metric: str, records: Sequence[Record]) -> Interval | None:
    tops, bottoms, groups = _part(metric, records)
    return stats.ratio(tops, bottoms, groups) if bottoms else None


def _part(metric: str, records: Iterable[Record]) -> _Part:
    told = [record for record in records if _is_told(metric, record)]
    groups = [record["group"] for record in told]
    if metric == "bits_per_char":
        return [record["bits"] for record in told], [float(record["characters"]) for record in told], groups
    return [_score(metric, record) for record in told], [1.0] * len(told), groups


def _is_told(metric: str, record: Mapping[str, Any]) -> bool:
    if metric == "bits_per_char":
        return record["bits"] is not None and record["characters"] > 0
    return metric != "pass_at_1" or record["outcome"] is not None


def _score(metric: str, record: Mapping[str, Any]) -> float:
    return float(record["outcome"] == "passed" if metric == "pass_at_1" else record[metric])


def _differences(pairs: Sequence[tuple[Record, Record]]) -> Figures:
    found: Figures = {}
    for metric in METRICS:
        both = [pair for pair in pairs if _is_told(metric, pair[0]) and _is_told(metric, pair[1])]
        if both:
            a_tops, a_bottoms, groups = _part(metric, [a for a, _ in both])
            b_tops, b_bottoms, _ = _part(metric, [b for _, b in both])
            difference = stats.paired_ratio(a_tops, a_bottoms, b_tops, b_bottoms, groups)
            found[metric] = {name: _short(value) for name, value in asdict(difference).items()}
    return found


def _key(record: Record) -> tuple[str, str]:
    return record["set"], record["id"]


def _value(interval: Interval | None) -> float | None:
    return None if interval is None else _short(interval.value)


def _short(value: float) -> float:
    return round(value, 6)
