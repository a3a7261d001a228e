"""Collects text from elsewhere in the workspace that a model may be shown beside the document."""

from __future__ import annotations

from .cursor import Cursor
from .snippet import Snippet


def gather(cursor: Cursor) -> tuple[Snippet, ...]:
    """Return the snippets that help at a cursor, those that change least first.

    There is no source of snippets yet, so there are none.
    """
    return ()
