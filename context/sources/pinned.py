"""The files that the project's settings name: an interface that everybody writes against, an example of the style."""

from __future__ import annotations

from ..cursor import Cursor
from ..library import WINDOW_LINES
from ..workspace import Workspace
from .candidate import Candidate

NAME = "pinned"


def candidates(cursor: Cursor, workspace: Workspace) -> list[Candidate]:
    """Return the pinned files from their beginnings on, in the order in which they are named."""
    found = []
    for rank, path in enumerate(workspace.pinned):
        if (file := workspace.file(path, "text")) is None:
            continue
        for first in range(0, file.document.n_lines, WINDOW_LINES):
            text = file.lines(first, min(file.document.n_lines, first + WINDOW_LINES))
            found.append(Candidate(NAME, path, first, text, 1 / (2 + rank + first / 1000), "pinned by the settings"))
    return found
