"""`midspan eval`: how good completions are on task sets, with intervals, beside baselines and other settings."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import click

from .measuring import FILE, other_of, percent, progress, sources_of
from .output import table
from .overrides import set_option


@click.command("eval", short_help="Measure the quality of completions on task sets.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="TASKS.jsonl.gz...")
@click.option(
    "--limit", default=60, show_default=True, type=click.IntRange(0), help="Most tasks of each set; 0 takes all."
)
@click.option("--seed", default=1, show_default=True, help="Which tasks.")
@click.option("--raw", is_flag=True, help="The model alone, without gate, boundary and filters.")
@click.option("--baseline", is_flag=True, help="No model: the baselines only.")
@click.option("--candidates", type=click.IntRange(1, 8), help="Texts to choose from (1 unless this says more).")
@click.option("--snippets", is_flag=True, help="Show the model the text of other files that tasks bring.")
@click.option(
    "--context",
    metavar="none|all|SOURCE,...",
    help="What of a task's repository is gathered (else as the settings say).",
)
@click.option("--run/--no-run", "with_runs", default=True, help="Run the tests that tasks bring (confined).")
@click.option("--bits/--no-bits", "with_bits", default=True, help="Bits per character of the true answers.")
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Programs that run at a time."
)
@set_option
@click.option("--vs", metavar="RUN.json|KEY=VALUE,...", help="Compare with an earlier run, or with these settings.")
@click.option("--json", "out", type=FILE, help="Write the figures here.")
@click.option("--html", type=FILE, help="Write a report with plots here.")
@click.option("--predictions", type=FILE, help="Write the completions here, for other scorers.")
@click.option("--records", type=FILE, help="Where each task's record goes (default: beside --json).")
def command(
    files: tuple[Path, ...],
    limit: int,
    seed: int,
    raw: bool,
    baseline: bool,
    candidates: int | None,
    snippets: bool,
    context: str | None,
    with_runs: bool,
    with_bits: bool,
    workers: int,
    overrides: dict[str, object],
    vs: str | None,
    out: Path | None,
    html: Path | None,
    predictions: Path | None,
    records: Path | None,
) -> None:
    """Fill the holes of TASKS and score that: exact match, edit similarity, tests passed, bits per character.

    A run with --json or --records that was interrupted goes on when the same command is repeated. The same seed
    gives the same figures.
    """
    from ..evaluation.evaluate import Options, evaluate
    from ..evaluation.report import plots
    from ..evaluation.report.eval_page import eval_page
    from ..evaluation.results import as_json, check_writable, write

    if raw and baseline:
        raise click.UsageError("--raw asks the model alone and --baseline none: give one of them.")
    if html is not None:
        plots.check()
    check_writable(out, html, predictions, records)
    if candidates is not None:
        overrides = {"completion.candidates": candidates, **overrides}
    if context is not None:
        overrides = {"context.sources": sources_of(context), **overrides}
    with tempfile.TemporaryDirectory(prefix="midspan-eval-") as spare, progress() as (say, advance):
        options = Options(
            files=files,
            records=records or (out.with_suffix(".records.jsonl") if out else Path(spare) / "records.jsonl"),
            limit=limit or None,
            seed=seed,
            way="baseline" if baseline else "raw" if raw else "pipeline",
            with_snippets=snippets,
            with_runs=with_runs,
            with_bits=with_bits,
            n_workers=workers,
            overrides=overrides,
            other=other_of(vs),
            other_name=vs or "",
        )
        try:
            evaluation = asyncio.run(evaluate(options, say, advance))
        except KeyboardInterrupt:
            say("Interrupted." + (" Repeat the command to go on." if out or records else ""))
            raise
    if out is not None:
        write(out, as_json(evaluation.result))
    if html is not None:
        write(html, eval_page(evaluation.result))
    if predictions is not None:
        rows = ({"id": record["id"], "completion": record["completion"]} for record in evaluation.records)
        write(predictions, "".join(json.dumps(row) + "\n" for row in rows))
    click.echo(_baselines(evaluation.result) if baseline else _table(evaluation.result))
    if evaluation.result["vs"] is not None:
        click.echo("\n" + _differences(evaluation.result))


def _table(result: dict[str, Any]) -> str:
    rows = [("set", "n", "exact match", "edit sim.", "tests passed", "bits/char", "copy: exact", "left out", "errors")]
    for name, one in result["sets"].items():
        copy = one["baselines"].get("copy", {})
        rows.append(
            (
                name,
                str(one["n"]),
                _with_interval(one, "exact"),
                percent(one["edit_similarity"]),
                _with_interval(one, "pass_at_1"),
                "-" if one["bits_per_char"] is None else f"{one['bits_per_char']:.3f}",
                percent(copy.get("exact")),
                str(one["skipped"]),
                str(one["errors"]),
            )
        )
    return f"{result['model']}, {result['way']}\n" + table(rows)


def _baselines(result: dict[str, Any]) -> str:
    """Show what completers without a model reach."""
    rows = [("set", "n", "without a model", "exact match", "edit sim.", "tests passed", "left out")]
    for set_name, one in result["sets"].items():
        for name, figures in one["baselines"].items():
            metrics = (percent(figures[metric]) for metric in ("exact", "edit_similarity", "pass_at_1"))
            rows.append((set_name, str(one["n"]), name, *metrics, str(one["skipped"])))
    return table(rows)


def _with_interval(one: dict[str, Any], metric: str) -> str:
    interval = one["ci95"][metric]
    if interval is None:
        return "-"
    low, high = interval
    return f"{100 * one[metric]:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _differences(result: dict[str, Any]) -> str:
    """Show how much better or worse the run is than what it was compared with."""
    rows = [("set", "metric", "this run", "other", "difference", "95 % interval", "p", "n")]
    for name, metrics in {**result["vs"]["sets"], "all": result["vs"]["all"]}.items():
        for metric, one in metrics.items():
            scale, unit = (1, "") if metric == "bits_per_char" else (100, " %")
            this, other, difference, low, high = (
                f"{scale * one[key]:{sign}.{3 if scale == 1 else 1}f}"
                for key, sign in (("b", ""), ("a", ""), ("difference", "+"), ("low", "+"), ("high", "+"))
            )
            rows.append(
                (
                    name,
                    metric,
                    this + unit,
                    other + unit,
                    difference,
                    f"{low} to {high}",
                    f"{one['p']:.3f}",
                    str(one["n"]),
                )
            )
    return f"Against {result['vs']['name']} (the other; differences are this run minus the other)\n" + table(rows)
