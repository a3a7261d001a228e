"""What a file defines and imports, by its syntax tree; and definitions as a reader would jot them down.

Knows the captures of the languages' ``tags`` queries. Does not know what is looked for, nor where files are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from .document import Document
from .language import query_cursor_of, tags_query_of
from .nodes import span

if TYPE_CHECKING:
    from tree_sitter import Node

_MATCH_LIMIT = 8192
_TIMEOUT_MICROSECONDS = 100_000
_SHORT = 240
"""A definition of so few characters is shown whole."""
_HEADER = 400
_BRIEF = 120
_DOC_LINES = 3
# A query cursor keeps state between calls, and documents may be read from more than one thread.
_querying = Lock()


@dataclass(frozen=True, slots=True)
class Definition:
    """Something with a name that a file defines; ``kind`` is the tags' word for it (function, class, constant, …).

    Offsets; ``body_start`` is where its body begins, ``parent`` the place of the definition around it among the file's
    own (None at the top).
    """

    kind: str
    name: str
    start: int
    end: int
    body_start: int | None = None
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """What a statement imports: a module or file as it is written, and the names that it makes known (may be none)."""

    path: str
    names: tuple[str, ...] = ()


def definitions(document: Document) -> tuple[Definition, ...]:
    """Return what a document defines, in order, what is around others before them; nothing where there is no tree."""
    found: dict[tuple[int, int, str], Definition] = {}
    for nodes in _tags(document):
        capture = next((name for name in nodes if name.startswith("definition.")), None)
        if capture is None or "name" not in nodes:
            continue
        start, end = span(document, nodes[capture][0])
        name = document.text[slice(*span(document, nodes["name"][0]))]
        body = span(document, nodes["body"][0])[0] if "body" in nodes else None
        found.setdefault((start, -end, name), Definition(capture.removeprefix("definition."), name, start, end, body))
    ordered: list[Definition] = []
    around: list[int] = []
    for _, one in sorted(found.items()):
        while around and ordered[around[-1]].end < one.end:
            around.pop()
        parent = around[-1] if around else None
        around.append(len(ordered))
        ordered.append(Definition(one.kind, one.name, one.start, one.end, one.body_start, parent))
    return tuple(ordered)


def imports(document: Document, until: int) -> tuple[Import, ...]:
    """Return what the statements that begin before an offset import."""
    found = []
    for nodes in _tags(document, until):
        if "import" not in nodes or "path" not in nodes:
            continue
        texts = {
            part: tuple(document.text[slice(*span(document, node))] for node in nodes.get(part, ()))
            for part in ("path", "imported", "alias")
        }
        found += [Import(path.strip("\"'`<>"), texts["imported"] + texts["alias"]) for path in texts["path"]]
    return tuple(found)


def jotted(document: Document, one: Definition) -> str:
    """Return a definition as a reader would jot it down: whole if it is short, else its head."""
    text = _own_lines(document, one)
    return text if len(text) <= _SHORT else head(document, one)


def _tags(document: Document, until: int | None = None) -> list[dict[str, list[Node]]]:
    """Return the matches of the language's tags that begin before an offset; nothing where there is no tree."""
    tree, language = document.tree, document.language
    if tree is None or language is None or not language.tags:
        return []
    cursor = query_cursor_of(tags_query_of(language), _MATCH_LIMIT, _TIMEOUT_MICROSECONDS)
    with _querying:
        cursor.set_point_range((0, 0), document.point_at(len(document.text) if until is None else until))
        return [nodes for _, nodes in cursor.matches(tree.root_node)]


def head(document: Document, one: Definition, *, short: bool = False) -> str:
    """Return a definition's text up to its body, with ``...`` for that, and the beginning of its doc string.

    ``short`` leaves the doc string out.
    """
    text = _own_lines(document, one)
    if one.body_start is None or "\n" not in text.rstrip():
        return _cut(text, _BRIEF if short else _HEADER)
    top = document.text[document.line_start(document.line_at(one.start)) : one.body_start].rstrip()
    body = document.text[one.body_start : one.end]
    doc = "" if short else _doc_string(body)
    if doc:
        lines = doc.split("\n")
        shown = "\n".join(lines[:_DOC_LINES]).rstrip()
        return _cut(f"{top}\n{_indent_of(top)}    {shown}", _HEADER)
    return _cut(f"{top} {{ ... }}" if body.startswith("{") else f"{top} ...", _HEADER)


def _own_lines(document: Document, one: Definition) -> str:
    return document.text[document.line_start(document.line_at(one.start)) : one.end]


def _doc_string(body: str) -> str:
    found = re.match(r'\s*[rR]?("""|\'\'\')(?s:.*?)\1', body)
    return found[0].strip() if found else ""


def _indent_of(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]


def _cut(text: str, size: int) -> str:
    """Return the lines of a text that fit into a number of characters, one at least."""
    if len(text) <= size:
        return text
    end = text.rfind("\n", 0, size)
    return text[: end if end > 0 else size]
