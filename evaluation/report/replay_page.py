"""The report of `midspan replay`: keystrokes saved, what became of each shown text, confidence, latency, files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import plots
from .page import differences, figure, how_it_was_made, interval, note, p_value, page, section, share, table
from .plots import Row

_MODES = {"whole": "whole texts", "line": "by line", "word": "by word"}
_FATES = {
    "accepted": "accepted",
    "typed along": "typed along with for a while",
    "typed against": "typed against at once",
    "replaced": "replaced by another text",
    "left": "gone without a key against it",
}
_MOST_FILES = 12


def replay_page(result: Mapping[str, Any]) -> str:
    """Return the page for a result of `midspan replay`. Raises ReportError where drawings can't be made."""
    saved, baseline = result["keystrokes_saved"], result["baseline"]
    lead = (
        f"Of {result['n_keystrokes']} keystrokes, {share(saved['whole'])} would have been saved by accepting whole "
        f"texts, {share(saved['word'])} by accepting word by word; a completer without a model saves "
        f"{share(baseline['whole'])} and {share(baseline['word'])}. {_every(result)}"
    )
    return page(
        f"Would midspan have helped in {result['repository']}?",
        lead,
        [
            section("Keystrokes saved", _saved(result), _saved_table(result)),
            section("What became of the texts that were shown", _fates(result)),
            section("Can the model's confidence be trusted?", _confidence(result)),
            section("How long it took", _latency(result)),
            section("By language", _parts(result["by_language"], "language")),
            section("By file", _parts(_extremes(result["by_file"]), "file")),
            section("How it spreads", _places(result)),
            section("Compared", _compared(result)),
            section("How this was made", how_it_was_made(result, _facts(result)), _notes(result)),
        ],
    )


def _every(result: Mapping[str, Any]) -> str:
    if not result["shown"]:
        return "Nothing was shown."
    return f"{share(result['precision'], 0)} of the {result['shown']} texts that were shown were accepted."


def _saved(result: Mapping[str, Any]) -> str:
    rows = [
        Row(
            _MODES[mode],
            value,
            result["ci95"][mode][0],
            result["ci95"][mode][1],
            {"without a model": result["baseline"][mode]},
        )
        for mode, value in result["keystrokes_saved"].items()
    ]
    drawn = plots.forest(rows, "keystrokes saved, %", name="midspan")
    return figure(drawn, "Keystrokes saved by how the user accepts, with 95 % intervals (bootstrap over files).")


def _saved_table(result: Mapping[str, Any]) -> str:
    rows = [
        (_MODES[mode], share(value), interval(result["ci95"][mode]), share(result["baseline"][mode]))
        for mode, value in result["keystrokes_saved"].items()
    ]
    return table(("accepted", "saved", "95 % interval", "without a model"), rows)


def _fates(result: Mapping[str, Any]) -> str:
    if not result["shown"]:
        return note("Nothing was shown.")
    fates = {name: result["fates"].get(fate, 0) / result["shown"] for fate, name in _FATES.items()}
    drawn = plots.bars(list(fates), {"share": list(fates.values())}, "of shown texts, %")
    per_100 = f"{result['shown_per_100_keystrokes']:.1f}"
    return figure(drawn, f"What became of {result['shown']} shown texts ({per_100} for 100 keystrokes).")


def _confidence(result: Mapping[str, Any]) -> str:
    if not any(one["shown"] for one in result["by_confidence"]):
        return note("The model server tells no probabilities.")
    caption = "How often a shown text was exactly right, by the mean probability of its tokens (dashed: equally often)."
    return figure(plots.calibration(result["by_confidence"]), caption)


def _latency(result: Mapping[str, Any]) -> str:
    if not result["latencies_ms"]:
        return note("The model showed nothing.")
    marks = {"p50": result["latency_ms"]["p50"], "p95": result["latency_ms"]["p95"]}
    drawn = plots.distribution(result["latencies_ms"], "ms from key to text (simulated)", marks)
    measured = result["measured_latency_ms"]
    check = (
        f"Measured while this ran: p50 {measured['p50']} ms, p95 {measured['p95']} ms over all answers of the model; "
        f"an answer took {result['measured_over_simulated']} of its simulated time (median)."
        if measured["p50"]
        else ""
    )
    return figure(drawn, "How long the texts that were shown took from the key before them.") + note(check)


