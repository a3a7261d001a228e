"""`midspan complete FILE:LINE:COLUMN`: one completion in the terminal, by the same pipeline as the editor's."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click


@click.command(
    epilog="Example: midspan complete src/app.py:12:8 --explain",
    short_help="Complete at one place of a file and show it.",
)
@click.argument("at", metavar="FILE:LINE:COLUMN")
@click.option("--json", "as_json", is_flag=True, help="Print the documented JSON (docs/protocol.md) and nothing else.")
@click.option("--explain", is_flag=True, help="Also say what was dropped and why, and where the time went.")
@click.option(
    "-n", "n", type=click.IntRange(1, 8), default=1, show_default=True, help="How many candidates to choose from."
)
@click.option("--kind", type=click.Choice(["auto", "line", "block"]), help="One line, a block, or by syntax.")
@click.option("--model", help="Model of our host: a name of `midspan models list`, a directory, a GGUF file.")
@click.option("--endpoint", help="Ask this OpenAI-compatible server instead (base address with /v1).")
@click.option("--endpoint-model", help="The model's name on that server.")
@click.option("--fim", help="How that model wants a hole: auto, suffix, none or a format of docs/models.md.")
@click.option("--deadline-ms", type=click.IntRange(50), help="Answer within this many milliseconds, else not at all.")
def command(
    at: str,
    as_json: bool,
    explain: bool,
    n: int,
    kind: str | None,
    model: str | None,
    endpoint: str | None,
    endpoint_model: str | None,
    fim: str | None,
    deadline_ms: int | None,
) -> None:
    """Complete FILE at LINE and COLUMN (both from 1; columns count characters) and show the ghost text."""
    from .one_completion import PATIENT, complete_at, open_place
    from .render import print_answer

    overrides: dict[str, object] = PATIENT | {
        name: value
        for name, value in {
            "completion.kind": kind,
            "completion.invoked_deadline_ms": deadline_ms,
            "host.model": _absolute(model) if model else None,
            "backend.kind": "openai" if endpoint else None,
            "backend.endpoint": endpoint,
            "backend.model": endpoint_model,
            "backend.fim": fim,
        }.items()
        if value is not None
    }
    place = open_place(at)
    answer = asyncio.run(complete_at(place, overrides, n=n))
    if as_json:
        from ..completion.report import as_json as report

        sys.stdout.write(json.dumps(report(answer, place.document)) + "\n")
    elif explain or answer.trace.error is None:
        print_answer(answer, place, explain=explain)
    if answer.trace.error is not None:
        raise click.ClickException(str(answer.trace.error))
    if not answer.proposals and not as_json:
        raise SystemExit(1)


def _absolute(model: str) -> str:
    """Return a model on disk as a full path, since the host runs in another folder; the name of one as it is."""
    from ..host.models.store import find

    path = Path(model).expanduser()
    return str(path.absolute()) if path.exists() and find(model) is None else model
