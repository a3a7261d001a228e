"""`midspan serve`: the language server, on stdin and stdout or on a TCP port."""

from __future__ import annotations

import click

from .stdio import as_code, serve_stdio


@click.command(
    short_help="Run the language server (editors start it).",
    epilog="Example: midspan serve --tcp 127.0.0.1:7040",
)
@click.option("--stdio", is_flag=True, help="Speak on stdin and stdout (the default).")
@click.option("--tcp", metavar="HOST:PORT", help="Listen on a TCP port instead; each connection is its own session.")
@click.option("--clientProcessId", "_client_process", type=int, hidden=True, help="VS Code's clients add it.")
def command(stdio: bool, tcp: str | None, _client_process: int | None) -> int:
    """Run the language server until the editor ends it. `midspan --stdio` is the same as `midspan serve`.

    The model runs in a process of its own (`midspan host`), which this one starts when it is needed.
    """
    if tcp is None:
        return serve_stdio()
    if stdio:
        raise click.UsageError("Choose one of --stdio and --tcp.")
    host, port = _split(tcp)
    from ..server.lifecycle import run_tcp

    try:
        return as_code(run_tcp(host, port, lambda bound: click.echo(f"listening on {host}:{bound}", err=True)))
    except OSError as error:
        raise click.ClickException(f"Cannot listen on {tcp}: {error.strerror}. Choose another port.") from error


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 65_536):
        raise click.UsageError(f"{address} is not HOST:PORT, as in 127.0.0.1:7040.")
    return host.strip("[]"), int(port)
