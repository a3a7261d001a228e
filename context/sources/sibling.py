"""The file that belongs to the document: its test or what it tests, its header or source, another one of its name."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ..cursor import Cursor
from ..definitions import head
from ..modules import stem_of
from ..workspace import Workspace
from .candidate import Candidate
from .nearby import names_near, parts_of, share_in

NAME = "sibling"
_MOST_NAMES = 24
_MOST_FILES = 8
_MOST_HEADS = 120
_TEST = re.compile(r"^tests?_|_tests?$|_spec$|(?<=[a-z0-9])(?:Tests?|Spec)$|^Test(?=[A-Z])|_unittest$")


def candidates(cursor: Cursor, workspace: Workspace) -> list[Candidate]:
    """Return the heads of what siblings define, by how much they have to do with the text near the cursor."""
    near = parts_of(names_near(cursor, _MOST_NAMES))
    found = []
    for path in siblings(workspace):
        if (file := workspace.file(path, "definitions")) is None:
            continue
        for one in file.definitions[:_MOST_HEADS]:
            line, score = file.document.line_at(one.start), 0.3 + 0.6 * share_in(one.name, near)
            text = head(file.document, one, short=True)
            found.append(Candidate(NAME, path, line, text, score, f"belongs to {workspace.path}"))
    return found


def siblings(workspace: Workspace) -> list[str]:
    """Return the files that belong to the document, those in its own folder first, at most two."""
    own = stem_of(workspace.path)
    subject = _TEST.sub("", own)
    names = (
        [subject] if subject != own else [own, f"test_{own}", f"{own}_test", f"{own}Test", f"{own}_spec", f"{own}Tests"]
    )
    paths = [path for name in names for path in workspace.library.index.files_called(name, _MOST_FILES)]
    others = [path for path in dict.fromkeys(paths) if path != workspace.path]
    here = PurePosixPath(workspace.path)
    return sorted(others, key=lambda path: (PurePosixPath(path).parent != here.parent, path))[:2]
