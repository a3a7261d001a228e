"""`midspan replay`: how many keystrokes midspan would have saved in a repository's own history."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from .measuring import FILE, other_of, percent, progress
from .output import table
from .overrides import set_option


@click.command("replay", short_help="Type a repository's own history and count keystrokes saved.")
@click.argument("repository", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--keystrokes", default=2000, show_default=True, type=click.IntRange(10), help="About how much to type.")
@click.option("--commits", default=50, show_default=True, type=click.IntRange(1), help="How far back to look.")
@click.option("--seed", default=1, show_default=True, help="Which changes, and how they are typed.")
@click.option("--typist", default="average", show_default=True, type=click.Choice(("fast", "average", "slow")))
@click.option("--path", "paths", multiple=True, metavar="PATTERN", help="Only these files, such as 'src/*' (repeat).")
@click.option("--language", "languages", multiple=True, metavar="ID", help="Only these languages (repeat).")
@click.option("--raw", is_flag=True, help="The model's first line at every key, without the pipeline.")
@set_option
@click.option("--vs", metavar="RUN.json|KEY=VALUE,...", help="Compare with an earlier replay, or with these settings.")
@click.option("--json", "out", type=FILE, help="Write the figures here.")
@click.option("--html", type=FILE, help="Write a report with plots here.")
@click.option("--measure-speed", is_flag=True, help="Time the model anew (else as it was measured the first time).")
def command(
    repository: Path,
    keystrokes: int,
    commits: int,
    seed: int,
    typist: str,
    paths: tuple[str, ...],
    languages: tuple[str, ...],
    raw: bool,
    overrides: dict[str, object],
    vs: str | None,
    out: Path | None,
    html: Path | None,
    measure_speed: bool,
) -> None:
    """Type what was added to REPOSITORY in its last commits, key by key, with a simulated user.

    The user accepts only what is exactly right. Pauses pass as simulated time; the model's answers take as long as
    they would on this machine. Nothing in REPOSITORY is changed or run.
    """
    from ..evaluation.replay.replay import Options, replay
    from ..evaluation.report import plots
    from ..evaluation.report.replay_page import replay_page
    from ..evaluation.results import as_json, check_writable, write

    if html is not None:
        plots.check()
    check_writable(out, html)
    options = Options(
        repository=repository,
        n_keystrokes=keystrokes,
        n_commits=commits,
        seed=seed,
        typist=typist,
        paths=paths,
        languages=languages,
        overrides=overrides,
        other=other_of(vs),
        other_name=vs or "",
        measure_speed=measure_speed,
        raw=raw,
    )
    with progress() as (say, advance):
        result = asyncio.run(replay(options, say, advance))
    if out is not None:
        write(out, as_json(result))
    if html is not None:
        write(html, replay_page(result))
    click.echo(_told(result))


def _told(result: dict[str, Any]) -> str:
    saved, interval, baseline = result["keystrokes_saved"], result["ci95"], result["baseline"]
    rows = [("accepted by", "keystrokes saved", "95 % interval", "without a model")]
    rows += [
        (
            mode,
            percent(saved[mode]),
            f"{100 * interval[mode][0]:.1f} to {100 * interval[mode][1]:.1f}",
            percent(baseline[mode]),
        )
        for mode in saved
    ]
    what = "functions held out" if result["held_out"] else f"commits: {result['n_commits']}"
    latency = result["latency_ms"]
    lines = [
        f"{result['repository']}: {result['n_keystrokes']} keystrokes in {result['n_hunks']} places of "
        f"{result['n_files']} files ({what})",
        table(rows),
        f"shown {result['shown']} ({result['shown_per_100_keystrokes']:.1f} per 100 keys): "
        f"{percent(result['precision'])} accepted, {percent(result['never_wanted'])} typed against at once, "
        f"{percent(result['flicker'])} replaced",
        f"from key to text: p50 {_number(latency['p50'])} ms, p95 {_number(latency['p95'])} ms{_check(result)}; "
        f"{_number(result['tokens_per_saved_keystroke'])} tokens computed per key saved; "
        f"the model worked {percent(result['model_busy'])} of {result['typing_s'] / 60:.1f} minutes",
    ]
    if result["vs"] is not None:
        lines += ["", _differences(result["vs"])]
    return "\n".join(lines)


def _differences(versus: dict[str, Any]) -> str:
    rows = [("accepted by", "this", "other", "difference", "95 % interval", "p")]
    for mode, one in versus["keystrokes_saved"].items():
        bounds = f"{100 * one['low']:+.1f} to {100 * one['high']:+.1f}"
        rows.append(
            (mode, percent(one["b"]), percent(one["a"]), f"{100 * one['difference']:+.1f}", bounds, f"{one['p']:.3f}")
        )
    return f"Against {versus['name']} (the other), over {versus['n_hunks']} places\n" + table(rows)


def _check(result: dict[str, Any]) -> str:
    """Tell how far real answers were from simulated ones: a speed that was measured at a bad moment shows there."""
    ratio = result["measured_over_simulated"]
    return "" if ratio is None else f" (simulated; real answers took {ratio:.1f} times that)"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
