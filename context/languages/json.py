"""JSON, and JSON with comments: settings files have them under either name."""

from __future__ import annotations

from ..language import Language, StringStyle


def _grammar() -> object:
    import tree_sitter_json

    return tree_sitter_json.language()


LANGUAGES = (
    Language(
        name="json",
        language_ids=("json", "jsonc"),
        extensions=(".json", ".jsonc", ".webmanifest", ".code-workspace"),
        grammar=_grammar,
        queries=("json.scm",),
        tags=("json.tags.scm",),
        blocks="braces",
        braces="blocks",
        indent_unit="  ",
        strings=(StringStyle('"', '"'),),
        line_comment="//",
        block_comment=("/*", "*/"),
    ),
)
