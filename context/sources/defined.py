"""Definitions that the text at the cursor may refer to: of names used near it, imported ones, members of known classes.

A name is looked up in the index; of several files that define it, the imports tell which one is meant. What a module
or header that is imported as a whole defines is offered by how much it has in common with the text near the cursor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..cursor import Cursor
from ..definitions import Import, head, imports, jotted
from ..heads import subwords
from ..library import File
from ..modules import may_mean, stem_of, stems
from ..workspace import Workspace
from .candidate import Candidate
from .nearby import names_near, parts_of, share_in

NAME = "definitions"
_MOST = 80
_MOST_NAMES = 24
_MANY_FILES = 12
"""A name that more files define says nothing, unless an import tells which one is meant."""
_MOST_IMPORTED = 40
_MOST_MODULES = 12
_IMPORTS_END = 30_000
"""Imports are looked for in so many characters from the start of a file."""
_MOST_HEADS = 300
"""Of a file's definitions, at most so many are weighed."""
_MOST_BESIDE = 60
_SURE = 0.7
_SHARE_FOLDERS = frozenset({"csharp", "go", "java", "kotlin", "scala", "swift"})
"""Languages in which the files of a folder see each other's names without an import."""
_OWN = frozenset({"self", "this", "super", "cls"})
_CLASS = re.compile(
    r"^[ \t]*(?:[\w@]+[ \t]+)*(?:class|impl|interface|struct|object)[ \t<][^\n]*?"
    r"(?:\(|:|<|\bextends\b|\bimplements\b|\bfor\b)([^\n]*)",
    re.MULTILINE,
)
_NAME = re.compile(r"\b[^\W\d]\w{2,}")
_RECEIVER = re.compile(r"([^\W\d]\w*)\s*(?:\.|->|::|\?\.)\s*\w*\Z")
_REACH = 4_000


@dataclass(frozen=True, slots=True)
class _Near:
    """What the text near the cursor speaks of: names by their nearness (1 to 0), parts of names, the name begun.

    ``asked`` are the classes and modules of which a member is being written.
    """

    names: dict[str, float]
    parts: frozenset[str]
    begun: str
    asked: frozenset[str]


def candidates(cursor: Cursor, workspace: Workspace) -> list[Candidate]:
    """Return definitions in other files, by how likely they are what is written next."""
    near = _near(cursor, workspace.path)
    imported = _Imported(imports(cursor.document, min(_IMPORTS_END, cursor.offset)), workspace.path)
    best: dict[tuple[str, int], tuple[float, str, File]] = {}
    for file, place, score, why in _weighed(cursor, near, imported, workspace):
        if (file.path, place) not in best or best[file.path, place][0] < score:
            best[file.path, place] = score, why, file
    ranked = sorted(best.items(), key=lambda one: (-one[1][0], one[0]))[:_MOST]
    return [_candidate(file, place, score, why) for (_, place), (score, why, file) in ranked]


class _Imported:
    """What the document imports, and which files its imports may mean."""

    def __init__(self, statements: tuple[Import, ...], importer: str) -> None:
        self.names = list(dict.fromkeys(name for one in reversed(statements) for name in one.names))
        self.modules: dict[str, tuple[str, ...]] = {}
        for one in statements:
            self.modules[one.path] = (*self.modules.get(one.path, ()), *one.names)
        self._importer = importer
        self._meant: dict[str, bool] = {}
        self._by_stem: dict[str, list[str]] = {}
        for module in self.modules:
            for stem in stems(module):
                self._by_stem.setdefault(stem, []).append(module)

    def means(self, path: str) -> bool:
        """Return whether one of the imports may mean a file."""
        if path not in self._meant:
            modules = self._by_stem.get(stem_of(path), ())
            if path.endswith(".go") or not stem_of(path):
                modules = list(self.modules)
            self._meant[path] = any(may_mean(module, path, self._importer) for module in modules)
        return self._meant[path]


def _near(cursor: Cursor, path: str) -> _Near:
    before = cursor.document.text[max(0, cursor.offset - _REACH) : cursor.offset]
    names = {name: 1 - position / _MOST_NAMES for position, name in enumerate(names_near(cursor, _MOST_NAMES))}
    bases = _bases(before)
    found = _RECEIVER.search(cursor.line_head)
    receiver = found[1] if found else ""
    if receiver in _OWN:
        asked = frozenset(bases)
    else:
        asked = frozenset(filter(None, (receiver, _class_of(receiver, before) if receiver else "")))
    names |= dict.fromkeys(bases, 0.7) | dict.fromkeys((one for one in asked if one != receiver), 1.0)
    return _Near(names, parts_of((*names, stem_of(path))), cursor.identifier_before, asked)


