"""Finds syntax nodes by offsets: a language's query, run near one place of a document.

Knows tree-sitter's nodes and query cursor. Does not know what the captures are for (``places``, ``syntax``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from .document import Document
from .language import has_capture, query_cursor_of, query_of

if TYPE_CHECKING:
    from tree_sitter import Node

_MATCH_LIMIT = 4096
# Nodes with many thousands of children, as an ERROR that is the whole file may have, can take seconds.
_TIMEOUT_MICROSECONDS = 10_000
# A query cursor keeps state between calls, and snapshots may be read from more than one thread.
_querying = Lock()
_PARTS = ("name", "body", "block.open", "block.close")


@dataclass(frozen=True, slots=True)
class Captured:
    """A node that the query found: the capture's name, the node's offsets, and whether there is an error in it.

    ``opens_at`` is where the match's ``@block.open`` starts, ``name`` and ``body`` are its other captures. ``end`` is
    the end of its ``@block.close`` if it has one.
    """

    capture: str
    start: int
    end: int
    has_error: bool
    opens_at: int | None = None
    name: tuple[int, int] | None = None
    body: tuple[int, int] | None = None


def captures(document: Document, start: int, end: int, only: str = "") -> list[Captured]:
    """Return what the language's query captures in nodes that touch [start, end]; nothing where there is no tree.

    Enclosing nodes come before those inside them. ``only`` keeps the captures of one name.
    """
    tree, language = document.tree, document.language
    if tree is None or language is None or (only and not has_capture(language, only)):
        return []
    cursor = query_cursor_of(query_of(language), _MATCH_LIMIT, _TIMEOUT_MICROSECONDS)
    with _querying:
        # A node touches the range also where it only ends or begins at it.
        cursor.set_point_range(document.point_at(start - 1), document.point_at(end + 1))
        found = cursor.matches(tree.root_node)
    return [_captured(document, nodes) for _, nodes in found if not only or only in nodes]


def error_nodes(document: Document, start: int, end: int) -> Iterator[Node]:
    """Yield the ERROR and MISSING nodes that touch [start, end], looking only where there are errors."""
    tree = document.tree
    if tree is None or not tree.root_node.has_error:
        return
    first, last = document.point_at(start), document.point_at(end)
    pending = [tree.root_node]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            yield node
        pending += [
            child
            for child in node.children
            if child.has_error and child.start_point <= last and child.end_point >= first
        ]


def is_sound_at(document: Document, offset: int) -> bool:
    """Return whether the node that the character at an offset belongs to has no error in it."""
    if document.tree is None:
        return False
    token = document.tree.root_node.descendant_for_point_range(document.point_at(offset), document.point_at(offset + 1))
    parent = token.parent if token is not None else None
    return parent is not None and not parent.has_error


def span(document: Document, node: Node) -> tuple[int, int]:
    """Return the offsets at which a node starts and ends."""
    if document.text.isascii():
        return node.start_byte, node.end_byte
    return document.offset_at_point(node.start_point), document.offset_at_point(node.end_point)


def _captured(document: Document, nodes: dict[str, list[Node]]) -> Captured:
    spans = {part: span(document, nodes[part][0]) for part in _PARTS if part in nodes}
    capture = next(name for name in nodes if name not in _PARTS)
    node = nodes[capture][0]
    start, end = span(document, node)
    opens, closes = spans.get("block.open"), spans.get("block.close")
    return Captured(
        capture=capture,
        start=start,
        end=closes[1] if closes else end,
        has_error=node.has_error,
        opens_at=opens[0] if opens else None,
        name=spans.get("name"),
        body=spans.get("body"),
    )
