"""TOML."""

from __future__ import annotations

from ..language import Language, StringStyle


def _grammar() -> object:
    import tree_sitter_toml

    return tree_sitter_toml.language()


LANGUAGES = (
    Language(
        name="toml",
        language_ids=("toml",),
        extensions=(".toml",),
        grammar=_grammar,
        queries=("toml.scm",),
        tags=("toml.tags.scm",),
        blocks="sections",
        indent_unit="    ",
        strings=(
            StringStyle('"""', '"""', multiline=True),
            StringStyle("'''", "'''", multiline=True, escape=""),
            StringStyle('"', '"'),
            StringStyle("'", "'", escape=""),
        ),
        line_comment="#",
        identifier_characters="_-",
    ),
)
