"""What midspan knows about a programming language, as plain data, and its grammar and query made once.

Knows the shape of a language's file, no language in particular (``languages/`` has one file for each).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Parser, Query


@dataclass(frozen=True, slots=True)
class StringStyle:
    """One way to write a string: how it opens and closes, whether it may span lines, how code gets inside.

    ``interpolation`` is what opens code within the string (``}`` ends it); with an ``interpolation_prefix`` it
    does so only where that letter stands right before the opening quote. ``escape`` may be empty.
    """

    opens: str
    closes: str
    multiline: bool = False
    escape: str = "\\"
    interpolation: str = ""
    interpolation_prefix: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language. Its query is the concatenation of its ``queries``, files in ``languages/``.

    Captures that the query may have: ``@unit.function``, ``@unit.method``, ``@unit.class`` (with ``@name`` and
    ``@body``), ``@block`` (from its first to its last character, braces included; where it begins only at one of
    the node's children, that child is ``@block.open``), ``@statement``, ``@string``, ``@interpolation`` (code
    within a string, its delimiters included), ``@comment``, ``@identifier`` and ``@opaque`` (text that quotes
    and brackets mean nothing in, such as a regular expression).

    Two regular expressions are for text that does not parse, and match at a line's first character that is not
    blank: ``unit_header`` the beginning of a unit (group ``kind`` its keyword, group ``name`` its name),
    ``colon_header`` that of a line which opens a block when it ends in a colon.
    ``strings`` lists longer openers before shorter ones.
    """

    name: str
    language_ids: tuple[str, ...]
    extensions: tuple[str, ...]
    grammar: Callable[[], object]
    queries: tuple[str, ...]
    blocks: Literal["indent", "braces"]
    indent_unit: str
    strings: tuple[StringStyle, ...]
    line_comment: str | None = None
    block_comment: tuple[str, str] | None = None
    identifier_characters: str = "_"
    unit_header: str = r"(?!)"
    colon_header: str = r"(?!)"


@cache
def grammar_of(language: Language) -> Grammar:
    """Load a language's grammar; raises ImportError when its wheel is not installed."""
    from tree_sitter import Language as Grammar

    return Grammar(language.grammar())


@cache
def query_of(language: Language) -> Query:
    """Compile a language's query, once in a process: building queries is slow, and has crashed when repeated."""
    from tree_sitter import Query

    return Query(grammar_of(language), _query_text(language))


@cache
def has_capture(language: Language, name: str) -> bool:
    """Return whether a language's query captures anything under a name."""
    return f"@{name}\n" in _query_text(language)


@cache
def _query_text(language: Language) -> str:
    folder = resources.files(__package__) / "languages"
    return "\n".join((folder / name).read_text("utf-8") for name in language.queries)


def new_parser(language: Language, timeout_microseconds: int) -> Parser:
    """Make a parser whose ``parse`` raises ValueError after the timeout."""
    from tree_sitter import Parser

    with warnings.catch_warnings():
        # Marked deprecated in favour of progress_callback, which crashes in this version.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Parser(grammar_of(language), timeout_micros=timeout_microseconds)
