"""Our own forward pass for decoders of Llama's kind, in torch: tokens and a cache in, logits out.

In the spirit of gpt-fast: weights fused, buffers kept, no framework between the operators. Knows tensors; nothing of
text or sessions.

Sources: "RoFormer" (Su et al. 2021) for rotary positions, "GQA" (Ainslie et al. 2023) for grouped heads,
"Root Mean Square Layer Normalization" (Zhang and Sennrich 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from .architecture import Activation
from .keys_values import KeysValues
from .linear import Linear
from .weights import DecoderWeights, LinearWeights, NormWeights, on_device

_ACTIVATIONS: dict[Activation, Callable[[torch.Tensor], torch.Tensor]] = {
    "silu": functional.silu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "gelu": functional.gelu,
}


@dataclass(frozen=True, slots=True)
class _Layer:
    before_attention: NormWeights
    before_mlp: NormWeights
    query: NormWeights | None
    key: NormWeights | None
    qkv: Linear
    out: Linear
    rise: Linear
    fall: Linear
    window: int


class Decoder:
    """A decoder that runs.

    Matrices are multiplied in ``dtype``, in which keys and values are kept too. Norms, positions and the sum that
    runs through the layers are fp32. With 8 or 4 ``bits``, the layers' weights are rounded to so many, the head's,
    which decide between tokens, to 8. It runs on ``device`` (None: where the weights are), to which it brings them
    layer by layer.
    """

    least_chunk = 32

    def __init__(
        self, weights: DecoderWeights, dtype: torch.dtype, bits: int = 0, device: torch.device | None = None
    ) -> None:
        self.architecture = weights.architecture
        self.device = device or weights.embedding.device
        self.n_vocabulary: int = weights.head.shape[0]
        self._embedding = weights.embedding.to(self.device)
        self._last_norm = on_device(weights.last_norm, self.device)
        self._cosines, self._sines = weights.cosines.to(self.device), weights.sines.to(self.device)
        self._layers = [
            _Layer(
                one.before_attention,
                one.before_mlp,
                one.query,
                one.key,
                Linear(one.qkv, dtype, bits),
                Linear(one.out, dtype, bits),
                Linear(one.rise, dtype, bits),
                Linear(one.fall, dtype, bits),
                window,
            )
            for one, window in zip(
                (on_device(layer, self.device) for layer in weights.layers), self.architecture.windows, strict=True
            )
        ]
        head = self._embedding if weights.head is weights.embedding else weights.head.to(self.device)
        self._head = Linear(LinearWeights(head), dtype, 8 if bits else 0)
        self.n_parameters = weights.n_parameters
        self.n_bytes = self._head.n_bytes + sum(
            linear.n_bytes for one in self._layers for linear in (one.qkv, one.out, one.rise, one.fall)
        )
        self._dtype = dtype
        self.dtype = f"int{bits}" if bits else str(dtype).removeprefix("torch.")

    def new_cache(self) -> KeysValues:
        """Return an empty cache."""
        return KeysValues(self.architecture, self._dtype, self.device)

    def run(self, ids: Sequence[int], cache: KeysValues, n_logits: int) -> torch.Tensor:
        """Read tokens; return the logits after each of the last ``n_logits``, [n_logits, vocabulary] in fp32."""
        cache.reserve(cache.length + len(ids))
        logits = self.read(ids, cache.length, cache.keys, cache.values, n_logits)
        cache.length += len(ids)
        return logits

    def read(
        self, ids: Sequence[int], start: int, keys: torch.Tensor, values: torch.Tensor, n_logits: int
    ) -> torch.Tensor:
        """Do `run` for tokens that stand at ``start`` and after it, in buffers that have room for them."""
        end = start + len(ids)
        tokens = torch.tensor(ids, dtype=torch.long, device=self.device)
        positions = torch.arange(start, end, device=self.device)
        return self.forward(tokens, positions, keys[:, :, :end], values[:, :, :end], n_logits)

    def forward(
        self, tokens: torch.Tensor, positions: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, n_logits: int
    ) -> torch.Tensor:
        """Take tokens through all layers, and write their keys and values where their positions are.

        tokens and positions: [tokens]; keys and values: [layers, key heads, length, head size], in which those after
        the last position are not looked at. The residual stream is fp32 throughout.
        """
        shape = self.architecture
        x = functional.embedding(tokens, self._embedding).float() * shape.embedding_scale
        cosines, sines = self._cosines[positions, None], self._sines[positions, None]
        masks = {window: self._mask(positions, keys.shape[2], window) for window in set(shape.windows)}
        for number, layer in enumerate(self._layers):
            heads = layer.qkv(self._norm(x, layer.before_attention))
            attended = self._attend(heads, layer, keys[number], values[number], positions, cosines, sines, masks)
            x = x + shape.residual_scale * layer.out(attended)
            x = x + shape.residual_scale * layer.fall(self._middle(layer.rise(self._norm(x, layer.before_mlp))))
        logits = self._head(self._norm(x[len(x) - n_logits :], self._last_norm)).float()
        return logits * shape.logit_scale if shape.logit_scale != 1 else logits

    def _attend(
        self,
        heads: torch.Tensor,
        layer: _Layer,
        keys: torch.Tensor,
        values: torch.Tensor,
        positions: torch.Tensor,
        cosines: torch.Tensor,
        sines: torch.Tensor,
        masks: dict[int, torch.Tensor],
    ) -> torch.Tensor:
        shape, n = self.architecture, len(heads)
        heads = heads.view(n, shape.n_heads + 2 * shape.n_key_heads, shape.head_size)
        query, key, value = torch.split(heads, [shape.n_heads, shape.n_key_heads, shape.n_key_heads], dim=1)
        if layer.query is not None and layer.key is not None:
            query, key = self._norm(query.float(), layer.query), self._norm(key.float(), layer.key)
        query, key = _rotate(query, cosines, sines), _rotate(key, cosines, sines)
        keys.index_copy_(1, positions, key.transpose(0, 1).to(self._dtype))
        values.index_copy_(1, positions, value.transpose(0, 1).to(self._dtype))
        # All heads of a group see the same keys: [key heads, group x tokens, head size].
        group = shape.n_heads // shape.n_key_heads
        query = query.to(self._dtype).view(n, shape.n_key_heads, group, shape.head_size)
        attended = functional.scaled_dot_product_attention(
            query.permute(1, 2, 0, 3).reshape(1, shape.n_key_heads, group * n, shape.head_size),
            keys[None],
            values[None],
            attn_mask=masks[layer.window],
            scale=shape.attention_scale,
        )
        attended = attended.view(shape.n_key_heads, group, n, shape.head_size)
        return attended.permute(2, 0, 1, 3).reshape(n, shape.n_heads * shape.head_size)

    def _mask(self, positions: torch.Tensor, n_keys: int, window: int) -> torch.Tensor:
        """Return -inf where a token must not look, [group x tokens, keys] for a group of heads."""
        keys = torch.arange(n_keys, device=self.device)[None]
        hidden = keys > positions[:, None]
        if window:
            hidden |= keys <= positions[:, None] - window
        mask = torch.zeros(hidden.shape, dtype=self._dtype, device=self.device)
        mask.masked_fill_(hidden, -torch.inf)
        return mask.repeat(self.architecture.n_heads // self.architecture.n_key_heads, 1)

    def _middle(self, x: torch.Tensor) -> torch.Tensor:
        activation = _ACTIVATIONS[self.architecture.activation]
        if not self.architecture.is_gated:
            return activation(x)
        gate, up = x.chunk(2, dim=-1)
        return activation(gate) * up

    def _norm(self, x: torch.Tensor, norm: NormWeights) -> torch.Tensor:
        epsilon = self.architecture.norm_epsilon
        if norm.bias is not None:
            return functional.layer_norm(x, x.shape[-1:], norm.weight, norm.bias, epsilon)
        return functional.rms_norm(x, x.shape[-1:], norm.weight, epsilon)


def _rotate(x: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
    """Turn pairs of channels by the angles of the positions; x: [tokens, heads, size], in fp32 from here on."""
    x = x.float()
    first, second = x.chunk(2, dim=-1)
    return x * cosines + torch.cat((-second, first), dim=-1) * sines
