"""Whether a proposal is wanted here, and how far it should reach.

A pure function of the request, the place of the cursor and the settings; asks no model.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..context.cursor import Cursor
from ..context.syntax import Place
from .ask import Kind, Request, Trigger
from .layout import header_line, indent_width, line_below
from .settings import CompletionSettings

MAX_CHARACTERS = 2_000_000
"""Larger documents are data, not code that somebody types."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ask for a proposal of ``kind``, or stay silent: then ``silent`` says why."""

    kind: Kind = Kind.LINE
    max_tokens: int = 0
    silent: str = ""


def verdict(request: Request, cursor: Cursor, settings: CompletionSettings) -> Verdict:
    """Decide on one request. One that the user made by key is refused only where no text can be written."""
    silent = _refusal(request, settings)
    if not silent and request.trigger is Trigger.AUTOMATIC:
        silent = _not_now(request, cursor, settings)
    if silent:
        return Verdict(silent=silent)
    kind = _kind(cursor, settings)
    limit = settings.max_line_tokens if kind is Kind.LINE else settings.max_block_tokens
    return Verdict(kind=kind, max_tokens=limit)


def _refusal(request: Request, settings: CompletionSettings) -> str:
    if not settings.enabled:
        return "midspan is paused"
    if settings.max_lines == 0:
        return "proposals may have no lines (completion.max_lines)"
    if len(request.document.text) > MAX_CHARACTERS:
        return "the document is too large"
    if "\0" in request.document.text:
        return "the document is binary"
    return ""


def _not_now(request: Request, cursor: Cursor, settings: CompletionSettings) -> str:
    if not settings.automatic:
        return "proposals only on request"
    if request.document.language_id in settings.disabled_languages:
        return "the language is switched off"
    if cursor.identifier_after:
        return "in the middle of a word"
    return ""


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
