"""`midspan session`: scripted editing sessions against midspan, or any language server with inline completion."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path

import click

from .overrides import set_option

MIDSPAN = (sys.executable, "-P", "-m", "midspan.cli", "--stdio")


@click.command("session", short_help="Run scripted editing sessions against a language server.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE.session...")
@click.option("--server", metavar="COMMAND", help="The language server to test (default: midspan itself).")
@click.option(
    "--root", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The workspace."
)
@click.option("-v", "--verbose", is_flag=True, help="Show each step.")
@set_option
def command(
    files: tuple[Path, ...], server: str | None, root: Path, verbose: bool, overrides: dict[str, object]
) -> None:
    """Type, ask and accept as the scripts in FILE say, and check what is on screen (docs/harness.md).

    Ends with 0 if all is as expected, with 1 if not, and with 2 for a script that can't be read.
    """
    from ..evaluation.script import ScriptError, read_script, run_all

    try:
        scripts = [read_script(file) for file in files]
        tell = click.echo if verbose else _quietly
        command_line = shlex.split(server) if server else MIDSPAN
        failures = asyncio.run(run_all(scripts, command_line, root.resolve(), overrides, tell))
    except ScriptError as error:
        raise click.UsageError(str(error)) from error
    for failure in failures:
        click.echo(failure, err=True)
    click.echo(f"{len(scripts) - len(failures)} of {len(scripts)} sessions as expected")
    if failures:
        raise SystemExit(1)


def _quietly(line: str) -> None:
    if ": all as expected" in line:
        click.echo(line)
