"""What the measuring commands share: how far they are on stderr, the files of results, what `--vs` means."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from .overrides import parse

FILE = click.Path(dir_okay=False, path_type=Path)

Advance = Callable[[str, int, int], None]


@contextmanager
def progress() -> Iterator[tuple[Callable[[str], None], Advance]]:
    """Give two functions: one says a sentence, the other shows what is measured, how much is done, and of how much.

    Nothing moves where stderr is no terminal. Until it is left, SIGTERM is what Ctrl-C is: whatever a measurement has
    started is ended with it.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty())
    said = [""]

    def say(sentence: str) -> None:
        if sentence != said[0]:
            said[0] = sentence
            console.print(sentence, style="dim", markup=False, highlight=False, soft_wrap=True)

    tasks = {}

    def advance(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=total)
        bar.update(tasks[what], completed=done, total=total)

    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with bar:
            yield say, advance
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C would do now: asyncio cancels its task, where KeyboardInterrupt would cut into any callback."""
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(signal.SIGINT, frame)


def other_of(text: str | None) -> Path | dict[str, object] | None:
    """Return what `--vs` names: a file of an earlier run, or settings (KEY=VALUE, more of them after commas).

    Raises click.BadParameter.
    """
    if text is None:
        return None
    if Path(text).is_file():
        return Path(text)
    if "=" not in text:
        raise click.BadParameter(f"{text} is neither a file of an earlier run nor KEY=VALUE.", param_hint="--vs")
    return parse(text.split(","))


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share for people: "24.0 %", or "-" where there is none."""
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def sources_of(names: str) -> tuple[str, ...]:
    """Return the sources that ``none``, ``all``, or names with commas stand for. Raises click.ClickException."""
    from ..context.gather import SOURCES

    if names in ("none", "all"):
        return tuple(SOURCES) if names == "all" else ()
    wanted = tuple(names.split(","))
    if unknown := [name for name in wanted if name not in SOURCES]:
        raise click.ClickException(f"There is no source {unknown[0]}. There are: {', '.join(SOURCES)}.")
    return wanted
