"""HTML. Scripts and styles in it are other languages."""

from __future__ import annotations

from ..language import Language, StringStyle

# A tag at the end of a line, not of an element that has no end, nor of one whose content is rarely indented.
_OPENS_AN_ELEMENT = (
    r"(?i:<(?!(?:area|base|br|col|embed|hr|html|img|input|link|meta|source|track|wbr)\b)"
    r"[a-z][\w-]*(?:\s[^<>]*)?(?<!/)>\s*$)"
)


def _grammar() -> object:
    import tree_sitter_html

    return tree_sitter_html.language()


LANGUAGES = (
    Language(
        name="html",
        language_ids=("html", "htm"),
        extensions=(".html", ".htm", ".xhtml"),
        grammar=_grammar,
        queries=("html.scm",),
        tags=("html.tags.scm",),
        blocks="words",
        indent_unit="  ",
        strings=(StringStyle('"', '"', multiline=True, escape=""),),
        block_comment=("<!--", "-->"),
        identifier_characters="_-",
        word_header=_OPENS_AN_ELEMENT,
    ),
)
