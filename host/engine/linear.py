"""A linear layer in torch, with what an adapter adds to it. Knows matrices; nothing of models."""

from __future__ import annotations

import torch

from .weights import LinearWeights


class Linear:
    """Weights in the precision in which sums are made; low-rank parts in fp32."""

    def __init__(self, weights: LinearWeights, dtype: torch.dtype) -> None:
        self._weight = weights.weight.to(dtype)
        self._bias = None if weights.bias is None else weights.bias.to(dtype)
        self._low_rank = weights.low_rank

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product of [tokens, in], [tokens, out]; in fp32 where there is a low-rank part."""
        y = torch.nn.functional.linear(x.to(self._weight.dtype), self._weight, self._bias)
        if self._low_rank is None:
            return y
        return y.float() + (x.float() @ self._low_rank.down.T) @ self._low_rank.up.T
