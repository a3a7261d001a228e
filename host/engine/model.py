"""A language model as the engine sees it: token ids and a cache go in, the next token's logits come out.

Knows how many tokens can be read before it has to look up; nothing of text, sampling or sessions.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch

from .network import Cache, Network
from .request import DeviceLost

Turn = AbstractContextManager[object]

_CHUNK_SECONDS = 0.04
_LARGEST_CHUNK = 2048
# What torch says of every call after a driver's reset, an unplugged device or a fault in a kernel.
_DEVICE_ERROR = re.compile(r"(CUDA|HIP|MPS|XPU)( driver)? error|CUDNN_STATUS|CUBLAS_STATUS", re.IGNORECASE)


class Model:
    """A network in use. ``n_context`` is the most tokens it can read; ``turn`` is held while it computes.

    ``unknown_ids`` are tokens that it was never taught: their logits are -inf. Prompts are read ``chunk_tokens`` at a
    time, 0 for as many as the measured speed allows: a fixed number makes results the same on every run.
    """

    def __init__(
        self,
        network: Network,
        n_context: int,
        unknown_ids: tuple[int, ...] = (),
        chunk_tokens: int = 0,
        turn: Turn | None = None,
    ) -> None:
        self.network = network
        self.n_context = n_context
        self._unknown_ids = list(unknown_ids)
        self._fixed_chunk = chunk_tokens
        self._turn: Turn = nullcontext() if turn is None else turn
        self._seconds_per_token = 0.0

    def new_cache(self) -> Cache:
        """Return an empty cache for this model."""
        cache: Cache = self.network.new_cache()
        return cache

    def forward(self, ids: Sequence[int], cache: Cache) -> torch.Tensor:
        """Read the next tokens and return the logits after the last, [vocabulary] in fp32."""
        return self._run(ids, cache, 1)[0]

    def forward_all(self, ids: Sequence[int], cache: Cache | None = None) -> torch.Tensor:
        """Read tokens (from nothing, if no cache is given): the logits after each, [tokens, vocabulary] in fp32."""
        return self._run(ids, self.new_cache() if cache is None else cache, len(ids))

    def chunk_size(self) -> int:
        """Return how many tokens can be read in about 40 ms, so that a cancel is noticed soon enough."""
        if self._fixed_chunk:
            return self._fixed_chunk
        least = self.network.least_chunk
        if not self._seconds_per_token:
            return least
        return min(_LARGEST_CHUNK, max(least, int(_CHUNK_SECONDS / self._seconds_per_token)))

    def readable(self, seconds: float) -> int | None:
        """Return how many tokens of a prompt can be read in some seconds, None while that is not known."""
        return int(seconds / self._seconds_per_token) if self._seconds_per_token else None

    def read_chunk(self, ids: Sequence[int], cache: Cache) -> torch.Tensor:
        """Do the same as `forward` and learn from it how many tokens a chunk should have."""
        began = time.perf_counter()
        logits = self.forward(ids, cache)
        if self.network.device.type == "cuda":
            torch.cuda.synchronize(self.network.device)
        if len(ids) >= self.network.least_chunk:
            seconds = (time.perf_counter() - began) / len(ids)
            known = self._seconds_per_token
            self._seconds_per_token = seconds if not known else 0.7 * known + 0.3 * seconds
        return logits

    def _run(self, ids: Sequence[int], cache: Cache, n_logits: int) -> torch.Tensor:
        with self._turn, torch.inference_mode():
            try:
                logits = self.network.run(ids, cache, n_logits)
            except RuntimeError as error:
                if isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error):
                    raise MemoryError from error
                if _DEVICE_ERROR.match(str(error)):
                    raise DeviceLost from error
                raise
            if self._unknown_ids:
                logits[:, self._unknown_ids] = -torch.inf
            return logits
