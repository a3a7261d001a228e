"""Kotlin."""

from __future__ import annotations

from ..language import Language, StringStyle

_MODIFIERS = (
    r"(?:(?:@\w+(?:\([^)]*\))?|abstract|actual|annotation|const|crossinline|data|enum|expect|external|final|infix|inline"
    r"|inner|internal|lateinit|open|operator|override|private|protected|public|sealed|suspend|tailrec|value)\s+)*"
)


def _grammar() -> object:
    import tree_sitter_kotlin

    return tree_sitter_kotlin.language()


LANGUAGES = (
    Language(
        name="kotlin",
        language_ids=("kotlin",),
        extensions=(".kt", ".kts"),
        grammar=_grammar,
        queries=("kotlin.scm",),
        tags=("kotlin.tags.scm",),
        blocks="braces",
        braces="blocks",
        indent_unit="    ",
        strings=(
            StringStyle('"""', '"""', multiline=True, escape="", interpolation="${"),
            StringStyle('"', '"', interpolation="${"),
            StringStyle("'", "'"),
        ),
        line_comment="//",
        block_comment=("/*", "*/"),
        unit_headers=(
            ("class", _MODIFIERS + r"(?:class|interface|(?:companion\s+)?object)\s+(\w+)"),
            ("function", _MODIFIERS + r"fun\s+(?:<[^>]*>\s*)?(?:[\w.<>?]+\.)?(\w+)"),
        ),
    ),
)
