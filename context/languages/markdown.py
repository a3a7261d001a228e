"""Markdown: its blocks, not what stands within a paragraph. Fenced code in it is of other languages."""

from __future__ import annotations

from ..language import Language


def _grammar() -> object:
    import tree_sitter_markdown

    return tree_sitter_markdown.language()


LANGUAGES = (
    Language(
        name="markdown",
        language_ids=("markdown",),
        extensions=(".md", ".markdown"),
        grammar=_grammar,
        queries=("markdown.scm",),
        tags=("markdown.tags.scm",),
        blocks="sections",
        indent_unit="    ",
        strings=(),
        any_text_is_valid=True,
        block_comment=("<!--", "-->"),
    ),
)
