"""YAML."""

from __future__ import annotations

from ..language import Language, StringStyle


def _grammar() -> object:
    import tree_sitter_yaml

    return tree_sitter_yaml.language()


LANGUAGES = (
    Language(
        name="yaml",
        language_ids=("yaml", "yml", "dockercompose", "github-actions-workflow"),
        extensions=(".yaml", ".yml"),
        grammar=_grammar,
        queries=("yaml.scm",),
        blocks="indent",
        indent_unit="  ",
        strings=(
            StringStyle('"', '"', multiline=True),
            StringStyle("'", "'", multiline=True, escape=""),
        ),
        line_comment="#",
        identifier_characters="_-",
        colon_header=r".",
    ),
)
