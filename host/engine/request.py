"""What the engine is asked for, and what it gives back piece by piece: plain frozen values.

Knows neither HTTP nor torch.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from ...completion.fim import Hole

Kind = Literal["line", "block"]
Finish = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen: ``temperature`` 0 takes the likeliest; ``top_p`` and ``seed`` only matter above 0."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One wish for text.

    ``prompt`` is a hole, or a text or token ids to be continued as they stand (``kind`` then has no meaning).
    ``deadline`` is a monotonic instant in seconds, None for none. Requests that share ``session`` reuse what
    was encoded for it. ``max_tokens`` 0 only encodes the prompt. An ``answer`` that is given is read instead of
    written: it comes back whole, each token with its log-probability. With each token that is written come the
    ``n_likeliest`` likeliest ones at its place.
    """

    prompt: Hole | str | tuple[int, ...]
    kind: Kind = "block"
    max_tokens: int = 48
    n: int = 1
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    session: str = ""
    deadline: float | None = None
    answer: str | None = None
    n_likeliest: int = 0

    def is_late(self) -> bool:
        """Tell whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """One token of an answer, as text, and its natural log-probability; ``likeliest`` are those at its place."""

    text: str
    logprob: float
    likeliest: tuple[TokenInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """The next text of one candidate (may be empty: a unit of work was done); ``finish`` is set on its last one.

    ``cost`` comes with the piece that follows the prompt: what that cost, for who stops before the end.
    """

    index: int = 0
    text: str = ""
    tokens: tuple[TokenInfo, ...] = ()
    finish: Finish | None = None
    cost: Summary | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a request cost: tokens, and milliseconds from when the engine began with it.

    ``steps`` is how often the model was run after the prompt. ``first_token_ms`` is None when no token was made.
    ``is_whole`` is whether the prompt was read that the request asked for, not a shorter one or only a part.
    """

    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    prompt_ms: float = 0.0
    first_token_ms: float | None = None
    model_ms: float = 0.0
    steps: int = 0
    is_whole: bool = True


class ModelBroken(ArithmeticError):
    """The model's numbers are no numbers: its weights are damaged, or too large for the precision."""


class DeviceLost(RuntimeError):
    """The device that the model runs on does nothing any more."""


class BadPrompt(ValueError):
    """The prompt can't be read by this model; the text says why."""
