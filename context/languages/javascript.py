"""JavaScript, with JSX."""

from __future__ import annotations

from ..language import Language, StringStyle

STRINGS = (
    StringStyle('"', '"'),
    StringStyle("'", "'"),
    StringStyle("`", "`", multiline=True, interpolation="${"),
)
_EXPORT = r"(?:export\s+)?(?:default\s+)?(?:declare\s+)?"
_NAME = r"([\w$]+)"
UNIT_HEADERS = (
    ("function", _EXPORT + r"(?:async\s+)?function\b\s*\*?\s*([\w$]*)"),
    ("class", _EXPORT + r"(?:abstract\s+)?(?:class|interface|enum|namespace)\b\s*([\w$]*)"),
    ("function", _EXPORT + r"(?:const|let|var)\s+" + _NAME + r"\s*=\s*(?:async\b)?[^=]*=>\s*\{$"),
    (
        "method",
        r"(?:(?:async|get|private|protected|public|readonly|set|static)\s+)*"
        r"(?!(?:catch|for|if|switch|while|with)\b)#?" + _NAME + r"\s*(?:<[^>]*>)?\([^;]*\)[^;()]*\{$",
    ),
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
        tags=("ecmascript.tags.scm", "javascript.tags.scm"),
        blocks="braces",
        indent_unit="  ",
        strings=STRINGS,
        line_comment="//",
        block_comment=("/*", "*/"),
        identifier_characters="_$",
        unit_headers=UNIT_HEADERS,
        colon_header=COLON_HEADER,
    ),
)
