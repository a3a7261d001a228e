"""What a scripted editing session consists of: each kind of step, as a plain frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .replay.user import Mode

How = Literal["is", "contains", "matches"]
Outcome = Literal["ghost", "nothing"]


@dataclass(frozen=True, slots=True)
class Open:
    """Open a document, or bring it to the front. Without a ``text`` it is read from disk.

    ``cursor`` is an offset in the text; None is its end.
    """

    name: str
    language: str
    text: str | None = None
    cursor: int | None = None


@dataclass(frozen=True, slots=True)
class Type:
    """Insert a text at the cursor."""

    text: str


@dataclass(frozen=True, slots=True)
class Backspace:
    """Delete UTF-16 units before the cursor."""

    n_units: int


@dataclass(frozen=True, slots=True)
class Move:
    """Put the cursor somewhere; line and UTF-16 column from 0."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for ghost text, by LSP's kind of trigger; with ``until``, again and again until there is some, or none."""

    trigger: int
    until: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Accept:
    """Take ghost text, or a part of it."""

    mode: Mode


@dataclass(frozen=True, slots=True)
class ExpectGhost:
    """The ghost text is a text, contains one, or matches a pattern; an empty pattern stands for any text."""

    how: How
    wanted: str


@dataclass(frozen=True, slots=True)
class ExpectNothing:
    """There is no ghost text; ``because`` is part of what midspan says why (`midspan/why`), if that matters."""

    because: str = ""


@dataclass(frozen=True, slots=True)
class ExpectText:
    """The document is this; with a cursor in the text, the cursor is there."""

    text: str


@dataclass(frozen=True, slots=True)
class Set:
    """Change a setting of the server."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Save:
    """Say that the document was saved."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the document in front."""


Action = (
    Open | Type | Backspace | Move | Wait | Ask | Accept | ExpectGhost | ExpectNothing | ExpectText | Set | Save | Close
)
