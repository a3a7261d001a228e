"""Does native code that was just built compute what torch computes? A compiler or a processor could be at fault.

Knows both decoders; nothing of files.
"""

from __future__ import annotations

import ctypes

import torch

from ..architecture import Architecture
from ..decoder import Decoder
from ..weights import DecoderWeights, LayerWeights, LinearWeights, NormWeights
from .decoder import NativeDecoder
from .pack import pack

_SHAPE = Architecture(
    hidden=64,
    n_heads=6,
    n_key_heads=2,
    head_size=64,
    middle=96,
    n_vocabulary=50,
    windows=(0, 70),
    activation="silu",
    is_gated=True,
    is_layer_norm=False,
    norm_epsilon=1e-5,
    embedding_scale=1.0,
    attention_scale=0.125,
    residual_scale=1.0,
    logit_scale=1.0,
)
_CALLS = (1, 2, 3, 4, 7, 32, 1, 64, 8, 64)
_TOLERANCE = 0.005


def computes_right(library: ctypes.CDLL) -> bool:
    """Run small random decoders both ways, over calls of all sizes; what differs is that keys are kept in bf16."""
    return all(_agree(library, bits) for bits in (8, 4))


def _agree(library: ctypes.CDLL, bits: int) -> bool:
    weights = _random_weights(bits)
    native, right = NativeDecoder(library, _SHAPE, pack(weights, bits)), Decoder(weights, torch.float32)
    ours, theirs = native.new_cache(), right.new_cache()
    with torch.inference_mode():
        for n in _CALLS:
            ids = [(7 * n + 3 * k) % _SHAPE.n_vocabulary for k in range(n)]
            found, expected = native.run(ids, ours, n), right.run(ids, theirs, n)
            if not (found - expected).abs().max() <= _TOLERANCE * expected.abs().max():
                return False
    return True


def _random_weights(bits: int) -> DecoderWeights:
    """Return weights that so many bits hold exactly: whole multiples of a scale, and in each group the outermost."""
    generator = torch.Generator().manual_seed(1)

    def matrix(rows: int, columns: int, bits: int = bits) -> torch.Tensor:
        least, most = (-127, 127) if bits == 8 else (-8, 7)
        numbers = torch.randint(least, most + 1, (rows, columns), generator=generator).float()
        numbers[:, ::32] = least
        scales = (0.1 + torch.rand(rows, 1, generator=generator)) / (0.63 * most * float(columns) ** 0.5)
        found: torch.Tensor = numbers * scales.half().float()
        return found

    def linear(rows: int, columns: int) -> LinearWeights:
        return LinearWeights(matrix(rows, columns), 0.1 * torch.randn(rows, generator=generator))

    def norm() -> NormWeights:
        return NormWeights(1 + 0.2 * torch.randn(_SHAPE.hidden, generator=generator))

    heads = _SHAPE.n_heads * _SHAPE.head_size
    rotary = torch.outer(torch.arange(256.0), 0.01 ** (torch.arange(_SHAPE.head_size) % 32 / 32))
    layers = tuple(
        LayerWeights(
            before_attention=norm(),
            before_mlp=norm(),
            query=None,
            key=None,
            qkv=linear(heads + 2 * _SHAPE.n_key_heads * _SHAPE.head_size, _SHAPE.hidden),
            out=linear(_SHAPE.hidden, heads),
            rise=linear(2 * _SHAPE.middle, _SHAPE.hidden),
            fall=linear(_SHAPE.hidden, _SHAPE.middle),
        )
        for _ in _SHAPE.windows
    )
    embedding = torch.randn(_SHAPE.n_vocabulary, _SHAPE.hidden, generator=generator)
    head = matrix(_SHAPE.n_vocabulary, _SHAPE.hidden, bits=8)
    return DecoderWeights(_SHAPE, embedding, head, norm(), layers, rotary.cos(), rotary.sin())
