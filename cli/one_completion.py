"""Opens a file at a cursor and completes there once: what `complete` and `demo` share."""

from __future__ import annotations

import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from ..completion.ask import Deadline, Request, Trigger
from ..completion.complete import Answer
from ..completion.completer import Completer
from ..completion.errors import MidspanError
from ..completion.gate import MAX_CHARACTERS
from ..completion.settings_files import PROJECT_FILE, load
from ..context.document import Document
from ..context.languages import for_path
from ..context.library import Library
from ..context.workspace import Workspace

PATIENT: dict[str, object] = {"completion.invoked_deadline_ms": 60_000}
"""Settings for the terminal, where somebody waits for one answer: a slow machine is no reason to give none."""

MAX_DIGITS = 9
"""Of a line or column: no file that can be completed in has more."""


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor in a file; ``project`` is the folder that paths are told relative to."""

    path: Path
    project: Path
    document: Document
    offset: int


def open_place(at: str) -> Place:
    """Open ``FILE:LINE:COLUMN``. Raises click.ClickException where there is no such place."""
    name, _, rest = at.rpartition(":")
    name, _, line = name.rpartition(":")
    if not (name and _is_number(line) and _is_number(rest)):
        raise click.ClickException(f"{at} is not FILE:LINE:COLUMN, with line and column from 1.")
    path = Path(name)
    document = _open(path)
    return Place(path, _project_of(path), document, _offset(document, int(line), int(rest), path))


def _is_number(word: str) -> bool:
    return word.isdecimal() and len(word) <= MAX_DIGITS and int(word) > 0


async def complete_at(place: Place, overrides: Mapping[str, object], n: int = 1) -> Answer:
    """Complete once, as if the user had asked by key. Raises click.ClickException where no model can answer."""
    settings, warnings = load(place.project, overrides)
    for warning in warnings:
        click.echo(f"midspan: {warning}", err=True)
    try:
        completer = Completer(settings)
    except MidspanError as error:
        raise click.ClickException(str(error)) from error
    try:
        await completer.prepare(_Progress())
        path = _told_path(place)
        workspace = Workspace.of(Library(place.project, settings.context.exclude), path, pinned=settings.context.pinned)
        request = Request(place.document, place.offset, Trigger.INVOKED, workspace=workspace)
        deadline = Deadline.after(settings.completion.invoked_deadline_ms)
        return await completer.complete(request, deadline, path, n=n)
    except MidspanError as error:
        raise click.ClickException(str(error)) from error
    finally:
        await completer.close()


class _Progress:
    """Says once what takes time, on stderr and only to somebody who is watching."""

    def __init__(self) -> None:
        self._said = ""

    def __call__(self, message: str) -> None:
        if message != self._said and sys.stderr.isatty():
            click.echo(f"midspan: {message} …", err=True)
            self._said = message


def _open(path: Path) -> Document:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise click.ClickException(f"{path} is not a regular file.")
        data = path.read_bytes() if status.st_size <= 4 * MAX_CHARACTERS else None
    except FileNotFoundError as error:
        raise click.ClickException(f"{path} does not exist.") from error
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}.") from error
    if data is None or len(data) > 4 * MAX_CHARACTERS:
        raise click.ClickException(f"{path} is too large to complete in.")
    if b"\0" in data:
        raise click.ClickException(f"{path} is binary.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
    if len(text) > MAX_CHARACTERS:
        raise click.ClickException(f"{path} is too large to complete in.")
    language = for_path(path.as_posix())
    language_id = language.language_ids[0] if language is not None else "plaintext"
    return Document.open(path.resolve().as_uri(), language_id, 0, text)


def _offset(document: Document, line: int, column: int, path: Path) -> int:
    if line > document.n_lines:
        raise click.ClickException(f"{path} has {document.n_lines} lines: there is no line {line}.")
    length = len(document.line_text(line - 1))
    if column > length + 1:
        raise click.ClickException(f"Line {line} of {path} has {length} characters: there is no column {column}.")
    return document.line_start(line - 1) + column - 1


def _project_of(path: Path) -> Path:
    """Return the nearest folder above that looks like a project's root, else the file's own folder."""
    folder = path.resolve().parent
    for candidate in (folder, *folder.parents):
        if (candidate / PROJECT_FILE).is_file() or (candidate / ".git").exists():
            return candidate
    return folder


def _told_path(place: Place) -> str:
    return place.path.resolve().relative_to(place.project).as_posix()
