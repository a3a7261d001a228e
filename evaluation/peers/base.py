"""What `midspan bench typing` compares with: other engines, asked for exactly what our host was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["line", "block"]


@dataclass(frozen=True, slots=True)
class PeerAsk:
    """One request: the ids of the prompt, the most tokens to write, and what ends the answer before that.

    A line ends at a newline (after text), everything at one of ``stop_ids``.
    """

    ids: tuple[int, ...]
    kind: Kind
    max_tokens: int
    stop_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What came back: the text, and how many tokens of the prompt and of the answer had to be computed."""

    text: str
    n_prompt_computed: int
    n_written: int


class Peer(Protocol):
    """Another engine with the same weights. Cancelling `answer` calls its work off."""

    name: str
    version: str
    """Its build and flags, for the report."""

    async def start(self) -> None:
        """Start it and load the weights. Raises PeerMissing, with the reason that the report shows."""
        ...

    async def answer(self, ask: PeerAsk) -> PeerAnswer:
        """Return its answer once it is whole. Raises PeerMissing where it has gone."""
        ...

    def pids(self) -> Sequence[int]:
        """Return the processes that do its work."""
        ...

    async def stop(self) -> None:
        """End its processes."""
        ...
