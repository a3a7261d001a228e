"""The file of a run's records: one line a task, written as it is done, so that an interrupted run can go on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from .errors import RecordsError

Record = dict[str, Any]
_FORMAT = 1


class Records:
    """Records of one run, in the order of its tasks. Use as a context: leaving it closes the file.

    ``fingerprint`` stands for everything that the records depend on: only a run with the same one goes on, and only
    where it was not finished. ``done`` are the records so far. ``moved_aside`` is where the records of another run, or
    whatever else was in the file, are now.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        """Open or make the file; what another run has left there is moved aside. Raises RecordsError."""
        self.path = path
        self.done: list[Record] = []
        self.was_finished = False
        self.moved_aside: Path | None = None
        try:
            self._file = self._open(fingerprint)
        except OSError as error:
            raise RecordsError(f"{path} cannot be written: {error.strerror}. Choose another file.") from error

    def add(self, record: Record) -> None:
        """Write one record, so that it is there even if the next moment is the last. Raises RecordsError."""
        self.done.append(record)
        self._write(record)

    def __enter__(self) -> Records:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # All is written already; what could not be has raised its error.
        with suppress(OSError):
            self._file.close()

    def _open(self, fingerprint: str) -> TextIO:
        lines = list(_lines(self.path)) if self.path.exists() else []
        is_same = bool(lines) and lines[0].get("fingerprint") == fingerprint
        self.was_finished = is_same and any("end" in line for line in lines)
        if is_same and not self.was_finished:
            self.done = lines[1:]
            # A model server that failed last may be well again: its tasks are asked once more.
            while self.done and self.done[-1].get("error"):
                self.done.pop()
        elif not is_same and self.path.exists() and self.path.stat().st_size:
            self.moved_aside = _free_name(self.path)
            self.path.replace(self.moved_aside)
        # Written anew, since the last line may be torn, and put in place in one step.
        fresh = self.path.with_name(self.path.name + ".new")
        header = {"midspan_eval": _FORMAT, "fingerprint": fingerprint}
        fresh.write_text("".join(map(_line, [header, *self.done])), "utf-8")
        fresh.replace(self.path)
        return self.path.open("a", encoding="utf-8")

    def _write(self, row: Mapping[str, object]) -> None:
        try:
            self._file.write(_line(row))
            self._file.flush()
        except OSError as error:
            raise RecordsError(f"{self.path} cannot be written: {error.strerror}. Make room and repeat.") from error


def finish(path: Path) -> None:
    """Mark a run's file as whole: the next run begins anew. Raises RecordsError."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(_line({"end": True}))
    except OSError as error:
        raise RecordsError(f"{path} cannot be written: {error.strerror}. Make room and repeat.") from error


def read(path: Path) -> list[Record]:
    """Return the records of a run: of its records file, or of the one that its JSON names. Raises RecordsError."""
    try:
        rows = list(_lines(path))
        if not (rows and "midspan_eval" in rows[0]):
            named = _named_records(path)
            rows = list(_lines(named))
    except OSError as error:
        raise RecordsError(f"{error.filename} cannot be read: {error.strerror}.") from error
    if not (rows and "midspan_eval" in rows[0]):
        raise RecordsError(f"{path} is no run of `midspan eval`. Give the file that --json wrote.")
    return [row for row in rows[1:] if "end" not in row]


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.old{number or ''}") for number in count())
    return next(name for name in names if not name.exists())


def _named_records(path: Path) -> Path:
    try:
        result = json.loads(path.read_text("utf-8"))
        return path.parent / str(result["records"])
    except (ValueError, KeyError, TypeError) as error:
        raise RecordsError(f"{path} is no run of `midspan eval`. Give the file that --json wrote.") from error


def _lines(path: Path) -> Iterator[Record]:
    """Yield the rows that are whole, up to the first that is not."""
    with path.open("rb") as file:
        for line in file:
            row = None
            with suppress(ValueError, RecursionError):
                row = json.loads(line)
            if not isinstance(row, dict) or not line.endswith(b"\n"):
                return
            yield row


def _line(row: Mapping[str, object]) -> str:
    return json.dumps(row, separators=(",", ":")) + "\n"
