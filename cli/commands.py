"""The group of all subcommands: their names, and the help that a newcomer reads first."""

from __future__ import annotations

import difflib
import importlib

import click

NAMES = (
    "serve",
    "complete",
    "demo",
    "models",
    "host",
    "doctor",
    "clean",
    "bench",
    "eval",
    "replay",
    "session",
    "stats",
)

HELP = """Ghost text in any editor, from a model that you own.

\b
  midspan models add default       get the default model (93 MB, Apache-2.0), once
  midspan complete app.py:12:8     show one completion here in the terminal
  midspan --stdio                  the language server; your editor starts this
  midspan doctor                   what works here, and what to do about what does not

Editors: see editors/ in the repository. Settings: docs/configuration.md. A better model: midspan models list.
"""

EPILOG = """\b
Shell completion (bash; for zsh or fish write zsh_source or fish_source):
  eval "$(_MIDSPAN_COMPLETE=bash_source midspan)"
"""


class LazyGroup(click.Group):
    """A group whose commands are modules beside this one, imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, None if there is none."""
        if cmd_name not in NAMES:
            return None
        command: click.Command = importlib.import_module(f".{cmd_name}", __package__).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name; one that does not exist gets a suggestion."""
        name = args[0]
        if name in NAMES or name.startswith("-"):
            return super().resolve_command(ctx, args)
        close = difflib.get_close_matches(name, NAMES, n=1)
        hint = f' Did you mean "{close[0]}"?' if close else ""
        raise click.UsageError(f'There is no command "{name}".{hint}', ctx)


@click.group(
    cls=LazyGroup,
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="midspan", message="midspan %(version)s")
def group() -> None:
    """Hold the options that stand before any command."""
