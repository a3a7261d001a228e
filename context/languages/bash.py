"""Shell scripts, as Bash reads them."""

from __future__ import annotations

from ..language import Language, StringStyle


def _grammar() -> object:
    import tree_sitter_bash

    return tree_sitter_bash.language()


LANGUAGES = (
    Language(
        name="bash",
        language_ids=("shellscript", "sh", "bash", "zsh"),
        extensions=(".sh", ".bash", ".zsh"),
        grammar=_grammar,
        queries=("bash.scm",),
        tags=("bash.tags.scm",),
        blocks="words",
        indent_unit="  ",
        strings=(
            StringStyle('"', '"', multiline=True, interpolation="$(", after=r"(?<!\\)"),
            StringStyle("'", "'", multiline=True, escape="", after=r"(?<!\\)"),
        ),
        line_comment="#",
        line_comment_after=r"(?<![^\s;&|()])",
        unit_headers=(("function", r"(?:function\s+)?([\w:.-]+)\s*\(\)"), ("function", r"function\s+([\w:.-]+)")),
        word_header=r"(?:^|[;\s])(?:do|else|then)\s*$|^\s*case\b.*\bin\s*$",
        closing_words=("done", "esac", "fi"),
        parsed_afresh="<<",  # here-documents
    ),
)
