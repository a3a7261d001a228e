"""The repositories that tasks come with, indexed as a workspace's folder is: what gathering has to work on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from ..context.index import Index, writing
from ..context.indexing import Task as IndexTask
from ..context.indexing import bring_up_to_date
from ..context.library import Library
from ..context.workspace import Workspace
from .errors import TasksError
from .tasks import Task


class Repositories:
    """Makes an index of each repository when it is first asked for; they go with this object. Use as a context."""

    def __init__(self, say: Callable[[str], None] = lambda _: None) -> None:
        """``say`` is told which one is being indexed."""
        self._say = say
        self._folder = tempfile.TemporaryDirectory(prefix="midspan-index-")
        self._libraries: dict[str, Library] = {}

    def beside(self, task: Task) -> Workspace | None:
        """Return what is beside a task's file; None for a task without a repository. Raises TasksError."""
        if not task.repository:
            return None
        if task.repository not in self._libraries:
            self._libraries[task.repository] = self._library(Path(task.repository))
        return Workspace.of(self._libraries[task.repository], task.path)

    def close(self) -> None:
        """Remove the indexes."""
        for library in self._libraries.values():
            library.close()
        self._folder.cleanup()

    def __enter__(self) -> Repositories:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _library(self, root: Path) -> Library:
        if not root.is_dir():
            raise TasksError(f"The repository {root} is missing: it has to lie beside the task file.")
        self._say(f"indexing {root.name}")
        database = Path(self._folder.name) / f"{len(self._libraries)}.sqlite"
        with writing(database) as writer:
            bring_up_to_date(IndexTask(root.resolve()), writer)
        return Library(root.resolve(), index=Index(root.resolve(), database))


def share_found(task: Task, shown: Iterable[tuple[str, str]]) -> float | None:
    """Return the share of a task's needs that are among snippets, as (path, text); None where it has none."""
    if not task.needs:
        return None
    snippets = list(shown)
    found = [any(path == need.path and need.name in text for path, text in snippets) for need in task.needs]
    return sum(found) / len(found)
