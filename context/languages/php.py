"""PHP, with the text around its code."""

from __future__ import annotations

from ..language import Language, StringStyle

_MODIFIERS = r"(?:(?:abstract|final|private|protected|public|readonly|static)\s+)*"


def _grammar() -> object:
    import tree_sitter_php

    return tree_sitter_php.language_php()


LANGUAGES = (
    Language(
        name="php",
        language_ids=("php",),
        extensions=(".php", ".phtml"),
        grammar=_grammar,
        queries=("php.scm",),
        tags=("php.tags.scm",),
        blocks="braces",
        indent_unit="    ",
        strings=(StringStyle('"', '"', multiline=True), StringStyle("'", "'", multiline=True)),
        line_comment="//",
        block_comment=("/*", "*/"),
        identifier_characters="_$",
        unit_headers=(
            ("class", _MODIFIERS + r"(?:class|interface|trait|enum)\s+(\w+)"),
            ("function", _MODIFIERS + r"function\s+&?(\w+)"),
        ),
        colon_header=r"(?:case\b|default\s*:)",
    ),
)
