"""Lua."""

from __future__ import annotations

from ..language import Language, StringStyle


def _grammar() -> object:
    import tree_sitter_lua

    return tree_sitter_lua.language()


LANGUAGES = (
    Language(
        name="lua",
        language_ids=("lua",),
        extensions=(".lua",),
        grammar=_grammar,
        queries=("lua.scm",),
        tags=("lua.tags.scm",),
        blocks="words",
        braces="literals",
        indent_unit="  ",
        strings=(
            StringStyle("[[", "]]", multiline=True, escape=""),
            StringStyle('"', '"'),
            StringStyle("'", "'"),
        ),
        line_comment="--",
        block_comment=("--[[", "]]"),
        unit_headers=(
            ("function", r"(?:local\s+)?function\s+([\w.:]+)"),
            ("function", r"(?:local\s+)?(\w+)\s*=\s*function\b"),
        ),
        word_header=r"\b(?:do|else|repeat|then)\s*$|\bfunction\b[^()]*\([^()]*\)\s*$",
        closing_words=("end", "until"),
    ),
)
