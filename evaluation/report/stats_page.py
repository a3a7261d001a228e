"""The report of `midspan stats`: what became of proposals in real work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import plots
from .page import figure, note, page, section, share, table
from .plots import Row

_FATES = {
    "accepted": "taken whole",
    "part": "taken in part",
    "typed": "typed by hand to the end",
    "rejected": "put away",
    "against": "typed against",
    "left": "gone without a key against it",
}
_GROUPS = {
    "by_language": "language",
    "by_kind": "kind",
    "by_length": "length in characters",
    "by_trigger": "how it was asked for",
    "by_model": "model",
}


def stats_page(result: Mapping[str, Any]) -> str:
    """Return the page for a result of `midspan stats`. Raises ReportError where drawings can't be made."""
    lead = (
        f"{result['shown']} proposals were on screen since {result['since']}; {share(result['rate'])} of them were "
        f"taken, {result['characters_taken']} characters that nobody had to type."
    )
    return page(
        "What became of midspan's proposals?",
        lead,
        [
            section("What became of them", _fates(result)),
            *(section(f"By {name}", _group(result[key], name)) for key, name in _GROUPS.items()),
            section("Are sure proposals taken more often?", _confidence(result)),
            section("What stays of what was taken", _kept(result)),
            section("How long they took", _latency(result)),
            note("From the record on this machine, which holds no text of yours. `outcomes.keep = false` ends it."),
        ],
    )


def _fates(result: Mapping[str, Any]) -> str:
    n = max(1, result["shown"])
    rows = [(name, result["fates"].get(key, 0), share(result["fates"].get(key, 0) / n)) for key, name in _FATES.items()]
    return table(("", "proposals", "share"), rows)


def _group(parts: Mapping[str, Any], name: str) -> str:
    known = {key: one for key, one in parts.items() if one["rate"] is not None}
    rows = [Row(f"{key} ({one['shown']})", one["rate"], *one["rate_ci95"]) for key, one in known.items()]
    return (
        figure(
            plots.forest(rows, "taken, %", name=f"taken by {name}"),
            f"Share of proposals taken, by {name}, with 95 % intervals",
        )
        if rows
        else ""
    )


def _confidence(result: Mapping[str, Any]) -> str:
    rows = [
        (f"{one['low']:.1f} to {one['high']:.1f}", one["shown"], share(one["accepted"] / one["shown"]))
        for one in result["by_confidence"]
        if one["shown"]
    ]
    return table(("probability that the model gave them", "proposals", "taken"), rows)


def _kept(result: Mapping[str, Any]) -> str:
    rows = [(f"after {seconds} s", share(value)) for seconds, value in result["kept"].items() if value is not None]
    return table(("", "still there"), rows)


def _latency(result: Mapping[str, Any]) -> str:
    rows = [
        (f"from the {name}" if name == "model" else "shown before", times["p50"], times["p95"])
        for name, times in result["latency_ms"].items()
        if times["p50"] is not None
    ]
    return table(("", "half of them within, ms", "95 % within, ms"), rows)
