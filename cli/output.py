"""How commands print: columns, sizes, and the progress of a download for people (stderr) or programs (stdout)."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any, Protocol

import click

_UPDATES_PER_SECOND = 10


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines with aligned columns; the last column may be of any length."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def size(n_bytes: float) -> str:
    """Return a size for people: "93 MB", "1.2 GB"."""
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.1f} GB"
    return f"{n_bytes / 1e6:.0f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.0f} kB"


def print_json(value: object) -> None:
    """Print one value as JSON on a line of its own, at once."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


class Reporter(Protocol):
    """Is told how a long command gets on."""

    def progress(self, done: int, total: int) -> None:
        """Bytes that are there, and that there will be."""

    def say(self, message: str) -> None:
        """What is being done now, in a few words."""

    def finish(self, message: str) -> None:
        """Succeeded: one sentence."""

    def fail(self, message: str) -> None:
        """Failed: one or two sentences."""


class JsonReporter:
    """One JSON object a line: {"bytes", "total", "message"}, and last {"status": "ok"|"error", "message"}."""

    def __init__(self) -> None:
        """Start with nothing done."""
        self._done, self._total, self._message, self._next = 0, 0, "", 0.0

    def progress(self, done: int, total: int) -> None:
        """Print at most ten lines a second, and always the last one."""
        self._done, self._total, self._message = done, total, "downloading"
        if done >= total or time.monotonic() >= self._next:
            self._print()

    def say(self, message: str) -> None:
        """Print the same numbers with a new message."""
        self._message = message
        self._print()

    def finish(self, message: str) -> None:
        """Print the last line."""
        print_json({"status": "ok", "message": message})

    def fail(self, message: str) -> None:
        """Print the last line."""
        print_json({"status": "error", "message": message})

    def _print(self) -> None:
        self._next = time.monotonic() + 1 / _UPDATES_PER_SECOND
        print_json({"bytes": self._done, "total": self._total, "message": self._message})


class TerminalReporter:
    """A progress bar on stderr (only where that is a terminal), and sentences."""

    def __init__(self) -> None:
        """Start without a bar: many commands need none."""
        self._bar: Any = None
        self._done = 0

    def progress(self, done: int, total: int) -> None:
        """Draw the bar; it is taken away when all is there."""
        if self._bar is None:
            if done >= total:
                return
            label = f"downloading {size(total)}"
            self._bar = click.progressbar(length=total, label=label, file=sys.stderr, width=30)
            self._bar.__enter__()
            self._done = 0
        self._bar.update(done - self._done)
        self._done = done
        if done >= total:
            self._close()

    def say(self, message: str) -> None:
        """Print what is being done."""
        self._close()
        click.echo(f"midspan: {message} …", err=True)

    def finish(self, message: str) -> None:
        """Print the result on stdout."""
        self._close()
        click.echo(message)

    def fail(self, message: str) -> None:
        """Leave the printing to whoever handles the error; only the bar goes."""
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
