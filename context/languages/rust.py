"""Rust."""

from __future__ import annotations

from ..language import Language, StringStyle

_VISIBLE = r"(?:pub(?:\s*\([^)]*\))?\s+)?"


def _grammar() -> object:
    import tree_sitter_rust

    return tree_sitter_rust.language()


LANGUAGES = (
    Language(
        name="rust",
        language_ids=("rust",),
        extensions=(".rs",),
        grammar=_grammar,
        queries=("rust.scm",),
        tags=("rust.tags.scm",),
        blocks="braces",
        indent_unit="    ",
        # No style for characters: an apostrophe begins a lifetime too.
        strings=(
            StringStyle('r##"', '"##', multiline=True, escape=""),
            StringStyle('r#"', '"#', multiline=True, escape=""),
            StringStyle('r"', '"', multiline=True, escape=""),
            StringStyle('"', '"', multiline=True),
        ),
        line_comment="//",
        block_comment=("/*", "*/"),
        unit_headers=(
            (
                "function",
                _VISIBLE + r'(?:(?:async|const|unsafe)\s+)*(?:extern\s*(?:"[^"]*")?\s*)?fn\s+(\w+)',
            ),
            ("class", _VISIBLE + r"(?:unsafe\s+)?(?:struct|enum|union|trait|mod)\s+(\w+)"),
            ("class", r"impl\b(?:\s*<[^{]*?>)?\s*(?:[\w:]+(?:<[^{]*?>)?\s+for\s+)?&?(\w+)"),
        ),
    ),
)
