"""The languages that are known: each module in this folder has a tuple ``LANGUAGES``, and nothing lists them.

To add a language, add one module and its query file. A language that is not known is None everywhere, and
midspan treats its files as plain text.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath

from ..language import Language


@cache
def all_languages() -> tuple[Language, ...]:
    """Return every language there is; imports their modules, not their grammars."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(language for name in names for language in import_module(f"{__name__}.{name}").LANGUAGES)


@cache
def _by_language_id() -> dict[str, Language]:
    return {name: language for language in all_languages() for name in language.language_ids}


@cache
def _by_extension() -> dict[str, Language]:
    return {extension: language for language in all_languages() for extension in language.extensions}


def for_language_id(language_id: str) -> Language | None:
    """Return the language that an editor names so (LSP's language identifiers), None if it is not known."""
    return _by_language_id().get(language_id)


def for_path(path: str) -> Language | None:
    """Return the language of a file by the end of its name (of a path or URI with slashes), else None."""
    return _by_extension().get(PurePosixPath(path).suffix.lower())
