"""What became of proposals, in a SQLite file on this machine: figures and names of languages and models, no text.

Whatever is wrong with the file costs the record, never the editor: one that is damaged is put aside, one that is
locked or on a full disk is left alone.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import platformdirs

CHECKS = (30, 120, 600)
"""Seconds after it was taken at which is looked how much of a proposal is still there."""
_BUSY_SECONDS = 0.5
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """One proposal that was on screen, and what became of it.

    ``at`` is when (Unix time), ``latency_ms`` how long it took from the request, ``source`` "model" or "reuse",
    ``probability`` what the model gave it. ``fate`` is "accepted" (whole), "part" (some of it at once),
    "typed" (all of it by hand), "rejected" (put away), "against" (something else was typed) or "left". ``n_taken`` and
    ``n_typed`` are the characters that came at once and by hand. ``kept_*`` are the shares of the taken text
    that were still there so many seconds later, None where nobody looked.
    """

    id: str
    at: float
    language: str
    kind: str
    trigger: str
    source: str
    model: str
    n_characters: int
    n_lines: int
    latency_ms: float
    probability: float | None = None
    fate: str = "left"
    n_taken: int = 0
    n_typed: int = 0
    kept_30: float | None = None
    kept_120: float | None = None
    kept_600: float | None = None


_COLUMNS = tuple(field.name for field in fields(Outcome))


def outcomes_file() -> Path:
    """Return where outcomes are kept."""
    return platformdirs.user_state_path("midspan", appauthor=False) / "outcomes.sqlite"


class OutcomesUnreadable(Exception):
    """The file can't be used; the text says why, and what to do."""


def write(outcomes: list[Outcome], path: Path, keep_days: int) -> None:
    """Add outcomes to the file, those that are there already in place of what was known; forget what is too old.

    A damaged file is put aside. Raises OutcomesUnreadable where nothing can be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            _write(outcomes, path, keep_days)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # locked, full, read-only: not the file's fault
            path.replace(path.with_suffix(".damaged"))
            _write(outcomes, path, keep_days)
    except (OSError, sqlite3.Error) as error:
        raise OutcomesUnreadable(f"{path} cannot be written ({error}). Nothing is lost but the record.") from error


def read(path: Path, since: float = 0.0) -> list[Outcome]:
    """Return the outcomes since a moment, the oldest first; none where there is no file. Raises OutcomesUnreadable."""
    if not path.exists():
        return []
    try:
        with _opened(path) as connection:
            rows = connection.execute(
                f"SELECT {', '.join(_COLUMNS)} FROM outcomes WHERE at >= ? ORDER BY at", (since,)
            ).fetchall()
    except sqlite3.Error as error:
        raise OutcomesUnreadable(f"{path} cannot be read ({error}). Delete it to begin anew.") from error
    return [Outcome(*row) for row in rows]


def _write(outcomes: list[Outcome], path: Path, keep_days: int) -> None:
    marks = ", ".join(f":{name}" for name in _COLUMNS)
    with _opened(path) as connection, connection:
        connection.executemany(f"INSERT OR REPLACE INTO outcomes VALUES ({marks})", map(_row, outcomes))
        connection.execute("DELETE FROM outcomes WHERE at < ?", (time.time() - 86_400 * keep_days,))


def _row(outcome: Outcome) -> Mapping[str, Any]:
    return asdict(outcome)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        path.chmod(0o600)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            connection.execute("DROP TABLE IF EXISTS outcomes")  # of another version of midspan: begin anew
            version = 0
        if version == 0:
            types = {"id": "TEXT PRIMARY KEY"}
            columns = ", ".join(f"{name} {types.get(name, '')}".strip() for name in _COLUMNS)
            connection.execute(f"CREATE TABLE IF NOT EXISTS outcomes ({columns})")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        yield connection
    finally:
        connection.close()
