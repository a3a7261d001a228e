"""A candidate on its way to becoming a proposal."""

from __future__ import annotations

from dataclasses import dataclass

from .ask import Kind


@dataclass(frozen=True, slots=True)
class Draft:
    """Text for the cursor, in place of the next ``covers`` characters after it."""

    text: str
    kind: Kind
    covers: int = 0
