"""Python."""

from __future__ import annotations

from ..language import Language, StringStyle


def _grammar() -> object:
    import tree_sitter_python

    return tree_sitter_python.language()


LANGUAGES = (
    Language(
        name="python",
        language_ids=("python",),
        extensions=(".py", ".pyi", ".pyw"),
        grammar=_grammar,
        queries=("python.scm",),
        tags=("python.tags.scm",),
        blocks="indent",
        indent_unit="    ",
        strings=tuple(
            StringStyle(quote, quote, multiline=len(quote) == 3, interpolation="{", interpolation_prefix="f")
            for quote in ('"""', "'''", '"', "'")
        ),
        line_comment="#",
        unit_headers=(("function", r"(?:async\s+)?def\s+(\w+)"), ("class", r"class\s+(\w+)")),
        colon_header=r"(?:(?:async|case|class|def|elif|else|except|finally|for|if|match|try|while|with)\b|[)\]}])",
    ),
)
