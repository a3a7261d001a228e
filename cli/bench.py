"""`midspan bench`: side-by-side measurements on this machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.group(short_help="Measure speed on this machine, side by side.")
def command() -> None:
    """Measure speed on this machine. Medians and spread; docs/benchmarks.md keeps what was found."""


@command.command("server", short_help="The language server: start, memory, one-line proposals.")
@click.option("--starts", type=click.IntRange(2), default=10, show_default=True, help="Starts of each server.")
@click.option("--places", type=click.IntRange(2), default=100, show_default=True, help="Places to type at.")
@click.option("--seed", default=1, show_default=True, help="Which places.")
@click.option("--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the figures here.")
def server(starts: int, places: int, seed: int, out: Path | None) -> None:
    """Start the server in turn with a bare pygls one, then type at random places of a real file."""
    from ..evaluation.bench import server as bench

    figures = bench.run(starts, places, seed, _progress)
    text = json.dumps(figures, indent=1)
    click.echo(text)
    if out is not None:
        out.write_text(text + "\n", "utf-8")


def _progress(message: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{message}\033[K", nl=False, err=True)