def _parts(parts: Mapping[str, Mapping[str, Any]], what: str) -> str:
    rows = [
        (
            name,
            one["n_keystrokes"],
            *(share(one["keystrokes_saved"][mode]) for mode in _MODES),
            one["shown"],
            one["accepted"],
        )
        for name, one in parts.items()
    ]
    return table((what, "keystrokes", *(f"saved, {name}" for name in _MODES.values()), "shown", "accepted"), rows)


def _extremes(files: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the files with the most and the least saved, by words."""
    ordered = sorted(files, key=lambda name: (-files[name]["keystrokes_saved"]["word"], name))
    chosen = ordered if len(ordered) <= _MOST_FILES else ordered[: _MOST_FILES // 2] + ordered[-_MOST_FILES // 2 :]
    return {name: files[name] for name in chosen}


def _places(result: Mapping[str, Any]) -> str:
    series = {
        name: [(hunk["keystrokes"], hunk[kind]["word"]) for hunk in result["hunks"]]
        for name, kind in (("midspan, by word", "saved"), ("without a model, by word", "baseline"))
    }
    drawn = plots.spread(series, "of what was typed, highest savings first, %", "keystrokes saved, %")
    return figure(drawn, "How the savings spread: many places with a little, or a few with much. Areas are savings.")


def _compared(result: Mapping[str, Any]) -> str:
    versus = result.get("vs")
    if not versus or not versus["keystrokes_saved"]:
        return ""
    rows = [
        Row(f"{_MODES[mode]} ({p_value(one['p'])})", one["difference"], one["low"], one["high"])
        for mode, one in versus["keystrokes_saved"].items()
    ]
    drawn = plots.forest(rows, "difference in keystrokes saved, percentage points", name="difference", zero=True)
    places = f"the same {versus['n_hunks']} places"
    caption = f"This replay minus {versus['name']}, over {places}; right of the line this one saves more."
    other = versus["other"]
    names = {
        "shown": "shown",
        "accepted": "accepted",
        "precision": "accepted of shown",
        "never_wanted": "typed against at once",
        "flicker": "replaced",
    }
    rows_of_table = [
        (name, *(share(one[key]) if key not in ("shown", "accepted") else one[key] for one in (result, other)))
        for key, name in names.items()
    ]
    told = differences(((_MODES[mode], one) for mode, one in versus["keystrokes_saved"].items()), 100)
    return figure(drawn, caption) + told + table(("", "this", "other"), rows_of_table)


def _facts(result: Mapping[str, Any]) -> dict[str, object]:
    speed, typist = result["speed"], result["typist"]
    what = "bodies of functions, held out" if result["held_out"] else f"hunks of {result['n_commits']} commits"
    return {
        "typed": f"{result['n_hunks']} places in {result['n_files']} files: {what}; seed {result['seed']}",
        "typist": f"{typist['name']}, {typist['mean_ms']:.0f} ms between keys in the mean, beside pauses to think",
        "model": f"{result['model']} ({result['backend']})",
        "a step of the model": f"{speed['decode_ms_per_token']:.1f} ms",
        "a further token of a prompt": f"{speed['prefill_ms_per_token']:.2f} ms",
        "all else of an answer": f"{speed['overhead_ms']:.1f} ms",
        "time": f"{result['seconds']:.0f} s",
    }


def _notes(result: Mapping[str, Any]) -> str:
    left_out = f" Left out: {'; '.join(result['problems'])}." if result["problems"] else ""
    return note(
        "The user accepts only what is exactly right and has been on screen for 200 ms; the indentation of a new line "
        "comes with Enter. Times are simulated from the model's speed on this machine and the work of each answer."
        + left_out
    )
