"""Matrices whose weights are rounded to 8 or 4 bits, multiplied by torch's own operators: what a GPU decodes from.

Decoding is bound by what is read of memory, and large models are bound by how much of it there is. Knows numbers and
torch's packed layouts; nothing of models. The CPU has code of its own (``native``).

Source of the 4-bit form, where a weight is ``(number - 8) * scale + zero`` by groups: PyTorch's
`_weight_int4pack_mm` (the "tinygemm" kernels, 2023).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch.nn import functional

from .native.pack import int8_rows

GROUP = 32
"""So many weights of a row share a scale where they have 4 bits."""
_FEW_TOKENS = 16
"""So many are bound by memory; of more, int8 weights are taken back to the precision of the sums."""


class Rounded(ABC):
    """A matrix of rounded weights; ``n_bytes`` is what it takes of memory."""

    n_bytes: int

    @abstractmethod
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product of [tokens, in], [tokens, out]."""


class Int8Matrix(Rounded):
    """Weights of 8 bits, with a scale for each row."""

    def __init__(self, weight: torch.Tensor, dtype: torch.dtype) -> None:
        self._numbers, scales = int8_rows(weight)
        self._scales = scales.to(dtype)
        self.n_bytes = self._numbers.nbytes + self._scales.nbytes

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product of [tokens, in], [tokens, out]."""
        if len(x) > _FEW_TOKENS:
            return functional.linear(x, self._numbers.to(x.dtype)) * self._scales
        return torch._weight_int8pack_mm(x, self._numbers, self._scales)


class Int4Matrix(Rounded):
    """Weights of 4 bits. Sums are of bf16."""

    def __init__(self, weight: torch.Tensor) -> None:
        """Round a matrix that `fits` 4 bits."""
        groups = weight.float().view(len(weight), -1, GROUP)
        low, high = groups.aminmax(dim=-1)
        scales = ((high - low) / 15).clamp(min=1e-6)
        numbers = ((groups - low[..., None]) / scales[..., None]).round_().clamp_(0, 15).view(weight.shape)
        both = torch.stack([scales, low + 8 * scales], dim=-1)  # [out, groups, 2]
        self._scales_and_zeros = both.transpose(0, 1).to(torch.bfloat16).contiguous()
        n_inner = next(n for n in (8, 4, 2) if weight.shape[1] % (16 * n) == 0)
        if weight.device.type == "cpu":
            self._packed = torch._convert_weight_to_int4pack_for_cpu(numbers.int(), n_inner)
            self._multiply = torch._weight_int4pack_mm_for_cpu
        else:
            bytes_ = numbers.to(torch.uint8)
            self._packed = torch._convert_weight_to_int4pack(bytes_[:, ::2] << 4 | bytes_[:, 1::2], n_inner)
            self._multiply = torch._weight_int4pack_mm
        self.n_bytes = self._packed.nbytes + self._scales_and_zeros.nbytes

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product of [tokens, in], [tokens, out]."""
        product: torch.Tensor = self._multiply(x.bfloat16(), self._packed, GROUP, self._scales_and_zeros)
        return product.to(x.dtype)

    @staticmethod
    def fits(weight: torch.Tensor) -> bool:
        """Tell whether torch can pack a matrix [out, in] of this shape."""
        return weight.shape[0] % 16 == 0 and weight.shape[1] % GROUP == 0


def rounded(weight: torch.Tensor, dtype: torch.dtype, bits: int) -> Rounded:
    """Return a matrix [out, in] with weights of so many bits; of 8 where its shape does not allow 4."""
    return Int4Matrix(weight) if bits == 4 and Int4Matrix.fits(weight) else Int8Matrix(weight, dtype)


def works(device: torch.device, dtype: torch.dtype, bits: int) -> bool:
    """Tell whether this device's operators multiply such weights, and right: not every build of torch has them all."""
    seed = torch.Generator().manual_seed(0)
    weight = torch.randn((64, 256), generator=seed).to(device, dtype)
    x = torch.randn((4, 256), generator=seed).to(device, dtype)
    try:
        product, exact = rounded(weight, dtype, bits)(x).float(), functional.linear(x, weight).float()
        error = (product - exact).norm() / exact.norm()
    except (RuntimeError, NotImplementedError, AttributeError):
        return False
    return bool(error < (0.02 if bits == 8 else 0.15))
