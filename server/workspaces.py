"""The workspace folders of one connection: what is beside a document there, and the process that keeps them indexed.

Knows folders and open documents. Does not know what is looked for in them (``context.sources``).
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from threading import Thread
from typing import TYPE_CHECKING, Any

from ..completion.settings import ContextSettings
from ..context.document import Document
from .documents import Documents
from .paths import folder_on_disk

if TYPE_CHECKING:
    from ..context.library import Library
    from ..context.workspace import Workspace

log = logging.getLogger(__name__)

# -P: what lies in the folder that it is started in, which may be a repository, is not run.
_COMMAND = (sys.executable, "-P", "-m", "midspan.context.index_service")
_ENDING_SECONDS = 0.5


class Workspaces:
    """The folders that are open in the editor."""

    def __init__(self, documents: Documents, spawn: Callable[[Coroutine[object, object, None]], object]) -> None:
        """Begin with no folder; ``spawn`` runs work in the background."""
        self._documents = documents
        self._settings = ContextSettings()
        self._folders: tuple[str, ...] = ()
        self._libraries: dict[Path, Library] = {}
        self._indexing = Indexing(spawn)

    def use(self, folders: tuple[str, ...], settings: ContextSettings) -> None:
        """Gather from these folders (URIs) from now on, by these settings."""
        if (folders, settings) == (self._folders, self._settings):
            return
        self._folders, self._settings = folders, settings
        for library in self._libraries.values():
            library.close()
        self._libraries = {}
        from ..context.library import Library  # late: it brings a database along

        for folder in filter(None, map(folder_on_disk, folders)):
            if folder.is_dir():
                self._libraries[folder] = Library(folder, settings.exclude)
        near = [path.parent for path, _ in self._opened()]
        is_wanted = settings.index and settings.sources
        self._indexing.index([_task(folder, settings, near) for folder in self._libraries] if is_wanted else [])

    def beside(self, document: Document) -> Workspace | None:
        """Return what is beside a document; None for one that is in no folder on disk."""
        path = folder_on_disk(document.uri)
        around = [folder for folder in self._libraries if path is not None and path.is_relative_to(folder)]
        if path is None or not around:
            return None
        from ..context.workspace import Workspace

        folder = max(around, key=lambda one: len(one.parts))
        inside = path.relative_to(folder).as_posix()
        return Workspace.of(self._libraries[folder], inside, self._opened(), self._settings.pinned)

    def changed(self, uris: Iterable[str]) -> None:
        """Take note that files on disk were written, made or removed."""
        self._indexing.changed([str(path) for path in map(folder_on_disk, uris) if path is not None])

    async def close(self) -> None:
        """Let go of the databases, and end the process."""
        for library in self._libraries.values():
            library.close()
        await self._indexing.close()

    def _opened(self) -> Iterable[tuple[Path, Document]]:
        for document in self._documents.newest_first():
            if (path := folder_on_disk(document.uri)) is not None:
                yield path, document


class Indexing:
    """The process that keeps folders indexed: started when there is one to index, ended with the connection."""

    def __init__(self, spawn: Callable[[Coroutine[object, object, None]], object]) -> None:
        """``spawn`` runs work in the background."""
        self._spawn = spawn
        self._process: Popen[bytes] | None = None
        self._telling = asyncio.Lock()
        self.progress: dict[str, dict[str, Any]] = {}
        """For each folder, how far its index is, as the process says (``context.index_service``)."""

    def index(self, tasks: list[dict[str, object]]) -> None:
        """Keep these folders indexed from now on, and no others."""
        if tasks or self._process is not None:
            self._spawn(self._tell({"tasks": tasks}))

    def changed(self, paths: list[str]) -> None:
        """Tell the process of files that have changed."""
        if paths and self._process is not None:
            self._spawn(self._tell({"changed": paths}))

    async def close(self) -> None:
        """End the process: it ends by itself when nobody can tell it anything any more."""
        async with self._telling:
            if self._process is not None:
                await asyncio.to_thread(_end, self._process)
                self._process = None

    async def _tell(self, message: dict[str, object]) -> None:
        # In a thread, and one after another: a process that does not listen must not hold up the editor.
        async with self._telling:
            await asyncio.to_thread(self._write, json.dumps(message).encode() + b"\n")

    def _write(self, line: bytes) -> None:
        try:
            if self._process is None or self._process.poll() is not None:
                self._process = Popen(_COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
                Thread(target=self._listen, args=[self._process], daemon=True).start()
            assert self._process.stdin is not None
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError as error:
            log.warning("the workspace can't be indexed: %s", error.strerror)

    def _listen(self, process: Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout, suppress(ValueError):
            for line in process.stdout:
                with suppress(ValueError, KeyError, TypeError):
                    said = json.loads(line)
                    self.progress[said["folder"]] = said


def _end(process: Popen[bytes]) -> None:
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_ENDING_SECONDS)
    except TimeoutExpired:
        process.kill()
        process.wait()


def _task(folder: Path, settings: ContextSettings, opened: list[Path]) -> dict[str, object]:
    near = [path.relative_to(folder).as_posix() for path in opened if path.is_relative_to(folder)]
    return {"folder": str(folder), "patterns": settings.exclude, "near": [path for path in near if path != "."]}
