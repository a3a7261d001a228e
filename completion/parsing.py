"""How the document parses with a draft in it: syntax errors before and after.

A large document is judged by the part around the cursor, so that no keystroke waits for its parser.
"""

from __future__ import annotations

from ..context import syntax
from ..context.cursor import Cursor
from ..context.document import Document
from ..context.syntax import Place, errors
from .draft import Draft

WHOLE = 60_000
"""A document of at most so many characters is parsed whole."""


def can_be_judged(cursor: Cursor) -> bool:
    """Tell whether the language's syntax is known, and not every text is right in it."""
    language = cursor.document.language
    return language is not None and not language.any_text_is_valid


def errors_before(cursor: Cursor) -> int:
    """Return how many syntax errors there are as it stands."""
    document, _ = _judged(cursor)
    return errors(document)


def errors_after(draft: Draft, cursor: Cursor) -> int:
    """Return how many there are with the draft in its place."""
    document, offset = _judged(cursor)
    return errors(document.replace(offset, offset + draft.covers, draft.text))


def leaves_open(draft: Draft, cursor: Cursor) -> bool:
    """Tell whether the draft begins a bracket or a string that may span lines, and does not end it."""
    document, offset = _judged(cursor)
    return cursor.place is Place.CODE and syntax.leaves_open(document, offset, offset + draft.covers, draft.text)


def _judged(cursor: Cursor) -> tuple[Document, int]:
    document = cursor.document
    if len(document.text) <= WHOLE:
        return document, cursor.offset
    start = document.line_start(document.line_at(max(0, cursor.offset - WHOLE // 4)))
    end = document.line_end(document.line_at(cursor.offset + WHOLE // 4))
    part = Document.open(document.uri, document.language_id, document.version, document.text[start:end])
    return part, cursor.offset - start
