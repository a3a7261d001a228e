"""Keeps workspace folders indexed: a process of its own, which takes only the time that nobody else wants.

``python -m midspan.context.index_service`` is told what to do by one JSON object a line on stdin, says the same way on
stdout how far it is, and ends when stdin does::

    {"tasks": [{"folder": PATH, "patterns": [PATTERN], "near": [FOLDER]}]}   all the folders to keep indexed
    {"changed": [PATH]}                                                     files that were written, made or removed

Several windows may have one for the same folder: one scans it at a time, and each indexes what its own window changes.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from queue import Empty, SimpleQueue
from typing import Any

from filelock import FileLock, Timeout

from .index import IndexWriter, database_of, is_damage, remove
from .indexing import Progress, Task, bring_up_to_date, index_saved

_LOOK_AGAIN_SECONDS = 5.0
_SCAN_AGAIN_SECONDS = 600.0


class _Ended(Exception):
    """Nobody is there any more who wants an index."""


class IndexService:
    """The folders that are kept indexed, and what was told about them."""

    def __init__(self) -> None:
        """Begin with no folder."""
        self._messages: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._tasks: dict[Path, Task] = {}
        self._writers: dict[Path, IndexWriter] = {}
        self._scanned: dict[Path, object] = {}
        """What each folder looked like from outside when it was scanned last."""

    def run(self) -> None:
        """Do what is told until nobody tells anything any more."""
        threading.Thread(target=self._listen, daemon=True).start()
        with suppress(_Ended):
            while True:
                self._follow_messages(_LOOK_AGAIN_SECONDS)
                for task in tuple(self._tasks.values()):
                    self._scan_if_changed(task)
        for writer in self._writers.values():
            writer.close()

    def _listen(self) -> None:
        for line in sys.stdin:
            with suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    self._messages.put(message)
        self._messages.put(None)

    def _follow_messages(self, wait: float = 0.0) -> None:
        """Follow what was told, after waiting for the first of it. Raises _Ended."""
        try:
            message = self._messages.get(timeout=wait) if wait else self._messages.get_nowait()
            while True:
                if message is None:
                    raise _Ended
                if "tasks" in message:
                    self._tasks = {task.folder: task for task in map(_task, message["tasks"])}
                    self._scanned.clear()
                for path in message.get("changed", ()):
                    self._take_changed(PurePath(path))
                message = self._messages.get_nowait()
        except Empty:
            pass

    def _take_changed(self, path: PurePath) -> None:
        for task in self._tasks.values():
            if path.is_relative_to(task.folder):
                inside = path.relative_to(task.folder).as_posix()
                with self._mending(task):
                    index_saved(task, inside, self._writer(task))

    def _scan_if_changed(self, task: Task) -> None:
        looks = _looks(task.folder)
        if self._scanned.get(task.folder) == looks:
            return
        lock = FileLock(f"{database_of(task.folder)}.lock", blocking=False)
        with self._mending(task), suppress(Timeout):  # else another window's process is at it: look again later
            database_of(task.folder).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with lock:
                _say(bring_up_to_date(task, self._writer(task), _say, self._follow_messages))
            if self._tasks.get(task.folder) is task:
                self._scanned[task.folder] = looks

    def _writer(self, task: Task) -> IndexWriter:
        if task.folder not in self._writers:
            self._writers[task.folder] = IndexWriter(database_of(task.folder))
        return self._writers[task.folder]

    @contextmanager
    def _mending(self, task: Task) -> Iterator[None]:
        """Begin anew after an error: what is damaged is removed; a full disk or a folder that is gone may recover."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            _tell({"folder": str(task.folder), "problem": f"{type(error).__name__}: {error}"})
            if (writer := self._writers.pop(task.folder, None)) is not None:
                with suppress(sqlite3.Error):
                    writer.close()
            self._scanned.pop(task.folder, None)
            if is_damage(error):
                with suppress(OSError):
                    remove(database_of(task.folder))


def take_idle_time_only() -> None:
    """Let everything else on this machine go first."""
    with suppress(OSError, AttributeError):
        os.nice(19)
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _task(told: dict[str, Any]) -> Task:
    return Task(Path(told["folder"]), tuple(told.get("patterns", ())), tuple(told.get("near", ())))


def _looks(folder: Path) -> object:
    """Return what tells that a folder should be scanned again: git has changed it, or it was long ago."""
    marks: list[object] = [int(time.monotonic() // _SCAN_AGAIN_SECONDS)]
    for name in (".git/HEAD", ".git/index", ".gitignore", ".midspanignore"):
        try:
            marks.append((folder / name).stat().st_mtime_ns)
        except OSError:
            marks.append(None)
    return marks


def _say(progress: Progress) -> None:
    _tell(dataclasses.asdict(progress))


def _tell(message: dict[str, Any]) -> None:
    with suppress(OSError, ValueError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    take_idle_time_only()
    IndexService().run()
