"""The command `midspan`: finds the subcommand, and turns every error into one line and an exit code.

Imports a command's module only when that command runs (or its help is shown). `midspan --stdio`, which editors
start, does not even import the command-line library.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

BUG, INTERRUPTED = 70, 130
"""Exit codes: something that should not happen (as in sysexits.h), and Ctrl-C (128 + SIGINT)."""


def main() -> None:
    """Run the command line of this process and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line (without the program's name) and return its exit code."""
    if os.environ.get("MIDSPAN_DEBUG"):
        return _dispatch(arguments)
    try:
        return _dispatch(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; nothing may be flushed there at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _explain(error)


def _dispatch(arguments: Sequence[str]) -> int:
    serve = _serve_quickly(arguments)
    return serve() if serve is not None else _run_click(arguments)


def _serve_quickly(arguments: Sequence[str]) -> Callable[[], int] | None:
    if list(arguments) not in (["--stdio"], ["serve"], ["serve", "--stdio"]):
        return None
    from .stdio import serve_stdio

    return serve_stdio


def _run_click(arguments: Sequence[str]) -> int:
    import click

    from .commands import group

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # Not every terminal's or pipe's encoding has ├ or …
    # Editors start a server by `--stdio` and may add more options; that is `serve` without its name.
    words = ["serve", *arguments] if arguments and arguments[0] == "--stdio" else list(arguments)
    try:
        result = group.main(words, prog_name="midspan", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.Abort as abort:
        if isinstance(abort.__cause__, KeyboardInterrupt):
            return INTERRUPTED
        sys.stderr.write("\nmidspan: nothing was done.\n")
        return 1
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(error.format_message() + "\n")
        return error.exit_code
    except click.ClickException as error:
        return _show_click_error(error)
    return result if isinstance(result, int) else 0


def _show_click_error(error: click.ClickException) -> int:
    import click

    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f" See `{error.ctx.command_path} --help`."
    sys.stderr.write(f"midspan: {error.format_message()}{hint}\n")
    return error.exit_code


def _explain(error: Exception) -> int:
    """Print the one line that an error is worth, and return the exit code."""
    from ..completion.errors import MidspanError
    from ..evaluation.errors import EvaluationError
    from ..host.models.errors import StoreError

    if isinstance(error, MidspanError | StoreError | EvaluationError):
        sys.stderr.write(f"midspan: {error}\n")
        return 1
    what = f"{type(error).__name__}: {error}" if isinstance(error, OSError) else type(error).__name__
    sys.stderr.write(f"midspan: this should not happen ({what}). MIDSPAN_DEBUG=1 shows where; please report it.\n")
    return BUG


if __name__ == "__main__":
    main()
