"""`midspan stats`: what became of the proposals that were on screen on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from .measuring import FILE, percent
from .output import table

_GROUPS = ("by_language", "by_kind", "by_length", "by_model")


@click.command("stats", short_help="What became of proposals: acceptance, retention, latency.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1), help="How far back to look.")
@click.option("--json", "out", type=FILE, help="Also write the figures here.")
@click.option("--html", type=FILE, help="Write a page with plots here.")
def command(days: int, out: Path | None, html: Path | None) -> None:
    """Show how often proposals were taken, by language, kind, length and confidence, and what stayed of them.

    All of it is from a record on this machine, which holds no text. `outcomes.keep = false` in your settings ends it.
    """
    from ..completion.outcomes import OutcomesUnreadable, outcomes_file, read
    from ..evaluation.acceptance import acceptance
    from ..evaluation.report import plots
    from ..evaluation.report.stats_page import stats_page
    from ..evaluation.results import as_json, check_writable, write

    if html is not None:
        plots.check()
    check_writable(out, html)
    since = time.time() - 86_400 * days
    try:
        outcomes = read(outcomes_file(), since)
    except OutcomesUnreadable as error:
        raise click.ClickException(str(error)) from error
    result = {**acceptance(outcomes), "since": time.strftime("%Y-%m-%d", time.localtime(since)), "days": days}
    if out is not None:
        write(out, as_json(result))
    if html is not None:
        write(html, stats_page(result))
    click.echo(_in_words(result))


def _in_words(result: dict[str, Any]) -> str:
    if not result["shown"]:
        return f"No proposal was on screen in the last {result['days']} days."
    latency = result["latency_ms"]["model"]
    kept = ", ".join(f"{percent(value, 0)} after {s} s" for s, value in result["kept"].items() if value is not None)
    lines = [
        f"{result['shown']} proposals since {result['since']}: {percent(result['rate'])} taken "
        f"({result['characters_taken']} characters)",
        *([f"still there: {kept}"] if kept else []),
        *([f"from the model: p50 {latency['p50']:.0f} ms, p95 {latency['p95']:.0f} ms"] if latency["p50"] else []),
    ]
    for key in _GROUPS:
        rows = [("by " + key.removeprefix("by_"), "shown", "taken", "95 % interval")]
        for name, one in result[key].items():
            low, high = (100 * bound for bound in one["rate_ci95"])
            rows.append((name, str(one["shown"]), percent(one["rate"]), f"{low:.0f} to {high:.0f}"))
        lines += ["", table(rows)]
    return "\n".join(lines)
