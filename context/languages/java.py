"""Java."""

from __future__ import annotations

from ..language import Language, StringStyle

_MODIFIERS = r"(?:(?:@\w+(?:\([^)]*\))?|abstract|default|final|native|non-sealed|private|protected|public|sealed|static|strictfp|synchronized|transient|volatile)\s+)*"  # noqa: E501


def _grammar() -> object:
    import tree_sitter_java

    return tree_sitter_java.language()


LANGUAGES = (
    Language(
        name="java",
        language_ids=("java",),
        extensions=(".java",),
        grammar=_grammar,
        queries=("java.scm",),
        tags=("java.tags.scm",),
        blocks="braces",
        indent_unit="    ",
        strings=(
            StringStyle('"""', '"""', multiline=True),
            StringStyle('"', '"'),
            StringStyle("'", "'"),
        ),
        line_comment="//",
        block_comment=("/*", "*/"),
        identifier_characters="_$",
        unit_headers=(
            ("class", _MODIFIERS + r"(?:class|interface|enum|record|@interface)\s+(\w+)"),
            (
                "method",
                _MODIFIERS
                + r"(?!(?:catch|else|for|if|new|return|switch|synchronized|throw|try|while)\b)"
                + r"(?:<[^>]+>\s*)?(?:[\w.$]+(?:<[^()]*>)?(?:\[\])*\s+)?([\w$]+)\s*\([^;]*\)[^;()]*\{$",
            ),
        ),
        colon_header=r"(?:case\b|default\s*:)",
    ),
)
