"""JavaScript, with JSX."""

from __future__ import annotations

from ..language import Language, StringStyle

STRINGS = (
    StringStyle('"', '"'),
    StringStyle("'", "'"),
    StringStyle("`", "`", multiline=True, interpolation="${"),
)
UNIT_HEADER = (
    r"(?:export\s+)?(?:default\s+)?(?:abstract\s+)?(?:async\s+)?"
    r"(?P<kind>function|class|interface|enum|namespace)\b\s*\*?\s*(?P<name>[\w$]*)"
)
COLON_HEADER = r"(?:case\b|default\s*:)"


def _grammar() -> object:
    import tree_sitter_javascript

    return tree_sitter_javascript.language()


LANGUAGES = (
    Language(
        name="javascript",
        language_ids=("javascript", "javascriptreact", "javascript.jsx"),
        extensions=(".js", ".jsx", ".mjs", ".cjs"),
        grammar=_grammar,
        queries=("ecmascript.scm", "javascript.scm", "jsx.scm"),
        blocks="braces",
        indent_unit="  ",
        strings=STRINGS,
        line_comment="//",
        block_comment=("/*", "*/"),
        identifier_characters="_$",
        unit_header=UNIT_HEADER,
        colon_header=COLON_HEADER,
    ),
)
