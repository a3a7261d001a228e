"""CSS."""

from __future__ import annotations

from ..language import Language, StringStyle


def _grammar() -> object:
    import tree_sitter_css

    return tree_sitter_css.language()


LANGUAGES = (
    Language(
        name="css",
        language_ids=("css",),
        extensions=(".css",),
        grammar=_grammar,
        queries=("css.scm",),
        tags=("css.tags.scm",),
        blocks="braces",
        braces="blocks",
        indent_unit="  ",
        strings=(
            StringStyle('"', '"'),
            StringStyle("'", "'"),
        ),
        block_comment=("/*", "*/"),
        identifier_characters="_-",
    ),
)
