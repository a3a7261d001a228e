"""YAML."""

from __future__ import annotations

from ..language import Language, StringStyle

# A quote within a word is only a character.
_AFTER = r"(?<![^\s\[{,:])"


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
        tags=("yaml.tags.scm",),
        blocks="indent",
        indent_unit="  ",
        strings=(
            StringStyle('"', '"', multiline=True, after=_AFTER),
            StringStyle("'", "'", multiline=True, escape="", after=_AFTER),
        ),
        line_comment="#",
        line_comment_after=r"(?<!\S)",
        identifier_characters="_-",
        colon_header=r".",
    ),
)
