"""C#."""

from __future__ import annotations

from ..language import Language, StringStyle

_MODIFIERS = r"(?:(?:\[[^\]]*\]|abstract|async|extern|file|internal|new|override|partial|private|protected|public|readonly|ref|required|sealed|static|unsafe|virtual|volatile)\s+)*"  # noqa: E501


def _grammar() -> object:
    import tree_sitter_c_sharp

    return tree_sitter_c_sharp.language()


LANGUAGES = (
    Language(
        name="csharp",
        language_ids=("csharp",),
        extensions=(".cs", ".csx"),
        grammar=_grammar,
        queries=("csharp.scm",),
        tags=("csharp.tags.scm",),
        blocks="braces",
        indent_unit="    ",
        strings=(
            StringStyle('"""', '"""', multiline=True, escape=""),
            StringStyle('$@"', '"', multiline=True, escape="", interpolation="{"),
            StringStyle('@$"', '"', multiline=True, escape="", interpolation="{"),
            StringStyle('@"', '"', multiline=True, escape=""),
            StringStyle('$"', '"', interpolation="{"),
            StringStyle('"', '"'),
            StringStyle("'", "'"),
        ),
        line_comment="//",
        block_comment=("/*", "*/"),
        unit_headers=(
            ("class", _MODIFIERS + r"(?:class|interface|enum|record(?:\s+struct)?|struct|namespace)\s+([\w.]+)"),
            (
                "method",
                _MODIFIERS
                + r"(?!(?:catch|else|fixed|for|foreach|if|lock|new|return|switch|throw|try|using|while)\b)"
                + r"(?:[\w.?]+(?:<[^()]*>)?(?:\[\])*\??\s+)?(\w+)\s*(?:<[^>]*>)?\([^;]*\)[^;()]*\{?$",
            ),
        ),
        colon_header=r"(?:case\b|default\s*:)",
    ),
)
