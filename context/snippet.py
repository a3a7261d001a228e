"""A piece of text from elsewhere in the workspace that a model may be shown beside the document, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """Text from another file: ``path`` is relative to its workspace folder, with forward slashes."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many tokens of snippets; after so many milliseconds no further file is looked through."""

    tokens: int
    milliseconds: float
