"""Whether the names in a stretch of code exist: in the document, in other texts, in the language, or made right there.

Judged by spelling, not by scope. Names behind a dot belong to what is before it, and are not judged: their types
are not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .document import Document
from .language import builtin_names
from .nodes import captures

_WORD = re.compile(r"[$@]{0,2}[^\W\d][\w$]*[?!]?")
_BEHIND_A_DOT = re.compile(r"(?:(?:\.|->|::)\s*|\$)\Z")
# What declares a name: a keyword or a type before it, or what gives it a value after it.
_DECLARED_BEFORE = re.compile(
    r"\b(?:as|class|const|def|enum|except|fn|for|func|function|import|interface|lambda|let|mut|struct|trait|type|var)\s+\Z"
    r"|(?:^|[;{}(,\n])\s*(?!(?:await|case|delete|else|in|new|not|return|throw|typeof|yield)\b)"
    r"\w[\w.:]*(?:<[^;{}()]*>)?(?:\[\])*[\s*&]+\Z"
)
_DECLARED_AFTER = re.compile(r"\s*(?:=(?!=)|:=|:(?!:)|\bin\b|=>|,\s*\w+\s*(?::?=(?!=)|\bin\b))")


def names_between(document: Document, start: int, end: int) -> list[str]:
    """Return the names in [start, end) that are not behind a dot, in order, each as often as it stands there."""
    return [document.text[a:b] for a, b in _places(document, start, end)]


def unknown_names(document: Document, start: int, end: int, others: Iterable[str] = ()) -> list[str]:
    """Return those of the names in [start, end) that exist nowhere else; ``others`` are more texts to look in.

    Nothing for a language that is not known, or where there is no tree.
    """
    language = document.language
    if language is None:
        return []
    places = _places(document, start, end)
    made = {document.text[a:b] for a, b in places if _is_declared(document.text, a, b)}
    wanted = {document.text[a:b] for a, b in places} - made - builtin_names(language)
    for text in (document.text[:start], document.text[end:], *others):
        if not wanted:
            break
        found = set(_WORD.findall(text))
        wanted -= found | {name.rstrip("?!") for name in found}
    return [name for a, b in places if (name := document.text[a:b]) in wanted]


def _places(document: Document, start: int, end: int) -> list[tuple[int, int]]:
    found = {
        (one.start, one.end)
        for one in captures(document, start, end, only="identifier")
        if start <= one.start
        and one.end <= end
        and not _BEHIND_A_DOT.search(document.text[max(0, one.start - 8) : one.start])
    }
    return sorted(found)


def _is_declared(text: str, start: int, end: int) -> bool:
    return bool(
        _DECLARED_AFTER.match(text[end : end + 80]) or _DECLARED_BEFORE.search(text[max(0, start - 40) : start])
    )
