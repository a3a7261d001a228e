"""What there is beside a document at one moment: the folder that it is in, and the other files that are open."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .document import Document
from .exclusions import MODELS_IGNORE_FILES, Rules
from .languages import for_path
from .library import File, Library, Needed
from .source_file import MAX_BYTES

_MOST_OPEN = 8


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that is open in the editor: its path below the workspace folder, and its newest snapshot."""

    path: str
    document: Document


@dataclass(frozen=True, slots=True)
class Workspace:
    """``path`` is the document's own, below the folder that ``library`` knows; ``rules`` hold at that folder.

    ``open_files`` are the others, the one used last first; none of them is excluded. ``pinned`` are the paths of files
    that the settings name. After the monotonic instant ``until`` no file is looked through that was not before.
    """

    library: Library
    path: str
    rules: Rules
    open_files: tuple[OpenFile, ...] = ()
    pinned: tuple[str, ...] = ()
    until: float = math.inf
    _files: dict[str, File | None] = field(default_factory=dict, repr=False, compare=False)
    """The files that were asked for already: whether one may be read is looked at once a request."""

    @classmethod
    def of(
        cls,
        library: Library,
        path: str,
        opened: Iterable[tuple[Path, Document]] = (),
        pinned: tuple[str, ...] = (),
    ) -> Workspace:
        """Return what is beside a document now; of the files that are ``opened``, the one used last comes first."""
        rules = library.rules()
        files = []
        for full, document in opened:
            if full.is_relative_to(library.folder) and len(document.text) <= MAX_BYTES:
                one = OpenFile(full.relative_to(library.folder).as_posix(), document)
                if one.path != path and for_path(one.path) and not rules.exclude_file(library.folder, one.path):
                    files.append(one)
                    if len(files) == _MOST_OPEN:
                        break
        return cls(library, path, rules, tuple(files), pinned)

    @property
    def hides_document(self) -> bool:
        """Whether the user's patterns, or an ignore file for models, exclude the document itself."""
        library = self.library
        return Rules.of(library.folder, library.patterns, MODELS_IGNORE_FILES).name_file(library.folder, self.path)

    def own_file(self, document: Document) -> File:
        """Return the document itself, as it is or was a moment ago: what is far from the cursor hardly changes."""
        return self.library.recent_file(self.path, document)

    def file(self, path: str, needed: Needed) -> File | None:
        """Return another file as the user sees it: as it is in the editor, else as it is on disk.

        ``needed`` is what will be asked of it. When time is over, a file that has to be looked through for that counts
        as none; who types on finds it known in the end.
        """
        is_late = time.monotonic() > self.until
        if path not in self._files:
            if is_late and not self.library.knows(path):
                return None
            self._files[path] = self._file(path)
        file = self._files[path]
        return None if file is None or (is_late and not file.has(needed)) else file

    def _file(self, path: str) -> File | None:
        for one in self.open_files:
            if one.path == path:
                return self.library.open_file(path, one.document)
        return self.library.file(path, self.rules) if path != self.path else None
