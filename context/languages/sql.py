"""SQL, as most databases have it."""

from __future__ import annotations

from ..language import Language, StringStyle


def _grammar() -> object:
    import tree_sitter_sql

    return tree_sitter_sql.language()


LANGUAGES = (
    Language(
        name="sql",
        language_ids=("sql", "mysql", "pgsql", "postgres", "sqlite", "plsql"),
        extensions=(".sql", ".psql"),
        grammar=_grammar,
        queries=("sql.scm",),
        tags=("sql.tags.scm",),
        blocks="words",
        indent_unit="    ",
        strings=(
            StringStyle("'", "'", multiline=True, escape=""),
            StringStyle('"', '"', escape=""),
        ),
        line_comment="--",
        block_comment=("/*", "*/"),
        word_header=r"(?i:\bbegin\s*$)",
        closing_words=("END", "end"),
    ),
)
