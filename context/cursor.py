"""Gathers what is at a cursor: the text around it, the line it is on, the style of the file, the kind of place.

Knows one document. Does not know what will be asked or proposed there.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from .document import Document
from .injection import injected
from .syntax import Place, Unit, enclosing_unit, open_brackets, opens_block, place
from .window import WindowSizes, window

_STYLE_REACH = 8000
"""How many characters before and after the cursor show how the file is indented."""
_LONGEST_NAME = 200
_MANY_BLANK_LINES = 50
_INDENT = re.compile(r"[\r\n]([ \t]*)(?=[^\s])")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A cursor and what is around it; ``offset`` is where texts would be inserted.

    ``file`` is the document that is edited. ``document`` is what syntax is read from: the same, or where the cursor is
    in code of another language (a script in HTML, a fence in Markdown), that code alone, with spaces for the rest.
    ``prefix`` and ``suffix`` are windows of the file, ``line_head`` and ``line_tail`` the cursor's line before
    and after it, without its end. ``indent`` is the white space that the line begins with (up to the cursor at
    most), ``indent_unit`` one step of indentation in this file ("\\t" or spaces), ``eol`` its line end.

    ``identifier_before`` and ``identifier_after`` are the parts of a name that touch the cursor, and
    ``open_brackets`` what is open before it in its block (``syntax.open_brackets``). ``blank_line``: the whole line
    is white space. ``after_opener``: it is blank, and the nearest line above that isn't opens a block.
    """

    file: Document
    document: Document
    offset: int
    prefix: str
    suffix: str
    line_head: str
    line_tail: str
    indent: str
    indent_unit: str
    eol: str
    place: Place
    identifier_before: str
    identifier_after: str
    open_brackets: str
    blank_line: bool
    after_opener: bool

    @property
    def unit(self) -> Unit | None:
        """The innermost function, method or class around the cursor (looked for when it is asked for)."""
        return enclosing_unit(self.document, self.offset)

    @property
    def in_identifier(self) -> bool:
        """Whether the cursor stands between or after the characters of a name."""
        return self.identifier_before != ""


def cursor_context(file: Document, offset: int, sizes: WindowSizes, indent_unit: str = "") -> Cursor:
    """Return what is at an offset; one outside the text, or inside ``\\r\\n``, counts as the nearest one before.

    ``indent_unit`` is what the editor is set to, for files that do not show their own.
    """
    line = file.line_at(offset)
    offset = min(max(0, offset), file.line_end(line))
    head = file.text[file.line_start(line) : offset]
    tail = file.text[offset : file.line_end(line)]
    prefix, suffix = window(file, offset, sizes)
    document = injected(file, offset) or file
    blank_line = not (head + tail).strip()
    name_characters = document.language.identifier_characters if document.language else "_"
    return Cursor(
        file=file,
        document=document,
        offset=offset,
        prefix=prefix,
        suffix=suffix,
        line_head=head,
        line_tail=tail,
        indent=head[: len(head) - len(head.lstrip(" \t"))],
        indent_unit=_indent_unit(document, offset) or indent_unit or _usual_indent_unit(document),
        eol=_line_end_style(file),
        place=place(document, offset),
        identifier_before=_name_at_end(head[-_LONGEST_NAME:], name_characters),
        identifier_after=_name_at_start(tail[:_LONGEST_NAME], name_characters),
        open_brackets=open_brackets(document, offset),
        blank_line=blank_line,
        after_opener=blank_line and _follows_opener(document, line),
    )


def _name_at_end(text: str, extra: str) -> str:
    start = len(text)
    while start > 0 and _is_in_names(text[start - 1], extra):
        start -= 1
    return text[start:]


def _name_at_start(text: str, extra: str) -> str:
    end = 0
    while end < len(text) and _is_in_names(text[end], extra):
        end += 1
    return text[:end]


def _is_in_names(character: str, extra: str) -> bool:
    # What may stand in a name after its first character: letters, digits and marks (Unicode Annex 31).
    return character in extra or ("a" + character).isidentifier()


def _follows_opener(document: Document, line: int) -> bool:
    for above in range(line - 1, max(-1, line - _MANY_BLANK_LINES), -1):
        if document.line_text(above).strip():
            return opens_block(document, above)
    return False


def _line_end_style(document: Document) -> str:
    """Return the first line's end: a file that mixes them is at least not mixed further within what follows it."""
    if document.n_lines == 1:
        return "\n"
    return document.text[document.line_end(0) : document.line_start(1)]


def _indent_unit(document: Document, offset: int) -> str:
    """Return how the lines near the cursor are indented, an empty text where none is."""
    near = document.text[max(0, offset - _STYLE_REACH) : offset + _STYLE_REACH]
    indents: list[str] = _INDENT.findall("\n" + near)
    n_tabs = sum(indent.startswith("\t") for indent in indents)
    n_spaces = sum(indent.startswith(" ") for indent in indents)
    if n_tabs > n_spaces:
        return "\t"
    steps = Counter(
        len(indent) - len(above)
        for above, indent in pairwise(indents)
        if "\t" not in above + indent and 2 <= len(indent) - len(above) <= 8
    )
    return " " * steps.most_common(1)[0][0] if steps else ""


def _usual_indent_unit(document: Document) -> str:
    return document.language.indent_unit if document.language else "    "
