"""Keys and values of the tokens that a model has read, in buffers that grow by doubling instead of at each token.

Knows transformers' cache interface; nothing of tokens or sessions.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

_FIRST_TOKENS = 256


class GrowingLayer(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values: views of the used part of a larger buffer.

    Appending copies only what is new. Cutting off the end makes the views shorter, and the next append writes
    over what was cut.
    """

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Make the first buffers in the shape of the first states."""
        self.device = key_states.device
        self._key_buffer = _room_for(key_states, _FIRST_TOKENS)
        self._value_buffer = _room_for(value_states, _FIRST_TOKENS)
        self.keys, self.values = self._key_buffer[:, :, :0], self._value_buffer[:, :, :0]
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append states of shape [batch, heads, tokens, size] and return all of them."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start = self.keys.shape[-2]
        end = start + key_states.shape[-2]
        if end > self._key_buffer.shape[-2]:
            self._grow(end)
        self._key_buffer[:, :, start:end] = key_states
        self._value_buffer[:, :, start:end] = value_states
        self.keys, self.values = self._key_buffer[:, :, :end], self._value_buffer[:, :, :end]
        return self.keys, self.values

    def n_bytes(self) -> int:
        """Bytes of memory that the buffers take."""
        if not self.is_initialized:
            return 0
        return self._key_buffer.nbytes + self._value_buffer.nbytes

    def _grow(self, n_tokens: int) -> None:
        capacity = max(n_tokens, 2 * self._key_buffer.shape[-2])
        keys, values = _room_for(self._key_buffer, capacity), _room_for(self._value_buffer, capacity)
        used = self.keys.shape[-2]
        keys[:, :, :used], values[:, :, :used] = self.keys, self.values
        self._key_buffer, self._value_buffer = keys, values


def new_cache(config: Any) -> Cache:
    """Return an empty cache for a model: one that can be cut to any length where the architecture allows it.

    Layers with a sliding window keep everything too: the model's mask hides what is outside of the window, and
    only so can the end be cut off again. Recurrent and hybrid layers get transformers' own cache.
    """
    own = DynamicCache(config=config)
    if own.layers and all(type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) for layer in own.layers):
        return Cache(layers=[GrowingLayer() for _ in own.layers])
    return own


def can_be_cut(cache: Cache) -> bool:
    """Tell whether `cut` works on this cache."""
    return all(type(layer) is GrowingLayer for layer in cache.layers)


def cut(cache: Cache, n_tokens: int) -> None:
    """Forget all but the first ``n_tokens`` tokens, also where a forward pass broke off between two layers."""
    for layer in cache.layers:
        if layer.is_initialized and layer.keys.shape[-2] > n_tokens:
            layer.keys, layer.values = layer.keys[:, :, :n_tokens], layer.values[:, :, :n_tokens]


def n_bytes(cache: Cache) -> int:
    """Bytes of memory that a cache takes (as far as its layers can tell)."""
    return sum(_layer_bytes(layer) for layer in cache.layers)


def _layer_bytes(layer: Any) -> int:
    if isinstance(layer, GrowingLayer):
        return layer.n_bytes()
    tensors: list[Any] = [getattr(layer, "keys", None), getattr(layer, "values", None)]
    for states in (getattr(layer, "conv_states", None), getattr(layer, "recurrent_states", None)):
        tensors += states.values() if isinstance(states, dict) else [states]
    return sum(t.nbytes for t in tensors if isinstance(t, torch.Tensor))


def _room_for(states: torch.Tensor, n_tokens: int) -> torch.Tensor:
    batch, heads, tokens, size = states.shape
    return states.new_empty((batch, heads, max(tokens, n_tokens), size))
