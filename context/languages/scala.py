"""Scala, with braces or by indentation."""

from __future__ import annotations

from ..language import Language, StringStyle

_MODIFIERS = (
    r"(?:(?:@\w+(?:\([^)]*\))?|abstract|case|final|implicit|inline|lazy|opaque|open|override|private(?:\[\w+\])?"
    r"|protected(?:\[\w+\])?|sealed|transparent)\s+)*"
)


def _grammar() -> object:
    import tree_sitter_scala

    return tree_sitter_scala.language()


LANGUAGES = (
    Language(
        name="scala",
        language_ids=("scala",),
        extensions=(".scala", ".sc", ".sbt"),
        grammar=_grammar,
        queries=("scala.scm",),
        tags=("scala.tags.scm",),
        blocks="braces",
        braces="blocks",
        indent_unit="  ",
        # No style for characters: an apostrophe begins a symbol or a quote of code too.
        strings=(
            StringStyle('"""', '"""', multiline=True, escape="", interpolation="${"),
            StringStyle('"', '"', interpolation="${"),
        ),
        line_comment="//",
        block_comment=("/*", "*/"),
        unit_headers=(
            ("class", _MODIFIERS + r"(?:class|enum|object|trait|package\s+object)\s+(\w+)"),
            ("function", _MODIFIERS + r"def\s+([\w$]+)"),
        ),
        colon_header=r"(?:(?:abstract|case|final|private|sealed)\s+)*(?:class|enum|extension|given|object|trait)\b",
    ),
)
