"""Keys and values of the tokens that our decoder has read: two buffers for all layers, grown by doubling.

Knows shapes; nothing of tokens or sessions.
"""

from __future__ import annotations

import torch

from .architecture import Architecture

_FIRST_TOKENS = 256
# The native code keeps keys of so many tokens in one block (KEY_BLOCK): there are only whole ones.
_BLOCK = 16


class KeysValues:
    """``keys`` and ``values``: [layers, key heads, capacity, head size], of the native code in an order of its own
    within 16 tokens; the first ``length`` tokens are in use.

    Cutting off the end costs nothing: what comes next is written over it.
    """

    can_be_cut = True

    def __init__(self, architecture: Architecture, dtype: torch.dtype, device: torch.device) -> None:
        shape = (architecture.n_layers, architecture.n_key_heads, _FIRST_TOKENS, architecture.head_size)
        self.keys = torch.empty(shape, dtype=dtype, device=device)
        self.values = torch.empty_like(self.keys)
        self.length = 0

    def reserve(self, n_tokens: int) -> None:
        """Make room for ``n_tokens`` in all."""
        capacity = self.keys.shape[2]
        if n_tokens > capacity:
            wanted = _whole_blocks(max(n_tokens, 2 * capacity))
            self.keys, self.values = self._grown(self.keys, wanted), self._grown(self.values, wanted)

    def cut(self, n_tokens: int) -> None:
        """Forget all but the first ``n_tokens`` tokens."""
        self.length = min(self.length, n_tokens)

    def n_bytes(self) -> int:
        """Bytes of memory that the buffers take."""
        return self.keys.nbytes + self.values.nbytes

    def _grown(self, old: torch.Tensor, capacity: int) -> torch.Tensor:
        layers, heads, _, size = old.shape
        new = old.new_empty((layers, heads, capacity, size))
        n_used = _whole_blocks(self.length)
        new[:, :, :n_used] = old[:, :, :n_used]
        return new


def _whole_blocks(n_tokens: int) -> int:
    return -(-n_tokens // _BLOCK) * _BLOCK
