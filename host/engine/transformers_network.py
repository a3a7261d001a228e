"""Any causal language model that transformers can run, for the architectures that our own decoder doesn't know.

Knows transformers' calling conventions; nothing of text, sampling or sessions.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache

from .cache import can_be_cut, cut, n_bytes, new_cache


class TransformersCache:
    """What such a model has read, in transformers' own cache."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self.inner: Cache = new_cache(config)
        self.can_be_cut = can_be_cut(self.inner)

    def cut(self, n_tokens: int) -> None:
        """Forget all but the first ``n_tokens`` tokens; where the state can't be cut, only 0 is possible."""
        if n_tokens and self.can_be_cut:
            cut(self.inner, n_tokens)
        else:
            self.inner = new_cache(self._config)

    def n_bytes(self) -> int:
        """Bytes of memory that this takes."""
        return n_bytes(self.inner)


class TransformersNetwork:
    """A transformers model as a network."""

    least_chunk = 32

    def __init__(self, module: Any) -> None:
        self.module = module.eval()
        self.n_vocabulary: int = module.get_output_embeddings().weight.shape[0]
        self.device: torch.device = next(module.parameters()).device
        self.dtype = str(module.dtype).removeprefix("torch.")
        self.n_bytes = sum(weight.nbytes for weight in module.parameters())
        self.n_parameters = sum(weight.numel() for weight in module.parameters())
        parameters = inspect.signature(module.forward).parameters
        self._cache_argument = "cache" if "cache" in parameters else "past_key_values"
        self._can_keep_some = "logits_to_keep" in parameters

    def new_cache(self) -> TransformersCache:
        """Return an empty cache for this model."""
        return TransformersCache(self.module.config)

    def run(self, ids: Sequence[int], cache: TransformersCache, n_logits: int) -> torch.Tensor:
        """Read tokens; return the logits after each of the last ``n_logits``, [n_logits, vocabulary] in fp32."""
        tokens = torch.tensor([list(ids)], dtype=torch.long, device=self.device)  # [1, tokens]
        # Indices instead of a count: a slice would make torch copy the whole output matrix at each chunk.
        wanted = torch.arange(len(ids) - n_logits, len(ids), device=self.device)
        extra = {"logits_to_keep": wanted} if self._can_keep_some else {}
        output = self.module(
            input_ids=tokens, use_cache=True, return_dict=True, **{self._cache_argument: cache.inner}, **extra
        )
        logits: torch.Tensor = output.logits[0, -n_logits:].float()
        return logits
