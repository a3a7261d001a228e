"""Texts that look like keys and passwords: a model has them from somewhere, and they are never proposed.

The patterns are of RE2, so that no text can make them slow. Sources: the formats that the issuers document (AWS access
keys, GitHub, GitLab, Slack, Google and Stripe tokens, RFC 7468 for private keys, RFC 7519 for JSON web tokens).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..context.linear_patterns import compiled, well_formed

_PATTERNS = (
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
    r"\bgh[pousr]_[A-Za-z0-9]{30,}\b",
    r"\bgithub_pat_[A-Za-z0-9_]{40,}\b",
    r"\bglpat-[A-Za-z0-9_-]{20,}",
    r"\bxox[abposr]-[A-Za-z0-9-]{10,}",
    r"\bAIza[A-Za-z0-9_-]{30,}",
    r"\bya29\.[A-Za-z0-9_-]{20,}",
    r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",
    r"\bsk-(?:[a-z]+-)?[A-Za-z0-9_-]{20,}",
    r"\bnpm_[A-Za-z0-9]{30,}\b",
    r"\bpypi-[A-Za-z0-9_-]{30,}",
    r"\bhf_[A-Za-z0-9]{30,}\b",
    r"-----BEGIN [A-Z ]*PRIVATE KEY",
    r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}",
    r"[a-z][a-z0-9+.-]*://[^\s:/@'\"]+:[^\s:/@'\"{}$<>*]{4,}@[^\s'\"]+",
    # A name that says what it is, and a literal that is no name for it: letters and digits mixed.
    r"(?i:pass(?:word|wd)?|secret|token|api_?key|access_?key|private_?key|credential)s?[\"']?\s*(?::=|=>|[:=])\s*"
    r"[\"'`][A-Za-z0-9+/_.=!@#$%^&*-]*(?:[0-9][A-Za-z0-9+/_.=!@#$%^&*-]*){3}[\"'`]",
)


def holds_secret(text: str, before: str) -> bool:
    """Tell whether a text, written after another, looks like it holds a key or a password.

    ``before`` is the line that the text goes on from: a secret may begin there.
    """
    line, text = well_formed(before[before.rfind("\n") + 1 :]), well_formed(text)
    return any(pattern.search(line + text) and not pattern.search(line) for pattern in _compiled())


@cache
def _compiled() -> tuple[Any, ...]:
    return tuple(map(compiled, _PATTERNS))
