"""Cuts holes out of a repository whose answers use names that another of its files defines.

What is defined where comes from the syntax trees of all its files. A name counts only if exactly one file defines it,
another one, which the file imports (or lies beside, where a language asks for no import). Lines are cut from a place
before the name to their end, bodies of functions as a whole.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...context.definitions import definitions, imports
from ...context.document import Document
from ...context.modules import may_mean
from ...context.nodes import captures
from ...context.source_file import read_source
from ...context.syntax import Place, place
from ...context.walk import source_files

_KINDS = frozenset({"function", "class", "type", "constant", "macro", "variable", "method"})
_LEAST_LETTERS = 5
_LONGEST_FILE = 60_000
_LEAST_BEFORE = 200
_MOST_LINES = 8
_SHARE_OF_BLOCKS = 0.25
_IMPORT = re.compile(r"\s*(?:from|import|export|use|using|#\s*include|const\s.*\brequire\(|package|pub use|mod)\b")
_FAMILIES = (
    frozenset({".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp"}),
    frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx"}),
    frozenset({".py", ".pyi"}),
)
_WORD_START = re.compile(r"\b\w")


@dataclass(frozen=True, slots=True)
class Need:
    """A place at which a name is used that only the file ``path`` defines."""

    offset: int
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A hole [start, end) in a file; ``needs`` are the names in it that others define, each with that file's path."""

    path: str
    start: int
    end: int
    needs: tuple[tuple[str, str], ...]


class Repository:
    """The files of a repository, and which one of them defines each name that only one defines."""

    def __init__(self, root: Path) -> None:
        """Read all files. Files that say the same as another one are left out."""
        self.documents: dict[str, Document] = {}
        defined: dict[str, set[str]] = defaultdict(set)
        seen: set[int] = set()
        for found in source_files(root):
            source = read_source(root, found.path)
            if source is None or len(source.text) > _LONGEST_FILE or hash(source.text) in seen:
                continue
            seen.add(hash(source.text))
            document = Document.open(found.path, "", 0, source.text)
            self.documents[found.path] = document
            for one in definitions(document):
                if one.kind in _KINDS and (one.parent is None or one.kind == "method"):
                    defined[one.name].add(found.path)
        self._only_in = {name: next(iter(paths)) for name, paths in defined.items() if len(paths) == 1}

    def needs(self, document: Document) -> list[Need]:
        """Return the places at which a file uses a name that only one other file defines, and that file is meant."""
        imported = imports(document, len(document.text))
        names = {name for one in imported for name in one.names}
        found = []
        for one in captures(document, 0, len(document.text), only="identifier"):
            name = document.text[one.start : one.end]
            home = self._only_in.get(name)
            if home is None or home == document.uri or len(name) < _LEAST_LETTERS or not _are_alike(home, document.uri):
                continue
            is_member = document.text[max(0, one.start - 2) : one.start].endswith((".", "->", "::"))
            is_reached = any(may_mean(way.path, home, document.uri) for way in imported)
            if (
                (name in names and not is_member)
                or (is_reached and (is_member or _includes(document)))
                or (_shares_folders(document) and name[0].isupper() and _folder(home) == _folder(document.uri))
            ):
                found.append(Need(one.start, name, home))
        return found


def cuts(repository: Repository, most: int, seed: int) -> list[Cut]:
    """Return at most so many holes, over as many files as there are, always the same for one seed."""
    chance = random.Random(seed)
    files = []
    for _, document in sorted(repository.documents.items()):
        needs = repository.needs(document)
        blocks, lines = list(_blocks(document, needs)), list(_lines(document, needs, chance))
        chance.shuffle(blocks)
        chance.shuffle(lines)
        files.append((blocks, lines))
    chance.shuffle(files)
    chosen: list[Cut] = []
    while len(chosen) < most and any(blocks or lines for blocks, lines in files):
        for blocks, lines in files:
            if blocks and (not lines or chance.random() < _SHARE_OF_BLOCKS):
                chosen.append(blocks.pop())
            elif lines:
                chosen.append(lines.pop())
    return chosen[:most]


def _are_alike(one: str, other: str) -> bool:
    """Return whether two files are in languages that can use each other's names."""
    families = [
        next((family for family in _FAMILIES if _ending(path) in family), _ending(path)) for path in (one, other)
    ]
    return families[0] == families[1]


def _includes(document: Document) -> bool:
    return _ending(document.uri) in _FAMILIES[0]


def _shares_folders(document: Document) -> bool:
    """Return whether the files of a folder see each other's names without an import."""
    return _ending(document.uri) in (".java", ".kt", ".go", ".cs")


def _ending(path: str) -> str:
    return PurePosixPath(path).suffix


def _folder(path: str) -> PurePosixPath:
    return PurePosixPath(path).parent


def _blocks(document: Document, needs: list[Need]) -> Iterator[Cut]:
    """Yield the bodies of short functions that need something."""
    for start, end in _bodies(document):
        if start >= _LEAST_BEFORE and any(start <= need.offset < end for need in needs):
            yield _cut(document, start, end, needs)


def _lines(document: Document, needs: list[Need], chance: random.Random) -> Iterator[Cut]:
    """Yield rests of lines that need something."""
    done = set()
    for need in needs:
        line = document.line_at(need.offset)
        if line not in done and (start := _start(document, line, need.offset, chance)) is not None:
            done.add(line)
            yield _cut(document, start, document.line_end(line), needs)


def _cut(document: Document, start: int, end: int, needs: list[Need]) -> Cut:
    end = start + len(document.text[start:end].rstrip())
    named = dict.fromkeys((need.name, need.path) for need in needs if start <= need.offset < end)
    return Cut(document.uri, start, end, tuple(named))


def _start(document: Document, line: int, need: int, chance: random.Random) -> int | None:
    """Return where a line's hole may begin: at a word before the name that is needed, behind the line's first word."""
    first, text = document.line_start(line), document.line_text(line)
    if first < _LEAST_BEFORE or _is_import(text) or place(document, need) is not Place.CODE:
        return None
    words = [first + found.start() for found in _WORD_START.finditer(text[: need - first + 1])]
    return chance.choice(words[1:]) if len(words) > 1 else None


def _is_import(text: str) -> bool:
    return (
        re.match(r"\s*(?:from|import|export|use|using|#\s*include|const\s.*\brequire\(|package|pub use|mod)\b", text)
        is not None
    )


def _bodies(document: Document) -> Iterator[tuple[int, int]]:
    """Yield where the bodies of short functions begin, at their first character that is not blank, and end."""
    for one in definitions(document):
        if one.kind not in ("function", "method") or one.body_start is None:
            continue
        start, end = one.body_start, one.end
        if document.text.startswith("{", start):
            start, end = start + 1, end - 1
        body = document.text[start:end]
        start += len(body) - len(body.lstrip())
        if 2 <= document.text.count("\n", start, start + len(body.strip())) + 1 <= _MOST_LINES:
            yield start, end
