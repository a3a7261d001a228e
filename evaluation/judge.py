"""What is wrong with a text that was put into a document, judged without the code that makes proposals.

Each judgement is of the finished document: what a careful reader would find there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..context.document import Document
from ..context.names import names_between, unknown_names
from ..context.syntax import Place, errors, open_brackets, opens_block, place

_TAB = 4
_CLOSERS = ")]}"
_LEAST_TELLING = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found; ``n_unknown`` of ``n_names`` names exist nowhere."""

    adds_error: bool
    repeats_suffix: bool
    is_misindented: bool
    n_names: int
    n_unknown: int


def judge(document: Document, start: int, end: int, text: str, others: Iterable[str] = ()) -> Judgement:
    """Judge ``text`` in the place of [start, end); ``others`` are texts whose names exist, too."""
    inserted = document.replace(start, end, text)
    after = start + len(text)
    adds_error = errors(inserted) > errors(document)
    return Judgement(
        adds_error=adds_error,
        repeats_suffix=_repeats_suffix(document, end, text, adds_error=adds_error),
        is_misindented=_is_misindented(inserted, start, after),
        n_names=len(names_between(inserted, start, after)),
        n_unknown=len(unknown_names(inserted, start, after, others)),
    )


def _repeats_suffix(document: Document, end: int, text: str, *, adds_error: bool) -> bool:
    """Tell whether the text ends with the line, the rest of the line or the bracket that follows it."""
    suffix = document.text[end:]
    tail, _, below = suffix.partition("\n")
    if tail.strip():
        if _is_telling(tail) and text.rstrip().endswith(tail.strip()):
            return True
        return adds_error and text.rstrip()[-1:] in _CLOSERS and text.rstrip()[-1:] == tail.lstrip()[:1]
    next_line = next((line for line in below.split("\n") if line.strip()), "")
    lines = [line for line in text.split("\n") if line.strip()]
    if not next_line or not lines:
        return False
    last = lines[-1] if len(lines) > 1 else _line_head(document, end) + lines[-1]
    if last.rstrip() == next_line.rstrip() and (_is_telling(last) or adds_error):
        return True
    return adds_error and last.strip()[-1:] in _CLOSERS and last.strip() == next_line.strip()


def _is_misindented(document: Document, start: int, end: int) -> bool:
    """Tell whether a line that the text begins is indented as none above it allows, or in another style.

    What of an indentation stood there before the text is in whatever style the document's author likes.
    """
    first = document.line_at(start)
    begins = first if not document.text[document.line_start(first) : start].strip() else first + 1
    for line in range(begins, document.line_at(end) + 1):
        content = document.line_text(line)
        at = document.line_start(line) + len(content) - len(content.lstrip())
        if not content.strip() or place(document, at) is not Place.CODE or open_brackets(document, at):
            continue
        if not _fits(document, line, content, n_before=max(0, start - document.line_start(line))):
            return True
    return False


def _fits(document: Document, line: int, content: str, n_before: int) -> bool:
    above = next((n for n in range(line - 1, max(-1, line - 200), -1) if document.line_text(n).strip()), None)
    if above is None:
        return _width(content) == 0
    indent, indent_above = _indent(content), _indent(document.line_text(above))
    added = indent[n_before:]
    if (" " in added and "\t" in indent_above) or ("\t" in added and " " in indent_above):
        return False
    if opens_block(document, above):
        return _width(content) >= _width(document.line_text(above))
    if _width(content) <= _width(document.line_text(above)):
        return True
    # A statement that goes on, or lines below a label: not deeper by more than two steps.
    return not document.text[: document.line_end(above)].rstrip().endswith((";", "}")) and _goes_on(document, above)


def _goes_on(document: Document, line: int) -> bool:
    text = document.line_text(line).rstrip()
    return bool(re.search(r"(?:[\\,=+*/&|.?:(\[{<>-]|\b(?:and|or|not|return|else|then|do|in|is))$", text)) or not (
        document.language is not None and document.language.blocks == "indent"
    )


def _line_head(document: Document, offset: int) -> str:
    return document.text[document.line_start(document.line_at(offset)) : offset]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _width(line: str) -> int:
    return len(_indent(line).expandtabs(_TAB))


def _is_telling(line: str) -> bool:
    return sum(character.isalnum() for character in line) >= _LEAST_TELLING
