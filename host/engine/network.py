"""What can run: something that reads tokens into a cache of its own kind and says what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch


class Cache(Protocol):
    """What a network has read. ``can_be_cut``: whether `cut` works for lengths other than 0."""

    can_be_cut: bool

    def cut(self, n_tokens: int) -> None:
        """Forget all but the first ``n_tokens`` tokens, also where a pass broke off half-way."""
        ...

    def n_bytes(self) -> int:
        """Bytes of memory that this takes."""
        ...


class Network(Protocol):
    """A language model on a device. ``n_vocabulary`` is the width of its logits.

    ``dtype`` names the precision; ``n_bytes`` of weights are read for a step, ``n_parameters`` of its layers take part
    in what a token costs. Reading less than ``least_chunk`` tokens of a prompt at a time costs more for each.
    """

    device: torch.device
    dtype: str
    n_vocabulary: int
    least_chunk: int
    n_bytes: int
    n_parameters: int

    def new_cache(self) -> Any:
        """Return an empty cache for this network."""
        ...

    def run(self, ids: Sequence[int], cache: Any, n_logits: int) -> torch.Tensor:
        """Read tokens; return the logits after each of the last ``n_logits``, [n_logits, vocabulary] in fp32."""
        ...
