"""A decoder that native code runs: its weights packed into int8, all layers done by one call.

Knows the layouts of decoder.c; nothing of text.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import torch

from ..architecture import Activation, Architecture
from ..decoder import embed
from ..keys_values import KeysValues
from ..weights import DecoderWeights, LayerWeights, LinearWeights, NormWeights
from .pack import TILE_COLUMNS, MatrixStruct, Packer

# What decoder.c reads in one call (MOST_TOKENS); more are read by several.
_TOKENS_A_CALL = 32
_MOST_HEAD_SIZE = 256
_ACTIVATIONS: dict[Activation, int] = {"silu": 0, "gelu_tanh": 1, "gelu": 2}


class _Linear(ctypes.Structure):
    _fields_ = (("weight", MatrixStruct), ("down", MatrixStruct), ("up", MatrixStruct), ("bias", ctypes.c_void_p))


class _Norm(ctypes.Structure):
    _fields_ = (("weight", ctypes.c_void_p), ("bias", ctypes.c_void_p))


class _Layer(ctypes.Structure):
    _fields_ = (
        *((name, _Norm) for name in ("before_attention", "before_mlp", "query", "key")),
        *((name, _Linear) for name in ("qkv", "out", "rise", "fall")),
        ("window", ctypes.c_int32),
        ("unused", ctypes.c_int32),
    )


class _Decoder(ctypes.Structure):
    _fields_ = (
        ("layers", ctypes.POINTER(_Layer)),
        ("last_norm", _Norm),
        ("head", MatrixStruct),
        ("cosines", ctypes.c_void_p),
        ("sines", ctypes.c_void_p),
        *(
            (name, ctypes.c_int32)
            for name in (
                *("n_layers", "hidden", "n_heads", "n_key_heads", "head_size", "rotary_size", "middle"),
                *("is_layer_norm", "is_gated", "activation", "keys_are_bf16", "n_vocabulary"),
            )
        ),
        *((name, ctypes.c_float) for name in ("norm_epsilon", "attention_scale", "residual_scale", "logit_scale")),
    )


class _Past(ctypes.Structure):
    _fields_ = (
        ("keys", ctypes.c_void_p),
        ("values", ctypes.c_void_p),
        ("layer_stride", ctypes.c_int64),
        ("head_stride", ctypes.c_int64),
    )


def supports(architecture: Architecture) -> bool:
    """Tell whether the native code can run a decoder of this shape."""
    sizes = (architecture.hidden, architecture.head_size, architecture.middle)
    return all(size % TILE_COLUMNS == 0 for size in sizes) and architecture.head_size <= _MOST_HEAD_SIZE


class NativeDecoder:
    """A decoder with int8 weights. Keys and values are bf16.

    A token's logits don't depend on how many are read beside it.
    """

    least_chunk = 8
    dtype = "int8"

    def __init__(self, library: ctypes.CDLL, weights: DecoderWeights, packer: Packer) -> None:
        self._decode = library.midspan_decode
        pointer, number = ctypes.c_void_p, ctypes.c_int
        decoder, past = ctypes.POINTER(_Decoder), ctypes.POINTER(_Past)
        self._decode.argtypes = (decoder, past, pointer, number, number, pointer, number, number)
        self.architecture = shape = weights.architecture
        self.device = torch.device("cpu")
        self.n_vocabulary = len(weights.head)
        self.n_parameters = weights.n_parameters
        self._embedding = weights.embedding
        self._kept: list[object] = []
        head = packer.pack(weights.head)
        self.n_bytes = head.n_bytes()
        layers = [
            self._layer(layer, window, shape.is_gated, packer)
            for layer, window in zip(weights.layers, shape.windows, strict=True)
        ]
        self._layers = (_Layer * len(layers))(*layers)
        self._decoder = _Decoder(
            self._layers,
            self._norm(weights.last_norm),
            head.struct,
            self._address(weights.cosines),
            self._address(weights.sines),
            *(shape.n_layers, shape.hidden, shape.n_heads, shape.n_key_heads, shape.head_size),
            *(weights.cosines.shape[1], shape.middle, shape.is_layer_norm, shape.is_gated),
            *(_ACTIVATIONS[shape.activation], True, self.n_vocabulary),
            *(shape.norm_epsilon, shape.attention_scale, shape.residual_scale, shape.logit_scale),
        )
        self._kept.append(head)

    def new_cache(self) -> KeysValues:
        """Return an empty cache."""
        return KeysValues(self.architecture, torch.bfloat16, self.device)

    def run(self, ids: Sequence[int], cache: KeysValues, n_logits: int) -> torch.Tensor:
        """Read tokens; return the logits after each of the last ``n_logits``, [n_logits, vocabulary] in fp32.

        Raises MemoryError.
        """
        cache.reserve(cache.length + len(ids))
        x = embed(ids, self._embedding, self.architecture)
        logits = torch.empty((n_logits, self.n_vocabulary))
        n_unwanted = len(ids) - n_logits
        for first in range(0, len(ids), _TOKENS_A_CALL):
            part = x[first : first + _TOKENS_A_CALL]
            wanted = max(0, min(len(part), first + len(part) - n_unwanted))
            keys, values = cache.keys, cache.values
            past = _Past(keys.data_ptr(), values.data_ptr(), keys.stride(0), keys.stride(1))
            failed = self._decode(
                *(ctypes.byref(self._decoder), ctypes.byref(past), part.data_ptr(), len(part), cache.length + first),
                *(logits[max(0, first - n_unwanted) :].data_ptr(), wanted, torch.get_num_threads()),
            )
            if failed:
                raise MemoryError("no memory for a step of the model")
        cache.length += len(ids)
        return logits

    def _layer(self, layer: LayerWeights, window: int, is_gated: bool, packer: Packer) -> _Layer:
        norms = [self._norm(getattr(layer, name)) for name in ("before_attention", "before_mlp", "query", "key")]
        rise = self._linear(layer.rise, packer, is_gated)
        linears = [
            self._linear(layer.qkv, packer),
            self._linear(layer.out, packer),
            rise,
            self._linear(layer.fall, packer),
        ]
        return _Layer(*norms, *linears, window, 0)

    def _linear(self, linear: LinearWeights, packer: Packer, is_gated: bool = False) -> _Linear:
        """Pack a layer; the rows of a gated MLP so that each tile holds two of the gate and what they let through."""
        order = _gate_order(len(linear.weight)) if is_gated else None
        packed = [packer.pack(linear.weight, order)]
        if linear.low_rank is not None:
            packed += [packer.pack(linear.low_rank.down), packer.pack(linear.low_rank.up, order)]
        self._kept += packed
        self.n_bytes += sum(matrix.n_bytes() for matrix in packed)
        weight, down, up = [matrix.struct for matrix in packed] + [MatrixStruct()] * (3 - len(packed))
        bias = linear.bias if linear.bias is None or order is None else linear.bias[order]
        return _Linear(weight, down, up, None if bias is None else self._address(bias.contiguous()))

    def _norm(self, norm: NormWeights | None) -> _Norm:
        if norm is None:
            return _Norm(None, None)
        return _Norm(self._address(norm.weight), None if norm.bias is None else self._address(norm.bias))

    def _address(self, tensor: torch.Tensor) -> int:
        self._kept.append(tensor)
        return tensor.data_ptr()


def _gate_order(n_rows: int) -> torch.Tensor:
    """Return [gate 0, gate 1, up 0, up 1, gate 2, …] for rows of which the first half are gates."""
    return torch.arange(n_rows).view(2, n_rows // 4, 2).transpose(0, 1).reshape(-1)