def _class_of(name: str, before: str) -> str:
    """Return the class that a name seems to be of, judged by the nearest text that gives it a value or a type."""
    quoted = re.escape(name)
    given = rf"\b{quoted}\s*(?::\s*|:?=\s*(?:new\s+|await\s+|&)?)[\"']?(?:\w+\.)*([A-Z]\w*)"
    typed = rf"\b([A-Z]\w*)(?:<[^<>\n]*>)?[\s*&]+{quoted}\b"
    found = re.findall(rf"{given}|{typed}", before)
    return (found[-1][0] or found[-1][1]) if found else ""


def _bases(before: str) -> list[str]:
    """Return what the nearest class above is said to extend, as far as its first line tells."""
    headers = _CLASS.findall(before)
    return _NAME.findall(headers[-1])[:4] if headers else []


def _weighed(
    cursor: Cursor, near: _Near, imported: _Imported, workspace: Workspace
) -> Iterator[tuple[File, int, float, str]]:
    """Yield definitions, each with its file, its place among that file's, its score, and why."""
    for name, nearness in near.names.items():
        if (file := _home(name, imported, workspace)) is not None:
            yield from _of_name(file, name, 0.55 + 0.35 * nearness, f"defines {name}, used here", near)
    for name in imported.names[:_MOST_IMPORTED]:
        if name not in near.names and (file := _home(name, imported, workspace)) is not None:
            yield from _of_name(file, name, 0.5 + 0.3 * _likeness(name, near), f"defines {name}, imported here", near)
    for module, names in list(imported.modules.items())[:_MOST_MODULES]:
        is_asked = not near.asked.isdisjoint((*names, *stems(module)))
        for path in _files_meant(module, names, workspace):
            if (file := workspace.file(path, "definitions")) is not None:
                yield from _of_file(file, 0.75 if is_asked else 0.25, "in a file that is imported here", near)
    if cursor.document.language is not None and cursor.document.language.name in _SHARE_FOLDERS:
        for path in workspace.library.index.files_beside(workspace.path, _MOST_BESIDE):
            if subwords(stem_of(path)) & near.parts and (file := workspace.file(path, "definitions")) is not None:
                yield from _of_file(file, 0.3, "in the same folder", near)


def _home(name: str, imported: _Imported, workspace: Workspace) -> File | None:
    """Return the file that defines what a name means in the document; None where that is not clear."""
    is_imported = name in imported.names
    paths = [one.path for one in workspace.open_files if name in one.document.text]
    paths += workspace.library.index.files_defining(name, _MANY_FILES * (4 if is_imported else 1))
    paths = [path for path in dict.fromkeys(paths) if path != workspace.path]
    folder = workspace.path.rpartition("/")[0]
    chosen = [path for path in paths if imported.means(path)]
    chosen = chosen or [path for path in paths if path.rpartition("/")[0] == folder]
    chosen = chosen or (paths if len(paths) == 1 or is_imported else [])
    for path in sorted(chosen)[:3]:
        file = workspace.file(path, "definitions")
        if file is not None and any(one.name == name for one in file.definitions):
            return file
    return None


def _of_name(file: File, name: str, score: float, why: str, near: _Near) -> Iterator[tuple[File, int, float, str]]:
    known = file.definitions
    # Of several of one name the outermost: a class rather than a method of another.
    places = sorted((known[at].parent is not None, at) for at in range(len(known)) if known[at].name == name)[:2]
    for _, place in places:
        yield file, place, score, why
        for at, one in enumerate(known[:_MOST_HEADS]):
            if one.parent == place:
                weight = (0.8 if name in near.asked else 0.25) + 0.3 * _likeness(one.name, near)
                yield file, at, score * weight, f"a member of {name}"


def _files_meant(module: str, names: tuple[str, ...], workspace: Workspace) -> list[str]:
    """Return the files that an import means as a whole: its module, or modules that it takes by name from a folder."""
    meant: list[str] = []
    for one in (module, *(f"{module.rstrip('.')}.{name}" for name in names[:_MOST_MODULES] if "/" not in module)):
        for stem in stems(one):
            paths = workspace.library.index.files_called(stem, _MANY_FILES)
            meant += [path for path in paths if may_mean(one, path, workspace.path, exactly=True)]
    return [path for path in dict.fromkeys(meant) if path != workspace.path][:3]


def _of_file(file: File, base: float, why: str, near: _Near) -> Iterator[tuple[File, int, float, str]]:
    for place, one in enumerate(file.definitions[:_MOST_HEADS]):
        if one.parent is None:
            yield file, place, base + (0.45 if base < 0.5 else 0.2) * _likeness(one.name, near), why


def _likeness(name: str, near: _Near) -> float:
    """Return how much a name has to do with what is near: 1 if it is begun at the cursor."""
    if near.begun and name.startswith(near.begun) and len(near.begun) > 1:
        return 1.0
    return 0.8 * share_in(name, near.parts)


def _candidate(file: File, place: int, score: float, why: str) -> Candidate:
    document, one = file.document, file.definitions[place]
    # What is surely meant is worth its doc string; of the rest, a line each tells more.
    text = jotted(document, one) if score >= _SURE and one.parent is None else head(document, one, short=True)
    return Candidate(NAME, file.path, document.line_at(one.start), text, score, why)
