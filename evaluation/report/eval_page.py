"""The report of `midspan eval`: each set's figures with intervals and baselines, by language and kind, differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import plots
from .page import details, differences, figure, how_it_was_made, interval, note, p_value, page, section, share, table
from .plots import Row

_NAMES = {
    "exact": "exact match",
    "edit_similarity": "edit similarity",
    "pass_at_1": "tests passed",
    "bits_per_char": "bits per character",
}


def eval_page(result: Mapping[str, Any]) -> str:
    """Return the page for a result of `midspan eval`. Raises ReportError where drawings can't be made."""
    sets: Mapping[str, Mapping[str, Any]] = result["sets"]
    n = sum(one["n"] for one in sets.values())
    exact = sum(one["n"] * one["exact"] for one in sets.values()) / max(1, n)
    copied = sum(one["n"] * one["baselines"]["copy"]["exact"] for one in sets.values()) / max(1, n)
    lead = (
        f"{result['model']} ({result['way']}) wrote exactly what belongs there in {share(exact)} of {n} holes of "
        f"{len(sets)} task sets; a copy of similar text nearby did so in {share(copied)}."
    )
    return page(
        "How good are the completions?",
        lead,
        [
            section(
                "Every set",
                _headline(sets),
                note("Beside the figures: 95 % intervals (bootstrap over problems or repositories)."),
            ),
            section("Exact match", _forest(sets, "exact")),
            section("Tests passed", _forest(sets, "pass_at_1")),
            section("Bits per character of the true answer (lower is better)", _bits(sets)),
            section("By language and kind", _parts(sets)),
            section("Without a model", _without_a_model(sets)),
            section("What went wrong", _trouble(result)),
            section("Compared", _compared(result)),
            section("How this was made", how_it_was_made(result, _facts(result))),
        ],
    )


def _headline(sets: Mapping[str, Mapping[str, Any]]) -> str:
    header = ("set", "n", *_NAMES.values(), "rows left out")
    rows = [
        (name, one["n"], *(_with_interval(one, metric) for metric in _NAMES), one["skipped"])
        for name, one in sets.items()
    ]
    return table(header, rows)


def _with_interval(one: Mapping[str, Any], metric: str) -> str:
    bounds = one["ci95"][metric]
    if not bounds:
        return _told(one, metric)
    below = f"{bounds[0]:.3f} to {bounds[1]:.3f}" if metric == "bits_per_char" else interval(bounds)
    return f"{_told(one, metric)}\n{below}"


def _told(one: Mapping[str, Any], metric: str) -> str:
    """Return a figure for people, a dash where there is none."""
    if metric != "bits_per_char":
        return share(one.get(metric))
    return "–" if one[metric] is None else f"{one[metric]:.3f}"


def _without_a_model(sets: Mapping[str, Mapping[str, Any]]) -> str:
    metrics = [metric for metric in _NAMES if metric != "bits_per_char"]
    rows = [
        (name, completer, *(_told(figures, metric) for metric in metrics))
        for name, one in sets.items()
        for completer, figures in one["baselines"].items()
    ]
    return table(("set", "completer", *(_NAMES[metric] for metric in metrics)), rows, 2)


def _forest(sets: Mapping[str, Mapping[str, Any]], metric: str) -> str:
    rows = [
        Row(name, one[metric], one["ci95"][metric][0], one["ci95"][metric][1], _baselines(one, metric))
        for name, one in sets.items()
        if one[metric] is not None
    ]
    if not rows:
        return ""
    name = _NAMES[metric]
    caption = f"{name.capitalize()} by set, with 95 % intervals, beside completers without a model."
    return figure(plots.forest(rows, f"{name}, %", name="this run"), caption)


def _baselines(one: Mapping[str, Any], metric: str) -> dict[str, float]:
    known = {name: figures[metric] for name, figures in one["baselines"].items()}
    return {f"{name} (no model)": value for name, value in known.items() if value is not None}


def _bits(sets: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        Row(name, one["bits_per_char"], *one["ci95"]["bits_per_char"])
        for name, one in sets.items()
        if one["bits_per_char"] is not None
    ]
    if not rows:
        return ""
    drawn = plots.forest(rows, "bits per character", name="this run", scale=1)
    return figure(drawn, "How many bits a character of the true answer costs the model, by set, with 95 % intervals.")


def _parts(sets: Mapping[str, Mapping[str, Any]]) -> str:
    header = ("set", "part", "n", *_NAMES.values())
    rows = [
        (
            name,
            part,
            one["n"],
            *(_told(one, metric) for metric in _NAMES),
        )
        for name, figures in sets.items()
        for by in ("by_language", "by_kind")
        if len(figures[by]) > 1
        for part, one in figures[by].items()
    ]
    return table(header, rows)


def _trouble(result: Mapping[str, Any]) -> str:
    rows = [
        (
            name,
            one["skipped"],
            one["errors"],
            one["silent"],
            one["run"],
            ", ".join(f"{n} {outcome}" for outcome, n in one["outcomes"].items()) or "–",
        )
        for name, one in result["sets"].items()
    ]
    protections = "; ".join(result.get("sandbox") or ()) or "none"
    return table(("set", "rows left out", "errors", "nothing offered", "programs run", "how they ended"), rows) + note(
        f"Programs ran with: {protections}."
    )


def _compared(result: Mapping[str, Any]) -> str:
    versus = result.get("vs")
    if not versus:
        return ""
    parts = [note(f"This run minus {versus['name']}, over the same tasks; right of the line this run is higher.")]
    everything = {**versus["sets"], "all": versus["all"]}
    for metric, name in _NAMES.items():
        scale = 1 if metric == "bits_per_char" else 100
        found = {one: metrics[metric] for one, metrics in everything.items() if metric in metrics}
        rows = [
            Row(f"{one} ({p_value(told['p'])})", told["difference"], told["low"], told["high"])
            for one, told in found.items()
        ]
        if rows:
            unit = name if scale == 1 else f"{name}, percentage points"
            drawn = plots.forest(rows, f"difference in {unit}", name="difference", scale=scale, zero=True)
            caption = f"Paired differences in {name}, with 95 % intervals."
            parts.append(figure(drawn, caption) + details("In figures", differences(found.items(), scale)))
    return "".join(parts)


def _facts(result: Mapping[str, Any]) -> dict[str, object]:
    limit = result["limit"] or "all"
    return {
        "model": f"{result['model']} ({result['backend']}), {result['way']}",
        "tasks": f"at most {limit} of each set, spread over groups, seed {result['seed']}",
        "time": f"{result['seconds']:.0f} s",
    }
