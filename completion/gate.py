"""Whether a proposal is wanted here, and how far it should reach.

A pure function of the request, the place of the cursor and the settings; asks no model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..context.cursor import Cursor
from ..context.exclusions import may_hold_secrets
from ..context.syntax import Place, is_statement_whole
from .ask import Did, Kind, Request, Trigger
from .layout import header_line, indent_width, is_telling, line_below
from .settings import CompletionSettings

MAX_CHARACTERS = 2_000_000
"""Larger documents are data, not code that somebody types."""

_LEAST_CHARACTERS = 3
_LICENCE_LINES = 40
_LICENCE = re.compile(r"copyright|licen[cs]e|all rights reserved|SPDX-", re.IGNORECASE)
_WHY_NOT_NOW = {
    Did.DELETED: "you have just deleted something",
    Did.PASTED: "you have just pasted something",
    Did.UNDONE: "you have just undone or redone something",
    Did.SEVERAL: "you are typing at several cursors",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ask for a proposal of ``kind`` and at most ``max_tokens``; or ask for nothing, and ``silent`` says why."""

    kind: Kind = Kind.LINE
    max_tokens: int = 0
    silent: str = ""


def refusal(request: Request, settings: CompletionSettings) -> str:
    """Return why nothing at all may be shown for a request, not even what is known already; else an empty string."""
    if not settings.enabled:
        return "midspan is paused"
    if settings.max_lines == 0:
        return "proposals may have no lines (completion.max_lines)"
    if len(request.document.text) > MAX_CHARACTERS:
        return "the document is too large"
    if "\0" in request.document.text:
        return "the document is binary"
    if may_hold_secrets(request.document.uri):
        return "the file may hold secrets"
    if request.workspace is not None and request.workspace.hides_document:
        return "the file is excluded (context.exclude, .midspanignore, .aiignore or the like)"
    if request.trigger is Trigger.INVOKED:
        return ""
    if not settings.automatic:
        return "proposals only on request"
    return "the language is switched off" if request.document.language_id in settings.disabled_languages else ""


def verdict(request: Request, cursor: Cursor, settings: CompletionSettings) -> Verdict:
    """Decide whether the model is asked for a request that is not refused; one by key always is."""
    kind = _kind(cursor, settings)
    limit = settings.max_line_tokens if kind is Kind.LINE else settings.max_block_tokens
    return Verdict(kind, limit, "" if request.trigger is Trigger.INVOKED else _not_now(request, cursor, settings))


def _not_now(request: Request, cursor: Cursor, settings: CompletionSettings) -> str:
    if cursor.identifier_after:
        return "in the middle of a word"
    if cursor.place is Place.COMMENT:
        if not settings.in_comments:
            return "not in comments (completion.in_comments)"
        if _is_in_licence(cursor):
            return "in a licence"
    if why := _WHY_NOT_NOW.get(request.did, ""):
        return why
    if len(request.document.text.strip()) < _LEAST_CHARACTERS:
        return "there is nothing yet to go by"
    if settings.eagerness == "high":
        return ""
    if _is_finished(cursor):
        return "the statement is finished"
    if settings.eagerness == "low" and not _is_telling(cursor):
        return "too little is typed of the line (completion.eagerness)"
    return ""


def _is_finished(cursor: Cursor) -> bool:
    """Tell whether the cursor stands right behind a statement that is whole, with nothing after it on its line."""
    head = cursor.line_head.rstrip()
    if cursor.line_tail.strip() or cursor.place is not Place.CODE or not head or cursor.open_brackets:
        return False
    return head[-1] in "};" or (head[-1] in ")]\"'`" and is_statement_whole(cursor.document, cursor.offset))


def _is_telling(cursor: Cursor) -> bool:
    """Tell whether somebody who wants little would want a proposal: a body to fill, or a line well begun."""
    return cursor.after_opener or is_telling(cursor.line_head)


def _is_in_licence(cursor: Cursor) -> bool:
    """Tell whether the comment around the cursor, near the top of the file, is about rights."""
    line = cursor.document.line_at(cursor.offset)
    if line >= _LICENCE_LINES:
        return False
    head = cursor.document.text[: cursor.offset]
    return _LICENCE.search(head) is not None


def _kind(cursor: Cursor, settings: CompletionSettings) -> Kind:
    if settings.max_lines == 1:
        return Kind.LINE
    if settings.kind != "auto":
        return Kind(settings.kind)
    if cursor.place is not Place.CODE or not cursor.after_opener:
        return Kind.LINE
    return Kind.LINE if _body_follows(cursor) else Kind.BLOCK


def _body_follows(cursor: Cursor) -> bool:
    """Tell whether the block at whose start the cursor stands has lines already."""
    return indent_width(line_below(cursor)) > indent_width(header_line(cursor))
