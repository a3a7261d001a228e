"""What midspan knows about a programming language, as plain data, and its grammar and query made once.

Knows the shape of a language's file, no language in particular (``languages/`` has one file for each).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Parser, Query, QueryCursor


@dataclass(frozen=True, slots=True)
class StringStyle:
    """One way to write a string: how it opens and closes, whether it may span lines, how code gets inside.

    ``interpolation`` is what opens code within the string (its last character's partner ends it); with an
    ``interpolation_prefix`` it does so only where that letter stands right before the opening quote. ``escape`` may
    be empty. ``after`` is a regular expression for what has to stand before it, a lookbehind.
    """

    opens: str
    closes: str
    multiline: bool = False
    escape: str = "\\"
    interpolation: str = ""
    interpolation_prefix: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language. Its query is the concatenation of its ``queries``, files in ``languages/``.

    Captures that the query may have: ``@unit.function``, ``@unit.method``, ``@unit.class`` (with ``@name`` and
    ``@body``), ``@block`` (from its first to its last character, braces included; where it begins only at one of
    the node's children, that child is ``@block.open``, and where it ends at one, ``@block.close``),
    ``@statement``, ``@string``, ``@interpolation`` (code within a string, its delimiters included), ``@comment``,
    ``@identifier`` (only names that can be wrong: none that whoever writes makes up, as keys of data) and
    ``@opaque`` (text that quotes and brackets mean nothing in, such as a regular expression).

    ``tags`` are the files of a second query, for what other files can refer to and for what this one refers to:
    ``@definition.KIND`` on the whole of a definition (KIND is function, method, class, type, constant, variable,
    field, macro or module), with ``@name`` and, where it has one, ``@body``; what is local to a function is left out
    where that can be told. ``@import`` on an import, with ``@path`` on what names the file or module (one node, or
    several side by side; without its quotes where the grammar has a node for that), ``@imported`` on a name that is
    taken from there and ``@alias`` on what it or the module is called here; an import of several names is as many
    matches. Captures that begin with an underscore are for the query's own predicates.

    ``blocks`` is what shows where blocks end: their indentation, braces, words (or tags), or for ``"sections"``
    nothing but the beginning of the next one, so that no line of such a language opens a block.
    ``braces`` says whether all braces are those of blocks, none is, or it depends. ``line_comment_after`` is a
    lookbehind for what has to stand before a line comment. Where ``any_text_is_valid``, errors in a tree tell nothing.

    Regular expressions are for text that does not parse, and match at a line's first character that is not
    blank: each of ``unit_headers`` is the kind of a unit and how its first line begins (its name is group 1),
    ``colon_header`` how a line begins that opens a block when it ends in a colon, and ``word_header`` (searched for)
    what tells a line that opens a block which one of ``closing_words`` ends.
    A text in which ``parsed_afresh`` is found is parsed afresh after each edit: with it, a tree that followed edits
    has been seen to differ from a fresh one.
    ``strings`` lists longer openers before shorter ones.
    """

    name: str
    language_ids: tuple[str, ...]
    extensions: tuple[str, ...]
    grammar: Callable[[], object]
    queries: tuple[str, ...]
    blocks: Literal["indent", "braces", "words", "sections"]
    indent_unit: str
    strings: tuple[StringStyle, ...]
    line_comment: str | None = None
    block_comment: tuple[str, str] | None = None
    identifier_characters: str = "_"
    unit_headers: tuple[tuple[str, str], ...] = ()
    colon_header: str = r"(?!)"
    word_header: str = r"(?!)"
    closing_words: tuple[str, ...] = ()
    parsed_afresh: str = r"(?!)"
    tags: tuple[str, ...] = ()
    braces: Literal["blocks", "literals", "both"] = "both"
    line_comment_after: str = ""
    any_text_is_valid: bool = False


@cache
def grammar_of(language: Language) -> Grammar:
    """Load a language's grammar; raises ImportError when its wheel is not installed."""
    from tree_sitter import Language as Grammar

    return Grammar(language.grammar())


@cache
def query_of(language: Language) -> Query:
    """Compile a language's query, once in a process: building queries is slow, and has crashed when repeated."""
    from tree_sitter import Query

    return Query(grammar_of(language), _text_of(language.queries))


@cache
def tags_query_of(language: Language) -> Query:
    """Compile the query for a language's definitions and imports, once in a process; empty where it has none."""
    from tree_sitter import Query

    return Query(grammar_of(language), _text_of(language.tags))


@cache
def builtin_names(language: Language) -> frozenset[str]:
    """Return the names that need no declaration in a language: the words of its text file.

    None where its query captures no identifiers: nothing in data and prose is a name that could be wrong.
    """
    if not has_capture(language, "identifier"):
        return frozenset()
    return frozenset((resources.files(__package__) / "languages" / f"{language.name}.txt").read_text("utf-8").split())


@cache
def has_capture(language: Language, name: str) -> bool:
    """Return whether a language's query captures anything under a name."""
    return re.search(rf"@{re.escape(name)}(?![\w.])", _text_of(language.queries)) is not None


@cache
def _text_of(files: tuple[str, ...]) -> str:
    folder = resources.files(__package__) / "languages"
    return "\n".join((folder / name).read_text("utf-8") for name in files)


@cache
def parser_of(language: Language, timeout_microseconds: int) -> Parser:
    """Make a parser whose ``parse`` raises ValueError after the timeout; call ``reset`` then."""
    from tree_sitter import Parser

    with _without_deprecation():
        return Parser(grammar_of(language), timeout_micros=timeout_microseconds)


@cache
def query_cursor_of(query: Query, match_limit: int, timeout_microseconds: int) -> QueryCursor:
    """Make what runs a query; after the timeout it stops with the matches that it has."""
    from tree_sitter import QueryCursor

    with _without_deprecation():
        return QueryCursor(query, match_limit=match_limit, timeout_micros=timeout_microseconds)


@contextmanager
def _without_deprecation() -> Iterator[None]:
    """Timeouts are marked deprecated in favour of progress callbacks, which crash in tree_sitter 0.25."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
