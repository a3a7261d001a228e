"""What stands in the document beyond what the model sees of it: imports, the class around the cursor, definitions."""

from __future__ import annotations

from ..cursor import Cursor
from ..definitions import Definition, head, jotted
from ..library import File
from ..workspace import Workspace
from .candidate import Candidate
from .nearby import names_near, parts_of, share_in

NAME = "own"
_MOST_NAMES = 24
_MOST_HEADS = 400
_MOST_IMPORT_LINES = 40
_IMPORTS = (
    "import ",
    "from ",
    "#include",
    "use ",
    "using ",
    "const ",
    "require",
    "package ",
    "export * from",
    "export {",
)


def candidates(cursor: Cursor, workspace: Workspace) -> list[Candidate]:
    """Return the parts of the document that are out of sight, by how much they have to do with what is near."""
    if len(cursor.prefix) + len(cursor.suffix) >= len(cursor.file.text):
        return []
    file = workspace.own_file(cursor.document)
    names = names_near(cursor, _MOST_NAMES)
    near = parts_of(names)
    found = [_imports(file)]
    for one in file.definitions[:_MOST_HEADS]:
        is_around = one.start < cursor.offset < one.end
        if is_around:
            score, text = 0.9, head(file.document, one)
        elif one.name in names:
            score, text = 0.8, jotted(file.document, one)
        else:
            score, text = 0.2 + 0.4 * share_in(one.name, near), head(file.document, one, short=True)
        found.append(_candidate(file, one, text, score))
    return [one for one in found if one.text]


def _candidate(file: File, one: Definition, text: str, score: float) -> Candidate:
    return Candidate(NAME, file.path, file.document.line_at(one.start), text, score, "further off in the file itself")


def _imports(file: File) -> Candidate:
    """Return the lines at the top of a file by which it takes something in."""
    lines = [file.document.line_text(line) for line in range(min(200, file.document.n_lines))]
    taken = [line for line in lines if line.startswith(_IMPORTS)][:_MOST_IMPORT_LINES]
    return Candidate(NAME, file.path, 0, "\n".join(taken), 0.7, "what the file itself imports")
