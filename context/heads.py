"""Which names a file may define and which words are in it, found by its lines' text: what an index is made of.

Quick rather than exact (a parser would take five times as long): who looks a name up reads the file with its tree then,
and sees what is really there (``definitions``).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from .linear_patterns import compiled, well_formed

MAX_WORDS = 4_000
"""A file with more different words than that is data."""

_LONGEST_WORD = 60
_WORD = re.compile(rf"\b[^\W\d]\w{{2,{_LONGEST_WORD - 1}}}\b")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+")
# RE2's syntax: linear in the text, whatever is in it. A name stands behind a word that begins a definition, or ...
_AFTER_KEYWORD = (
    r"\b(?:class|def|defp|defmodule|enum|extension|fn|fun|func|function|interface|impl|macro_rules!|module|namespace"
    r"|object|protocol|record|sub|struct|trait|type|typealias|typedef|union|(?:TABLE|VIEW|FUNCTION|PROCEDURE)"
    r"|(?:table|view|procedure))\*?[ \t]+(?:if not exists[ \t]+|IF NOT EXISTS[ \t]+)?(?:\([^)\n]{0,200}\)[ \t]*)?"
    r"(?:self\.)?[*&]*([\pL_$][\w$]*(?:(?:\.|::?)[\w$]+)*)"
)
# ... at the beginning of a line, is given a value there, ...
_GIVEN_A_VALUE = (
    r"(?m:^)(?:export[ \t]+|pub[ \t]+|public[ \t]+|local[ \t]+|declare[ \t]+|static[ \t]+)*"
    r"(?:(?:const|let|var|val|static|final)[ \t]+)?([\pL_$][\w$]*)[ \t]*(?::[^=\n]{1,80})?=[^=>]"
)
_DEFINED = r"(?m:^)[ \t]*#[ \t]*define[ \t]+(\w+)"
_SELECTED = r"(?m:^)[^{}\n@]*[.#]([\w-]+)[^{}\n;]*\{"
# ... or, in languages that begin with a type, it is followed by a parenthesis.
_AFTER_TYPE = r"(?m:^)[ \t]*([\w~]+)\b[\w<>\[\],.*&:?@ \t]{0,160}?[ \t*&:]([\w~]+)[ \t]*\("
_TYPED = frozenset({"c", "cpp", "csharp", "java"})
_NO_TYPE = frozenset(
    {"assert", "await", "case", "delete", "else", "goto", "if", "new", "return", "sizeof", "throw", "using", "while"}
)


def defined_names(text: str, language: str) -> frozenset[str]:
    """Return the names that a text may define, in a language called so; of dotted ones, the last part."""
    content = well_formed(text)
    pattern = _css_pattern() if language == "css" else _pattern()
    names = {next(filter(None, found.groups()), "") for found in pattern.finditer(content)}
    if language in _TYPED:
        names |= {found[2] for found in _typed_pattern().finditer(content) if found[1] not in _NO_TYPE}
    return frozenset(re.split(r"\.|::?", name)[-1] for name in names if name and len(name) <= _LONGEST_WORD)


def words_in(text: str) -> frozenset[str]:
    """Return the different words of a text: names, keywords, what comments say. Too many of them count as none."""
    words = frozenset(_WORD.findall(text))
    return words if len(words) <= MAX_WORDS else frozenset()


def subwords(name: str) -> frozenset[str]:
    """Return the words that a name is put together from, in small letters: ``parseHttpUrl`` and ``PARSE_http_url``."""
    return frozenset(part.lower() for part in _PART.findall(name) if len(part) > 1)


@cache
def _pattern() -> Any:
    return compiled("|".join((_AFTER_KEYWORD, _GIVEN_A_VALUE, _DEFINED)))


@cache
def _typed_pattern() -> Any:
    return compiled(_AFTER_TYPE)


@cache
def _css_pattern() -> Any:
    return compiled(_SELECTED)
