"""C, and C++, whose grammar is another one that has C's nodes."""

from __future__ import annotations

from dataclasses import replace

from ..language import Language, StringStyle

_NO_STATEMENT = r"(?!(?:case|catch|do|else|for|if|return|sizeof|switch|throw|while)\b)"
_TYPE = r"(?:[\w:<>,~&*\[\]]+[\s*&]+)+"


def _c() -> object:
    import tree_sitter_c

    return tree_sitter_c.language()


def _cpp() -> object:
    import tree_sitter_cpp

    return tree_sitter_cpp.language()


_C = Language(
    name="c",
    language_ids=("c",),
    extensions=(".c", ".h"),
    grammar=_c,
    queries=("c.scm",),
    tags=("c.tags.scm",),
    blocks="braces",
    indent_unit="    ",
    strings=(StringStyle('"', '"'), StringStyle("'", "'")),
    line_comment="//",
    block_comment=("/*", "*/"),
    unit_headers=(
        ("class", r"(?:typedef\s+)?(?:struct|union|enum)\s+(\w+)\s*\{?$"),
        ("function", _NO_STATEMENT + _TYPE + r"(\w+)\s*\([^;]*\)?[^;()]*\{?$"),
    ),
    colon_header=r"(?:case\b|default\s*:)",
)

LANGUAGES = (
    _C,
    replace(
        _C,
        name="cpp",
        language_ids=("cpp", "cuda-cpp"),
        extensions=(".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".cu", ".cuh", ".ipp"),
        grammar=_cpp,
        queries=("c.scm", "cpp.scm"),
        tags=("c.tags.scm", "cpp.tags.scm"),
        strings=(
            StringStyle('R"(', ')"', multiline=True, escape=""),
            StringStyle('"', '"'),
            StringStyle("'", "'"),
        ),
        unit_headers=(
            ("class", r"(?:typedef\s+)?(?:class|struct|union|enum(?:\s+class)?|namespace)\s+(\w+)[^;()]*$"),
            (
                "function",
                _NO_STATEMENT
                + r"(?:template\s*<[^{]*>\s*)?(?:"
                + _TYPE
                + r")?((?:\w+::)*~?\w+|operator\W+)\s*\([^;]*\)?[^;]*\{?$",
            ),
        ),
        colon_header=r"(?:case\b|default\s*:|(?:private|protected|public)\s*:)",
    ),
)
