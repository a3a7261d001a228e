"""Reads code character by character for its strings, comments and brackets, however broken it is.

Knows a language's quotes and comment marks. Knows no grammar: what only a grammar can tell (a regular expression
with a quote in it) is blanked out by the caller. Linear in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from .language import Language, StringStyle

OPENER_OF = {")": "(", "]": "[", "}": "{"}
"""The bracket that each closing one closes."""

_LINE_END = re.compile(r"[\r\n]")


class Place(StrEnum):
    """What kind of text the cursor stands in. Code within a string (an interpolation) is CODE."""

    CODE = "code"
    STRING = "string"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Scan:
    """What a stretch of code leaves behind at its end.

    ``unclosed`` are the indices of brackets that it opens and doesn't close, outermost first; ``strays`` those of
    brackets that it closes and doesn't open; ``comment_start`` is where the comment begins that it ends in.
    """

    place: Place
    unclosed: tuple[int, ...]
    strays: tuple[int, ...]
    comment_start: int | None = None

    def shifted(self, start: int) -> Scan:
        """Return the scan with ``start`` added to every index."""
        return Scan(
            self.place,
            tuple(index + start for index in self.unclosed),
            tuple(index + start for index in self.strays),
            None if self.comment_start is None else self.comment_start + start,
        )


@dataclass(slots=True)
class _Open:
    """An open bracket; ``style`` is the string to go back to when it is an interpolation's."""

    index: int
    bracket: str
    style: StringStyle | None = None


def scan(text: str, language: Language | None) -> Scan:
    """Read a text that begins in code, to its end. Plain text has brackets only."""
    return _Scanner(text, language).run()


class _Scanner:
    def __init__(self, text: str, language: Language | None) -> None:
        self.text = text
        self.language = language
        self.position = 0
        self.string: StringStyle | None = None
        self.comment_start: int | None = None
        self.opened: list[_Open] = []
        self.strays: list[int] = []

    def run(self) -> Scan:
        while self.position < len(self.text):
            if self.string is None:
                self._step_in_code()
            else:
                self._step_in_string(self.string)
        place = Place.COMMENT if self.comment_start is not None else Place.STRING if self.string else Place.CODE
        return Scan(place, tuple(o.index for o in self.opened), tuple(self.strays), self.comment_start)

    def _step_in_code(self) -> None:
        found = _code_pattern(self.language).search(self.text, self.position)
        if found is None:
            self.position = len(self.text)
            return
        self.position = found.end()
        token = found[0]
        if token in "([{":
            self.opened.append(_Open(found.start(), token))
        elif token in ")]}":
            self._close(found.start(), token)
        elif token in "\r\n":
            self._leave_one_line_strings()
        else:
            self._begin(found.start(), token)

    def _begin(self, start: int, token: str) -> None:
        """Enter the comment or string that a token opens."""
        language = self.language
        assert language is not None
        if token == language.line_comment:
            line_end = _LINE_END.search(self.text, self.position)
            self._skip_comment(start, line_end.start() if line_end else -1)
        elif language.block_comment and token == language.block_comment[0]:
            closer = self.text.find(language.block_comment[1], self.position)
            self._skip_comment(start, closer + len(language.block_comment[1]) if closer >= 0 else -1)
        else:
            style = next(style for style in language.strings if style.opens == token)
            self.string = _as_written(style, self.text[max(0, start - 3) : start])

    def _skip_comment(self, start: int, end: int) -> None:
        if end < 0:
            self.comment_start = start
        self.position = end if end >= 0 else len(self.text)

    def _step_in_string(self, style: StringStyle) -> None:
        found = _string_pattern(style).search(self.text, self.position)
        if found is None:
            self.position = len(self.text)
            return
        self.position = found.end()
        if found.lastgroup == "interpolation":
            self.opened.append(_Open(found.end() - 1, style.interpolation[-1], style))
            self.string = None
        elif found.lastgroup == "closes":
            self.string = None
        elif found.lastgroup == "line_end":
            self.string = None
            self._leave_one_line_strings()

    def _close(self, index: int, closer: str) -> None:
        for depth in range(len(self.opened) - 1, -1, -1):
            opened = self.opened[depth]
            if opened.bracket == OPENER_OF[closer]:
                self.string = opened.style
                del self.opened[depth:]
                return
            if opened.style is not None:
                break
        self.strays.append(index)

    def _leave_one_line_strings(self) -> None:
        """Forget an interpolation that was left open when its one-line string ended with the line."""
        for depth, opened in enumerate(self.opened):
            if opened.style is not None and not opened.style.multiline:
                del self.opened[depth:]
                return


@cache
def _code_pattern(language: Language | None) -> re.Pattern[str]:
    tokens = dict.fromkeys(["(", ")", "[", "]", "{", "}", "\r", "\n"], "")
    if language is not None:
        tokens |= {style.opens: style.after for style in language.strings}
        tokens |= dict.fromkeys((language.block_comment or ())[:1], "")
        tokens |= {language.line_comment: language.line_comment_after} if language.line_comment else {}
    longer_first = sorted(tokens, key=len, reverse=True)
    return re.compile("|".join(tokens[token] + re.escape(token) for token in longer_first))


@cache
def _string_pattern(style: StringStyle) -> re.Pattern[str]:
    parts = []
    if style.escape:
        parts.append(rf"(?P<escape>{re.escape(style.escape)}(?:\r\n|.|\Z))")
    if style.interpolation == "{":
        parts.append(r"(?P<doubled>\{\{)")
    if style.interpolation:
        # First, since one that begins as an escape does (Swift's) would be read as one.
        at = 0 if len(style.interpolation) > 1 else len(parts)
        parts.insert(at, rf"(?P<interpolation>{re.escape(style.interpolation)})")
    parts.append(rf"(?P<closes>{re.escape(style.closes)})")
    if not style.multiline:
        parts.append(r"(?P<line_end>[\r\n])")
    return re.compile("|".join(parts), re.DOTALL)


def _as_written(style: StringStyle, before: str) -> StringStyle:
    """Return the style without its interpolation when the prefix that it needs is not before the quote."""
    letters = before[len(before.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) :].lower()
    if not style.interpolation_prefix or style.interpolation_prefix in letters:
        return style
    return replace(style, interpolation="")
