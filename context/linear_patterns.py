"""Patterns that no text can make slow, by RE2: how they are compiled, and which texts they take."""

from __future__ import annotations

from typing import Any


def compiled(pattern: str) -> Any:
    """Return a pattern in RE2's syntax, ready to search with."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def well_formed(text: str) -> str:
    """Replace lone surrogates, which RE2 does not take."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
