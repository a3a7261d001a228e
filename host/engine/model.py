"""A language model as the engine sees it: token ids and a cache go in, the next token's logits come out.

Knows transformers' calling conventions; nothing of text, sampling or sessions.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache

from .cache import new_cache

_CHUNK_SECONDS = 0.045
# Below the smallest, reading the weights takes longer than the work on the tokens.
_SMALLEST_CHUNK, _LARGEST_CHUNK = 32, 2048


class Model:
    """One set of weights. ``n_context`` is the most tokens it can read, ``n_vocabulary`` the width of its logits.

    ``unknown_ids`` are tokens that it was never taught: their logits are -inf. Prompts are read ``chunk_tokens`` at a
    time, 0 for as many as the measured speed allows: a fixed number makes results the same on every run.
    """

    def __init__(self, module: Any, n_context: int, unknown_ids: tuple[int, ...] = (), chunk_tokens: int = 0) -> None:
        self._fixed_chunk = chunk_tokens
        self._unknown_ids = list(unknown_ids)
        self.module = module.eval()
        self.n_context = n_context
        self.n_vocabulary: int = module.get_output_embeddings().weight.shape[0]
        self.device: torch.device = next(module.parameters()).device
        parameters = inspect.signature(module.forward).parameters
        self._cache_argument = "cache" if "cache" in parameters else "past_key_values"
        self._can_keep_one = "logits_to_keep" in parameters
        self._seconds_per_token = 0.0

    def new_cache(self) -> Cache:
        """Return an empty cache for this model."""
        return new_cache(self.module.config)

    def forward(self, ids: Sequence[int], cache: Cache) -> torch.Tensor:
        """Read the next tokens and return the logits after the last, [vocabulary] in fp32."""
        # An index instead of a count: a slice would make torch copy the whole output matrix at each chunk.
        last = torch.tensor([len(ids) - 1], device=self.device)
        return self._run(ids, cache, {"logits_to_keep": last} if self._can_keep_one else {})[-1]

    def forward_all(self, ids: Sequence[int], cache: Cache | None = None) -> torch.Tensor:
        """Read tokens (from nothing, if no cache is given): the logits after each, [tokens, vocabulary] in fp32."""
        return self._run(ids, self.new_cache() if cache is None else cache, {})

    def chunk_size(self) -> int:
        """Return how many tokens can be read in about 45 ms, so that a cancel is noticed soon enough."""
        if self._fixed_chunk:
            return self._fixed_chunk
        if not self._seconds_per_token:
            return 32
        return min(_LARGEST_CHUNK, max(_SMALLEST_CHUNK, int(_CHUNK_SECONDS / self._seconds_per_token)))

    def read_chunk(self, ids: Sequence[int], cache: Cache) -> torch.Tensor:
        """Do the same as `forward` and learn from it how many tokens a chunk should have."""
        began = time.perf_counter()
        logits = self.forward(ids, cache)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        if len(ids) >= _SMALLEST_CHUNK:
            seconds = (time.perf_counter() - began) / len(ids)
            known = self._seconds_per_token
            self._seconds_per_token = seconds if not known else 0.7 * known + 0.3 * seconds
        return logits

    def _run(self, ids: Sequence[int], cache: Cache, extra: dict[str, Any]) -> torch.Tensor:
        with torch.inference_mode():
            tokens = torch.tensor([list(ids)], dtype=torch.long, device=self.device)  # [1, tokens]
            output = self.module(
                input_ids=tokens, use_cache=True, return_dict=True, **{self._cache_argument: cache}, **extra
            )
            logits: torch.Tensor = output.logits[0].float()
            if self._unknown_ids:
                logits[:, self._unknown_ids] = -torch.inf
            return logits
