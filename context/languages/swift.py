"""Swift."""

from __future__ import annotations

from ..language import Language, StringStyle

_MODIFIERS = (
    r"(?:(?:@\w+(?:\([^)]*\))?|class|convenience|dynamic|fileprivate|final|indirect|internal|lazy|mutating|nonisolated"
    r"|nonmutating|open|override|private|public|required|static)\s+)*?"
)


def _grammar() -> object:
    import tree_sitter_swift

    return tree_sitter_swift.language()


LANGUAGES = (
    Language(
        name="swift",
        language_ids=("swift",),
        extensions=(".swift",),
        grammar=_grammar,
        queries=("swift.scm",),
        tags=("swift.tags.scm",),
        blocks="braces",
        braces="blocks",
        indent_unit="    ",
        strings=(
            StringStyle('#"', '"#', escape=""),
            StringStyle('"""', '"""', multiline=True, interpolation="\\("),
            StringStyle('"', '"', interpolation="\\("),
        ),
        line_comment="//",
        block_comment=("/*", "*/"),
        unit_headers=(
            ("function", _MODIFIERS + r"func\s+(\w+)"),
            ("method", _MODIFIERS + r"(init|deinit)\b"),
            ("class", _MODIFIERS + r"(?:actor|class|enum|extension|protocol|struct)\s+([\w.]+)"),
        ),
        colon_header=r"(?:case\b|default\s*:|@unknown\s+default\s*:)",
    ),
)
