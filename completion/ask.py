"""The data that passes between the stages of a completion: request → ask → candidate → proposal.

Plain frozen values. Knows neither LSP nor HTTP nor how a model wants its prompt.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ..context.document import Document
from ..context.snippet import Snippet
from .fim import Hole

if TYPE_CHECKING:
    from ..context.workspace import Workspace


class Trigger(StrEnum):
    """Why the editor asks: by itself while the user types, or because the user pressed a key for it."""

    AUTOMATIC = "automatic"
    INVOKED = "invoked"


class Did(StrEnum):
    """What the user did to the document right before, as far as that can be told."""

    UNKNOWN = "unknown"
    TYPED = "typed"
    DELETED = "deleted"
    PASTED = "pasted"
    UNDONE = "undone"
    SEVERAL = "several"
    """The same at several cursors."""


class Kind(StrEnum):
    """How far a proposal reaches: to the end of the line, or over a syntactic block of lines."""

    LINE = "line"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The monotonic instant by which an answer has to be given (unlike a cancel, it wants what is there)."""

    at: float

    @classmethod
    def after(cls, milliseconds: float) -> Deadline:
        """Return the deadline that many milliseconds from now."""
        return cls(time.monotonic() + milliseconds / 1000)

    def seconds_left(self) -> float:
        """Return the seconds until the deadline, 0.0 once it has passed."""
        return max(0.0, self.at - time.monotonic())


@dataclass(frozen=True, slots=True)
class SelectedItem:
    """The entry that is highlighted in the editor's completion popup; a proposal has to extend ``text``.

    ``start`` and ``end`` are the offsets of the text that accepting the entry would replace.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """One wish for completions: the snapshot that it began with, and the cursor's offset in it.

    ``workspace`` is what there is beside the document, to gather from; ``snippets`` are texts from elsewhere that who
    asks brings along. ``indent_unit``
    is what the editor indents by, where it says so. ``is_ahead``: nobody has asked yet, it is only likely that somebody
    will.
    """

    document: Document
    offset: int
    trigger: Trigger = Trigger.AUTOMATIC
    selected: SelectedItem | None = None
    workspace: Workspace | None = None
    snippets: tuple[Snippet, ...] = ()
    did: Did = Did.UNKNOWN
    indent_unit: str = ""
    is_ahead: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One structured request to a model; each backend renders it in its own way.

    ``hole`` holds windows of the document around the cursor. ``session`` names the document for a host that keeps
    its encoded tokens: equal for requests in the same document, and meaningless otherwise. ``sample`` 0 asks for
    the most likely text, any other number for one drawn with that seed. ``n_likeliest``: with each token tell so many
    of the likeliest at its place. ``is_ahead``: nobody waits for it yet.
    """

    hole: Hole
    kind: Kind
    max_tokens: int
    deadline: Deadline
    session: str = ""
    sample: int = 0
    n_likeliest: int = 0
    is_ahead: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What the model server says that a request cost: tokens, and milliseconds where it measures them.

    ``is_shortened``: less was read than was asked for, since time was short. ``wasted_tokens`` are those of the
    generated ones that came after the useful end of the proposal.
    """

    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    prompt_ms: float = 0.0
    is_shortened: bool = False
    wasted_tokens: int = 0

    def plus(self, other: Usage) -> Usage:
        """Return what both cost together."""
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.reused_tokens + other.reused_tokens,
            self.generated_tokens + other.generated_tokens,
            self.prompt_ms + other.prompt_ms,
            self.is_shortened or other.is_shortened,
            self.wasted_tokens + other.wasted_tokens,
        )


@dataclass(frozen=True, slots=True)
class Token:
    """A token as text, its natural log-probability, and the likeliest ones at its place where that was asked for."""

    text: str
    logprob: float
    likeliest: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of a candidate.

    ``logprob`` is the sum of the natural log-probabilities of its ``n_tokens`` tokens, None where the server
    does not tell. ``finish`` is set on the last piece: "stop" or "length". ``usage`` is what it has cost so far.
    ``tokens`` are told where the likeliest ones at each place were asked for, by servers that can.
    """

    text: str
    logprob: float | None = None
    n_tokens: int = 0
    tokens: tuple[Token, ...] = ()
    finish: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How likely a model finds a text in a hole: the sum of the natural log-probabilities of its tokens."""

    logprob: float
    n_tokens: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the model wrote for the hole, unshaped; ``complete`` says that the boundary or its end was reached."""

    text: str
    logprob: float | None = None
    n_tokens: int = 0
    complete: bool = True

    @property
    def score(self) -> float | None:
        """Mean log-probability of a token, or None where the server does not tell."""
        return None if self.logprob is None else self.logprob / max(1, self.n_tokens)


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the document's text between two offsets."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is offered to the user: edits that belong together (ghost text is one edit at the cursor).

    ``score`` is the mean log-probability of a token, ``logprob`` that of the whole text that the model wrote; None
    where its server does not tell.
    """

    id: str
    edits: tuple[Edit, ...]
    kind: Kind
    score: float | None = None
    logprob: float | None = None

    @property
    def probability(self) -> float | None:
        """How probable the model finds the whole text, 0 to 1."""
        return None if self.logprob is None else math.exp(min(0.0, self.logprob))
