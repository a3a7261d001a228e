"""Which file of a workspace folder defines a name, and which ones hold a word: a database on disk.

Holds paths, names and single words, no text; what a file says is read from the file. Whoever looks something up has a
connection of their own that only reads, and one process writes (``indexing``). A database that is damaged or of
another version is made anew: it is a cache.

Words are in FTS5's inverted index, which has no content of its own (https://www.sqlite.org/fts5.html, "Contentless
Tables"). A file that has changed gets a new number, so that what was said of its old one leads nowhere.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import platformdirs

from .modules import stem_of
from .source_file import Stamp
from .walk import Found

_VERSION = 1
_BUSY_SECONDS = 5.0
_LOOK_SECONDS = 0.02
"""How long what the database answered is taken to hold."""
_MOST_ANSWERS = 5_000
_TABLES = """
CREATE TABLE IF NOT EXISTS files (
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT UNIQUE NOT NULL, stem TEXT NOT NULL,
  mtime_ns INTEGER NOT NULL, size INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS stems ON files(stem);
CREATE VIRTUAL TABLE IF NOT EXISTS names USING fts5(name, content='', detail=none, tokenize="ascii tokenchars '_$-'");
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(word, content='', detail=none, tokenize="ascii tokenchars '_$-'");
"""


def database_of(folder: Path) -> Path:
    """Return where the index of a workspace folder is kept."""
    name = hashlib.sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    root = os.environ.get("MIDSPAN_CACHE") or platformdirs.user_cache_path("midspan", appauthor=False)
    return Path(root).expanduser() / "index" / f"{name}-v{_VERSION}.sqlite"


class Index:
    """Looks things up in the index of one workspace folder; while there is none, or it is damaged, finds nothing."""

    def __init__(self, folder: Path, database: Path | None = None) -> None:
        """Open the index of ``folder``, kept at ``database`` (else where such indexes are kept)."""
        self.folder = folder
        self._database = database or database_of(folder)
        self._connection: sqlite3.Connection | None = None
        self._opened: int | None = None
        self._looked = 0.0
        self._version = 0
        self._answers: dict[tuple[str, tuple[object, ...]], list[tuple[str]]] = {}

    def files_defining(self, name: str, limit: int) -> list[str]:
        """Return the paths of files that may define a name, at most ``limit``, sorted."""
        return self._paths("names", name, limit)

    def files_with(self, word: str, limit: int) -> list[str]:
        """Return the paths of files that hold a word, at most ``limit``, sorted."""
        return self._paths("words", word, limit)

    def files_called(self, stem: str, limit: int) -> list[str]:
        """Return the paths of files that others ask for by a name (``modules.stem_of``), at most ``limit``, sorted."""
        return self._column("SELECT path FROM files WHERE stem = ? ORDER BY path LIMIT ?", stem, limit)

    def files_beside(self, path: str, limit: int) -> list[str]:
        """Return the paths of the other files in the folder of one, at most ``limit``, sorted."""
        folder = path[: path.rfind("/") + 1]
        in_folder = "path > ? AND path < ? AND instr(substr(path, ?), '/') = 0"
        values = (folder, f"{folder}\U0010ffff", len(folder) + 1, path, limit)
        return self._column(f"SELECT path FROM files WHERE {in_folder} AND path != ? ORDER BY path LIMIT ?", *values)

    def n_files(self) -> int:
        """Return how many files are known."""
        rows = self._query("SELECT count(*) FROM files")
        return int(rows[0][0]) if rows else 0

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._answers = {}

    def _paths(self, table: str, word: str, limit: int) -> list[str]:
        quoted = '"' + word.replace('"', '""') + '"'
        found = f"SELECT rowid FROM {table} WHERE {table} MATCH ? LIMIT ?"
        return self._column(f"SELECT path FROM files WHERE id IN ({found}) ORDER BY path", quoted, limit)

    def _column(self, sql: str, *values: object) -> list[str]:
        return [path for (path,) in self._query(sql, *values)]

    def _query(self, sql: str, *values: object) -> list[tuple[str]]:
        """Return what the database answers; the same as a moment ago for who types on, as long as it is the same."""
        try:
            if (connection := self._newest()) is None:
                return []
            key = sql, values
            if key not in self._answers:
                self._answers[key] = connection.execute(sql, values).fetchall()
            return self._answers[key]
        except UnicodeEncodeError:
            return []  # no file is known to hold what is no text
        except (sqlite3.Error, OSError):
            # It is being made, or was damaged: the next question finds it mended.
            self.close()
            return []

    def _newest(self) -> sqlite3.Connection | None:
        """Return a connection to the database that is there now: it may have been removed, or made anew."""
        if self._connection is not None and time.monotonic() - self._looked < _LOOK_SECONDS:
            return self._connection
        self._looked = time.monotonic()
        try:
            there: int | None = self._database.stat().st_ino
        except OSError:
            there = None
        if self._connection is not None and there != self._opened:
            self.close()
        if self._connection is None and there is not None:
            self._connection, self._opened = _connect(self._database, read_only=True), there
        if self._connection is not None:
            # https://www.sqlite.org/pragma.html#pragma_data_version: another one once somebody has written.
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version or len(self._answers) > _MOST_ANSWERS:
                self._version, self._answers = version, {}
        return self._connection


class IndexWriter:
    """Writes the index of one workspace folder."""

    def __init__(self, database: Path) -> None:
        """Open or make the database; one that is damaged is made anew. Raises OSError and sqlite3.Error."""
        self._database = database
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._connection = self._open()
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            remove(database)
            self._connection = self._open()

    def known(self) -> dict[str, Stamp]:
        """Return the state in which each file was read."""
        rows = self._connection.execute("SELECT path, mtime_ns, size FROM files")
        return {path: Stamp(mtime_ns, size) for path, mtime_ns, size in rows}

    def put(self, found: Found, names: Iterable[str], words: Iterable[str]) -> None:
        """Note what is in a file, in the place of what was."""
        self.remove(found.path)
        values = (found.path, stem_of(found.path), found.stamp.mtime_ns, found.stamp.size)
        insert = "INSERT INTO files(path, stem, mtime_ns, size) VALUES (?, ?, ?, ?)"
        number = self._connection.execute(insert, values).lastrowid
        for table, column, texts in (("names", "name", names), ("words", "word", words)):
            text = " ".join(sorted(texts))
            if text:
                self._connection.execute(f"INSERT INTO {table}(rowid, {column}) VALUES (?, ?)", (number, text))

    def remove(self, path: str) -> None:
        """Forget a file."""
        self._connection.execute("DELETE FROM files WHERE path = ?", (path,))

    def remove_below(self, folder: str) -> None:
        """Forget all files of a folder."""
        self._connection.execute("DELETE FROM files WHERE substr(path, 1, ?) = ?", (len(folder) + 1, f"{folder}/"))

    def is_worn(self) -> bool:
        """Return whether most of what is said in it is of files as they were before."""
        (n_live, last), *_ = self._connection.execute("SELECT count(*), ifnull(max(id), 0) FROM files")
        return bool(last > 2 * n_live + 5_000)

    def clear(self) -> None:
        """Forget everything."""
        for table in ("names", "words"):
            self._connection.execute(f"INSERT INTO {table}({table}) VALUES ('delete-all')")
        self._connection.execute("DELETE FROM files")
        self._connection.execute("DELETE FROM sqlite_sequence WHERE name = 'files'")
        self.commit()

    def commit(self) -> None:
        """Make what was noted visible to others."""
        self._connection.commit()

    def close(self) -> None:
        """Write what was noted, and let go of the database."""
        with suppress(sqlite3.Error):
            self.commit()
        self._connection.close()

    def _open(self) -> sqlite3.Connection:
        self._database.touch(mode=0o600)
        connection = _connect(self._database, read_only=False)
        try:
            connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _TABLES)
            connection.execute("SELECT count(*) FROM files").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def is_damage(error: Exception) -> bool:
    """Return whether an error tells that a database is damaged, rather than locked, or its disk full."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def remove(database: Path) -> None:
    """Remove a database, with the files that SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            database.with_name(database.name + ending).unlink()


@contextmanager
def writing(database: Path) -> Iterator[IndexWriter]:
    """Open an index for writing, and close it in the end."""
    with closing(IndexWriter(database)) as writer:
        yield writer


def _connect(database: Path, *, read_only: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(database, timeout=_BUSY_SECONDS if not read_only else 0.0)
    # Little memory, none of it mapped: both processes have to stay small.
    connection.execute("PRAGMA cache_size = -4000")
    connection.execute("PRAGMA mmap_size = 0")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection
