"""Ruby."""

from __future__ import annotations

from ..language import Language, StringStyle


def _grammar() -> object:
    import tree_sitter_ruby

    return tree_sitter_ruby.language()


LANGUAGES = (
    Language(
        name="ruby",
        language_ids=("ruby",),
        extensions=(".rb", ".rake", ".gemspec", ".ru"),
        grammar=_grammar,
        queries=("ruby.scm",),
        tags=("ruby.tags.scm",),
        blocks="words",
        indent_unit="  ",
        strings=(
            StringStyle('"', '"', multiline=True, interpolation="#{"),
            StringStyle("'", "'", multiline=True),
            StringStyle("`", "`", multiline=True, interpolation="#{"),
        ),
        line_comment="#",
        block_comment=("=begin", "=end"),
        identifier_characters="_?!",
        unit_headers=(
            ("class", r"(?:class|module)\s+([\w:]+)"),
            ("method", r"(?:private\s+|public\s+|protected\s+)?def\s+(?:self\.)?([\w?!=]+)"),
        ),
        word_header=r"^\s*(?:(?:private|protected|public)\s+)?(?!def\b[^=]*\s=\s)"
        r"(?:begin|case|class|def|else|elsif|ensure|for|if|in|module|rescue|unless|until|when|while)\b(?!.*\bend\b)"
        r"|\bdo\s*(?:\|[^|]*\|)?\s*$|=\s*(?:begin|case|if|unless)\b(?!.*\bend\b)",
        closing_words=("end",),
    ),
)
