"""`midspan host`: the model host; its options are `python -m midspan.host`'s own."""

from __future__ import annotations

import click


@click.command(
    short_help="Run a model and serve it (started on demand).",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> int:
    """Hand the arguments over to the host, whose exit codes docs/protocol.md lists."""
    from ..host.__main__ import main

    result: object = main(list(arguments))
    return result if isinstance(result, int) else 0
