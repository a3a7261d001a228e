"""`midspan session`: scripted editing sessions against midspan, or any language server with inline completion."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path

import click

from .measuring import FILE
from .overrides import set_option

MIDSPAN = (sys.executable, "-P", "-m", "midspan.cli", "--stdio")


@click.command("session", short_help="Run scripted editing sessions against a language server.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE.session...")
@click.option("--server", metavar="COMMAND", help="The language server to test (default: midspan itself).")
@click.option(
    "--root", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The workspace."
)
@set_option
@click.option("--json", "out", type=FILE, help="Also write what came of each script, and its latencies, here.")
@click.option("-v", "--verbose", is_flag=True, help="Show each step, and each answer with its milliseconds.")
def command(
    files: tuple[Path, ...],
    server: str | None,
    root: Path,
    overrides: dict[str, object],
    out: Path | None,
    verbose: bool,
) -> None:
    """Type, ask and accept as the scripts in FILE say, and check what is on screen (docs/harness.md).

    Ends with 0 if all is as expected, with 1 if not, and with 2 for a script that can't be read.
    """
    from ..evaluation.play import play
    from ..evaluation.results import as_json, check_writable, write
    from ..evaluation.script import ScriptError, read_script

    try:
        scripts = [read_script(file) for file in files]
    except ScriptError as error:
        raise click.UsageError(str(error)) from error
    check_writable(out)
    start = _words(server) if server is not None else MIDSPAN
    played = []
    for script in scripts:
        one = asyncio.run(play(script, start, root.resolve(), overrides, click.echo if verbose else _say_nothing))
        played.append(one)
        if one.problem:
            click.echo(one.problem, err=True)
        else:
            slowest = max(one.latencies_ms, default=0.0)
            click.echo(f"{one.name}: as expected (answers: {len(one.latencies_ms)}, slowest: {slowest:.0f} ms)")
    n_passed = sum(not one.problem for one in played)
    click.echo(f"{n_passed} of {len(played)} sessions as expected")
    if out is not None:
        write(out, as_json({"server": shlex.join(start), "sessions": [one.as_json() for one in played]}))
    if n_passed < len(played):
        raise SystemExit(1)


def _words(server: str) -> list[str]:
    try:
        words = shlex.split(server)
    except ValueError as error:
        raise click.BadParameter(f"{server} cannot be read: {error}.", param_hint="--server") from error
    if not words:
        raise click.BadParameter("it names no program.", param_hint="--server")
    return words


def _say_nothing(line: str) -> None:
    pass
