"""TypeScript, and TSX, which is another grammar."""

from __future__ import annotations

from dataclasses import replace

from ..language import Language
from .javascript import COLON_HEADER, STRINGS, UNIT_HEADERS


def _typescript() -> object:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_typescript()


def _tsx() -> object:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_tsx()


_TYPESCRIPT = Language(
    name="typescript",
    language_ids=("typescript",),
    extensions=(".ts", ".mts", ".cts"),
    grammar=_typescript,
    queries=("ecmascript.scm", "typescript.scm"),
    tags=("ecmascript.tags.scm", "typescript.tags.scm"),
    blocks="braces",
    indent_unit="  ",
    strings=STRINGS,
    line_comment="//",
    block_comment=("/*", "*/"),
    identifier_characters="_$",
    unit_headers=UNIT_HEADERS,
    colon_header=COLON_HEADER,
)

LANGUAGES = (
    _TYPESCRIPT,
    replace(
        _TYPESCRIPT,
        name="tsx",
        language_ids=("typescriptreact", "typescript.tsx"),
        extensions=(".tsx",),
        grammar=_tsx,
        queries=("ecmascript.scm", "typescript.scm", "jsx.scm"),
        tags=("ecmascript.tags.scm", "typescript.tags.scm"),
    ),
)
