"""Brings the index of a workspace folder up to date: what is new or has changed is read, what is gone is forgotten.

Runs in a process of its own (``index_service``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .exclusions import is_excluded
from .heads import defined_names, words_in
from .index import IndexWriter
from .languages import for_path
from .source_file import Stamp, read_source
from .walk import Found, source_files

MAX_FILES = 100_000
"""A folder with more is indexed as far as that, the nearest files first."""
_COMMIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Task:
    """A workspace folder to index: what the user excludes beside its ignore files, and the folders worked in now."""

    folder: Path
    patterns: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    max_files: int = MAX_FILES


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: files known, files that were read this time, and whether all is up to date."""

    folder: str
    n_files: int
    n_read: int
    done: bool


def bring_up_to_date(
    task: Task,
    writer: IndexWriter,
    told: Callable[[Progress], None] = lambda _: None,
    between: Callable[[], None] = lambda: None,
) -> Progress:
    """Index what is new or has changed in a folder, and forget what is gone or excluded; returns how that ended.

    ``told`` hears of it every half second, and ``between`` is called after each file that was read.
    """
    if writer.is_worn():
        writer.clear()
    known = writer.known()
    n_files = n_read = 0
    committed = time.monotonic()
    for found in source_files(task.folder, task.patterns, task.near):
        if n_files >= task.max_files:
            break
        n_files += 1
        if known.pop(found.path, None) != found.stamp:
            n_read += 1
            index_file(task, found, writer)
            between()
        if time.monotonic() - committed > _COMMIT_SECONDS:
            writer.commit()
            committed = time.monotonic()
            told(Progress(str(task.folder), n_files, n_read, done=False))
    for path in known:
        writer.remove(path)
    writer.commit()
    return Progress(str(task.folder), n_files, n_read, done=True)


def index_file(task: Task, found: Found, writer: IndexWriter) -> None:
    """Note what is in one file; nothing of a file that can't be read or is no source."""
    source, language = read_source(task.folder, found.path), for_path(found.path)
    if source is None or language is None:
        writer.put(found, (), ())  # known, so that it is not read again until it changes
        return
    writer.put(Found(found.path, source.stamp), defined_names(source.text, language.name), words_in(source.text))


def index_saved(task: Task, path: str, writer: IndexWriter) -> None:
    """Index one file that was written, or forget it: it may be gone, or excluded by now."""
    full = task.folder / path
    try:
        found = full.lstat()
    except (OSError, ValueError):
        writer.remove(path)
        writer.remove_below(path)
        writer.commit()
        return
    if for_path(path) is None or is_excluded(task.folder, path, task.patterns):
        writer.remove(path)
    else:
        index_file(task, Found(path, Stamp(found.st_mtime_ns, found.st_size)), writer)
    writer.commit()
