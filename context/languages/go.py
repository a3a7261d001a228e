"""Go."""

from __future__ import annotations

from ..language import Language, StringStyle


def _grammar() -> object:
    import tree_sitter_go

    return tree_sitter_go.language()


LANGUAGES = (
    Language(
        name="go",
        language_ids=("go",),
        extensions=(".go",),
        grammar=_grammar,
        queries=("go.scm",),
        tags=("go.tags.scm",),
        blocks="braces",
        indent_unit="\t",
        strings=(
            StringStyle('"', '"'),
            StringStyle("'", "'"),
            StringStyle("`", "`", multiline=True, escape=""),
        ),
        line_comment="//",
        block_comment=("/*", "*/"),
        unit_headers=(
            ("method", r"func\s+\([^)]*\)\s*(\w+)"),
            ("function", r"func\s+(\w+)"),
            ("class", r"type\s+(\w+)\s+(?:struct|interface)\b"),
        ),
        colon_header=r"(?:case\b|default\s*:)",
    ),
)
