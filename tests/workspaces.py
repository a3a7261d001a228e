"""Folders of source files for tests, indexed, and cursors in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from marks import parse_marks

from midspan.context.cursor import Cursor, cursor_context
from midspan.context.document import Document
from midspan.context.index import Index, writing
from midspan.context.indexing import Task, bring_up_to_date
from midspan.context.library import Library
from midspan.context.window import WindowSizes
from midspan.context.workspace import Workspace

SIZES = WindowSizes(512, 256)


def write_files(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return root


def indexed(root: Path, database: Path, *patterns: str) -> Library:
    with writing(database) as writer:
        bring_up_to_date(Task(root, patterns), writer)
    return Library(root, patterns, Index(root, database))


def place_in(
    library: Library, path: str, marked: str, opened: Mapping[str, str] | None = None
) -> tuple[Cursor, Workspace]:
    """The cursor (``¦``) in a file of a workspace, and what is beside it; ``opened`` are other files in the editor."""
    text, offset = parse_marks(marked)
    document = Document.open((library.folder / path).as_uri(), "", 1, text)
    others = [
        (library.folder / name, Document.open((library.folder / name).as_uri(), "", 1, other))
        for name, other in (opened or {}).items()
    ]
    return cursor_context(document, offset, SIZES), Workspace.of(library, path, others)
