"""Keep the weights of bf16 layers in the order in which the CPU's matrix kernels read them.

torch's own linear layer brings them into that order at each call, which takes longer than the work on a few
tokens. The results are the same to the bit. Knows layers of matrices; nothing of what they compute.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import nn

# For how many rows the order is meant to be best; it is good for any number.
_ROWS = 32


class PackedLinear(nn.Module):
    """A linear layer whose weight lies in the kernels' own order."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self._packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), _ROWS)
        self._bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return states @ weight.T + bias."""
        result: torch.Tensor = torch.ops.mkldnn._linear_pointwise(states, self._packed, self._bias, "none", [], "")
        return result


def pack(module: Any) -> None:
    """Put packed layers in the place of the linear layers of a model, in place, where this machine can do that.

    The output matrix stays as it is: it often is the input matrix too. Parameters of packed layers are gone.
    """
    output = module.get_output_embeddings()
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear and child is not output and _can_be_packed(child):
                setattr(parent, name, PackedLinear(child))


def _can_be_packed(linear: nn.Linear) -> bool:
    return linear.weight.dtype == torch.bfloat16 and linear.weight.device.type == "cpu" and _kernels_work()


@cache
def _kernels_work() -> bool:
    """Tell whether torch was built with these kernels and they give what a plain linear layer gives."""
    linear = nn.Linear(64, 48, dtype=torch.bfloat16)
    states = torch.linspace(-1, 1, 3 * 64).reshape(1, 3, 64).bfloat16()
    with torch.inference_mode():
        try:
            return torch.allclose(PackedLinear(linear)(states), linear(states), atol=0.05)
        except (RuntimeError, AttributeError, NotImplementedError):
            return False
