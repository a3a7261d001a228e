"""Code within files of another language: scripts and styles in HTML, fenced code and front matter in Markdown.

Gives out a document in which everything else is blank, so that every offset and line in it is one of the file, and
whoever asks about syntax needs to know nothing of the rest. Knows the nodes of these two grammars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .document import Document
from .languages import for_language_id, for_path
from .nodes import span

if TYPE_CHECKING:
    from tree_sitter import Node

_SCRIPTS = {
    "": "javascript",
    "module": "javascript",
    "importmap": "json",
    "speculationrules": "json",
    "text/babel": "javascript",
    "text/x-template": "html",
    "text/template": "html",
}
"""Languages of ``<script type=…>`` whose name does not say them."""

_CALLED = {"c++": "cpp", "c#": "csharp", "golang": "go", "shell": "shellscript", "console": "shellscript"}
"""What code is called in Markdown beside the names and file endings that languages have."""

_TYPE = re.compile(r"(?:application|text)/(?:x-)?(?:[\w.-]+\+)?(\w+)")
_METADATA = {"minus_metadata": "yaml", "plus_metadata": "toml"}


@dataclass(frozen=True, slots=True)
class _Region:
    """A part of a file in another language: its name, where it is, and what in it is the file's own."""

    language_id: str
    start: int
    end: int
    gaps: tuple[tuple[int, int], ...] = ()


def injected(document: Document, offset: int) -> Document | None:
    """Return the document of the language that an offset lies in, with spaces for all that is not of it.

    None where that is the file's own language, or one that is not known. Line ends stay, and every character is one
    space, so offsets and lines are the file's; UTF-16 columns need not be. A region within a region is found too.
    """
    region = _region(document, offset)
    if region is None:
        return None
    inner = document.blanked(_without(region.start, region.end, region.gaps), region.language_id)
    return injected(inner, offset) or inner


def _region(document: Document, offset: int) -> _Region | None:
    language = document.language
    if language is None or language.name not in ("html", "markdown") or document.tree is None:
        return None
    find = _in_element if language.name == "html" else _in_block
    return next((region for node in _around(document, offset) if (region := find(document, node, offset))), None)


def _around(document: Document, offset: int) -> Iterator[Node]:
    """Yield the nodes that an offset lies in or that end at it, each before what it is in."""
    assert document.tree is not None
    point = document.point_at(offset)
    for start in (point, document.point_at(offset - 1)):
        node = document.tree.root_node.descendant_for_point_range(start, point)
        while node is not None:
            yield node
            node = node.parent


def _in_element(document: Document, node: Node, offset: int) -> _Region | None:
    """Find the content of a script or style element, also of one that is not closed."""
    if node.type not in ("start_tag", "raw_text", "end_tag") or node.parent is None:
        return None
    for tag, text in pairwise(node.parent.children):  # siblings are not found from a node that is empty
        if tag.type == "start_tag" and text.type == "raw_text":
            start, end = span(document, tag)[1], span(document, text)[1]
            if start <= offset <= end and (language_id := _language_of_element(document, tag)):
                return _Region(language_id, start, end)
    return None


def _language_of_element(document: Document, tag: Node) -> str:
    name = ""
    attributes: dict[str, str] = {}
    for child in tag.named_children:
        words = [document.text[slice(*span(document, part))].strip("\"'").lower() for part in child.named_children]
        if child.type == "tag_name":
            name = document.text[slice(*span(document, child))].lower()
        elif words:
            attributes[words[0]] = words[1].strip() if len(words) > 1 else ""
    if name == "style":
        return _known(attributes.get("lang", "css"))
    kind = attributes.get("type", "").partition(";")[0].strip()
    if "lang" in attributes:
        return _known(attributes["lang"])
    found = _TYPE.fullmatch(kind)
    return _known(_SCRIPTS.get(kind) or (found[1] if found else ""))


def _in_block(document: Document, node: Node, offset: int) -> _Region | None:
    """Find the lines of a fenced block or of front matter, also of a block that is not closed."""
    language_id = _METADATA.get(node.type) or _language_of_fence(document, node)
    if not language_id:
        return None
    start, end = span(document, node)
    first, last = document.line_at(start) + 1, document.line_at(end)
    marks = [child for child in node.children if child.type == "fenced_code_block_delimiter"]
    if node.type in _METADATA:
        last = document.line_at(start + len(document.text[start:end].rstrip())) - 1
    elif len(marks) > 1:
        last = document.line_at(span(document, marks[-1])[0]) - 1
    elif end == document.line_start(last) and end < len(document.text):
        last -= 1  # the next line is outside of the quotation or list item that the block is in
    if not first <= document.line_at(offset) <= last:
        return None
    gaps = tuple(span(document, part) for part in _continuations(node))
    return _Region(language_id, document.line_start(first), document.line_start(last + 1), gaps)


def _language_of_fence(document: Document, node: Node) -> str:
    if node.type != "fenced_code_block":
        return ""
    info = next((child for child in node.children if child.type == "info_string"), None)
    words = re.findall(r"[^\s{},]+", document.text[slice(*span(document, info))]) if info is not None else []
    return _known(words[0].lstrip(".").lower()) if words else ""


def _continuations(node: Node) -> Iterator[Node]:
    """Yield what continues the quotations and list items around a block, at the beginning of its lines."""
    for child in node.children:
        if child.type == "block_continuation":
            yield child
        elif child.type == "code_fence_content":
            yield from _continuations(child)


def _known(name: str) -> str:
    """Return the language id that a name stands for, an empty text for a language that is not known."""
    name = _CALLED.get(name, name)
    language = for_language_id(name) or for_path(f"x.{name}")
    if language is None:
        return ""
    return name if name in language.language_ids else language.language_ids[0]


def _without(start: int, end: int, gaps: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Return the ranges of [start, end) that are left when the gaps are taken out, in order."""
    ranges = []
    for gap_start, gap_end in sorted(gaps):
        if start <= gap_start < gap_end <= end:
            ranges.append((start, gap_start))
            start = gap_end
    return [*ranges, (start, end)]
