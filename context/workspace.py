"""What there is beside a document at one moment: the folder that it is in, and the other files that are open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .document import Document
from .exclusions import MODELS_IGNORE_FILES, Rules
from .languages import for_path
from .library import File, Library
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
    that the settings name.
    """

    library: Library
    path: str
    rules: Rules
    open_files: tuple[OpenFile, ...] = ()
    pinned: tuple[str, ...] = ()

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

    def file(self, path: str) -> File | None:
        """Return another file as the user sees it: as it is in the editor, else as it is on disk."""
        for one in self.open_files:
            if one.path == path:
                return self.library.open_file(path, one.document)
        return self.library.file(path, self.rules) if path != self.path else None
