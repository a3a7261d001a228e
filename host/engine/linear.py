"""A linear layer in torch, with what an adapter adds to it. Knows matrices; nothing of models."""

from __future__ import annotations

import torch
from torch.nn import functional

from .rounded import Rounded, rounded
from .weights import LinearWeights


class Linear:
    """Weights in the precision in which sums are made, or rounded to 8 or 4 ``bits``; low-rank parts in fp32.

    ``n_bytes`` is what a token reads of memory, but for the low-rank part.
    """

    def __init__(self, weights: LinearWeights, dtype: torch.dtype, bits: int = 0) -> None:
        self._dtype = dtype
        self._matrix = rounded(weights.weight, dtype, bits) if bits else weights.weight.to(dtype)
        self.n_bytes: int = self._matrix.n_bytes if isinstance(self._matrix, Rounded) else self._matrix.nbytes
        self._bias = None if weights.bias is None else weights.bias.to(dtype)
        self._low_rank = weights.low_rank

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product of [tokens, in], [tokens, out]; in fp32 where there is a low-rank part."""
        y = self._product(x.to(self._dtype))
        if self._low_rank is None:
            return y
        return y.float() + (x.float() @ self._low_rank.down.T) @ self._low_rank.up.T

    def _product(self, x: torch.Tensor) -> torch.Tensor:
        if isinstance(self._matrix, torch.Tensor):
            return functional.linear(x, self._matrix, self._bias)
        y = self._matrix(x)
        return y if self._bias is None else y + self._bias
