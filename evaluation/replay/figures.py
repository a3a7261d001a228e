"""From what was typed and seen to the figures of a replay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .. import stats
from ..history import Hunk
from .session import Shown, Typed
from .user import MODES, Mode

Passes = Mapping[Mode, Sequence[Typed]]
"""The same hunks, typed by a user who accepts whole texts, lines, words."""

Figures = dict[str, Any]
_N_BINS = 10
_MOST_LATENCIES = 2000


def figures(passes: Passes, baseline: Passes) -> Figures:
    """Return the figures of a replay; all but the keys saved are of the pass by whole texts."""
    whole = passes["whole"]
    shown = [one for typed in whole for one in typed.shown]
    latencies = [latency for typed in whole for latency in typed.latencies_ms]
    measured = [pair for typed in whole for pair in typed.measured_ms]
    real = [milliseconds for milliseconds, _ in measured]
    saved_keys = sum(typed.n_keys_alone - typed.n_keys for typed in whole)
    intervals = {mode: _saved(typed) for mode, typed in passes.items()}
    n_keys = sum(typed.n_keys_alone for typed in whole)
    return {
        "keystrokes_saved": {mode: _short(interval.value) for mode, interval in intervals.items()},
        "ci95": {mode: [_short(interval.low), _short(interval.high)] for mode, interval in intervals.items()},
        "baseline": {mode: _short(_saved(typed).value) for mode, typed in baseline.items()},
        **_shown(shown),
        "shown_per_100_keystrokes": _short(100 * len(shown) / n_keys),
        "requests": sum(typed.n_requests for typed in whole),
        "interrupted": sum(typed.n_interrupted for typed in whole),
        "latency_ms": {"p50": _ms(latencies, 0.5), "p95": _ms(latencies, 0.95)},
        "measured_latency_ms": {"p50": _ms(real, 0.5), "p95": _ms(real, 0.95)},
        "measured_over_simulated": _median([milliseconds / simulated for milliseconds, simulated in measured]),
        "latencies_ms": [round(latency, 1) for latency in latencies[:_MOST_LATENCIES]],
        "tokens_per_saved_keystroke": _share(sum(typed.n_tokens for typed in whole), max(0, saved_keys)),
        "typing_s": round(sum(typed.typing_ms for typed in whole) / 1000, 1),
        "model_busy": _share(sum(typed.busy_ms for typed in whole), sum(typed.typing_ms for typed in whole)),
        "n_files": len({typed.hunk.path for typed in whole}),
        "n_hunks": len(whole),
        "n_keystrokes": n_keys,
        "by_confidence": _by_confidence(shown),
        "by_language": _by(passes, lambda typed: typed.hunk.language_id),
        "by_file": _by(passes, lambda typed: typed.hunk.path),
        "hunks": [_hunk(index, passes, baseline) for index in range(len(whole))],
    }


def common_places(earlier: Mapping[str, Any], hunks: Iterable[Hunk]) -> int:
    """Return how many of these hunks an earlier replay has typed too."""
    known = {(one["commit"], one["file"], one["offset"]) for one in earlier["hunks"]}
    return sum((hunk.commit, hunk.path, hunk.offset) in known for hunk in hunks)


def compare(other: Figures, this: Figures) -> Figures:
    """Return how much more this replay saves than another of the same hunks, paired by hunk, groups by file."""
    known = {_place(one): one for one in other["hunks"]}
    pairs = [(known[_place(one)], one) for one in this["hunks"] if _place(one) in known]
    groups = [b["file"] for _, b in pairs]
    alone = [float(b["keystrokes"]) for _, b in pairs]
    found: Figures = {"n_hunks": len(pairs), "keystrokes_saved": {}}
    for mode in MODES if pairs else ():
        saved = [[float(one["saved"][mode]) for one in side] for side in zip(*pairs, strict=True)]
        difference = stats.paired_ratio(saved[0], alone, saved[1], alone, groups)
        found["keystrokes_saved"][mode] = {name: _short(value) for name, value in asdict(difference).items()}
    names = (
        "keystrokes_saved",
        "shown",
        "accepted",
        "precision",
        "never_wanted",
        "flicker",
        "latency_ms",
        "tokens_per_saved_keystroke",
    )
    return {**found, "other": {name: other[name] for name in names}}


def _saved(typed: Sequence[Typed]) -> stats.Interval:
    alone = [float(one.n_keys_alone) for one in typed]
    saved = [float(one.n_keys_alone - one.n_keys) for one in typed]
    return stats.ratio(saved, alone, [one.hunk.path for one in typed])


def _shown(shown: Sequence[Shown]) -> Figures:
    fates: dict[str, int] = defaultdict(int)
    for one in shown:
        fates[one.fate] += 1
    n = len(shown)
    return {
        "shown": n,
        "accepted": fates["accepted"],
        "right": sum(one.is_right for one in shown),
        "precision": _share(fates["accepted"], n),
        "never_wanted": _share(fates["typed against"], n),
        "flicker": _share(fates["replaced"], n),
        "fates": dict(sorted(fates.items())),
    }


def _by_confidence(shown: Sequence[Shown]) -> list[Figures]:
    bins = [{"low": i / _N_BINS, "high": (i + 1) / _N_BINS, "shown": 0, "right": 0} for i in range(_N_BINS)]
    for one in shown:
        if one.confidence is not None:
            place = bins[min(_N_BINS - 1, int(one.confidence * _N_BINS))]
            place["shown"] += 1
            place["right"] += one.is_right
    return bins


def _by(passes: Passes, key: Callable[[Typed], str]) -> dict[str, Figures]:
    names = sorted({key(typed) for typed in passes["whole"]})
    parts = {
        name: {mode: [one for one in typed if key(one) == name] for mode, typed in passes.items()} for name in names
    }
    return {
        name: {
            "n_keystrokes": sum(one.n_keys_alone for one in part["whole"]),
            "keystrokes_saved": {mode: _short(_saved(typed).value) for mode, typed in part.items()},
            "shown": sum(len(one.shown) for one in part["whole"]),
            "accepted": sum(one.fate == "accepted" for typed in part["whole"] for one in typed.shown),
        }
        for name, part in parts.items()
    }


def _hunk(index: int, passes: Passes, baseline: Passes) -> Figures:
    typed = passes["whole"][index]
    return {
        "commit": typed.hunk.commit,
        "file": typed.hunk.path,
        "language": typed.hunk.language_id,
        "offset": typed.hunk.offset,
        "keystrokes": typed.n_keys_alone,
        "saved": {mode: one[index].n_keys_alone - one[index].n_keys for mode, one in passes.items()},
        "baseline": {mode: one[index].n_keys_alone - one[index].n_keys for mode, one in baseline.items()},
    }


def _place(hunk: Figures) -> tuple[object, ...]:
    return hunk["commit"], hunk["file"], hunk["offset"], hunk["keystrokes"]


def _ms(values: Sequence[float], share: float) -> float | None:
    found = stats.quantile(values, share)
    return None if found is None else round(found, 1)


def _median(values: Sequence[float]) -> float | None:
    found = stats.quantile(values, 0.5)
    return None if found is None else round(found, 2)


def _share(part: float, whole: float) -> float | None:
    return _short(part / whole) if whole else None


def _short(value: float) -> float:
    return round(value, 6)
