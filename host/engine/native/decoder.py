"""A decoder that native code runs: its weights packed into int8, all layers done by one call.

Knows the layouts of decoder.c; nothing of text.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence

import torch
from torch.nn import functional

from ..architecture import Activation, Architecture
from ..keys_values import KeysValues
from .pack import LINEARS, NORMS, TILE_ROWS

# What decoder.c reads in one call (MOST_TOKENS); more are read by several.
_TOKENS_A_CALL = 32
_ACTIVATIONS: dict[Activation, int] = {"silu": 0, "gelu_tanh": 1, "gelu": 2}


class _Matrix(ctypes.Structure):
    _fields_ = (
        ("weights", ctypes.c_void_p),
        ("scales", ctypes.c_void_p),
        ("group_scales", ctypes.c_void_p),
        *((name, ctypes.c_int32) for name in ("rows", "columns", "bits", "unused")),
    )


class _Linear(ctypes.Structure):
    _fields_ = (("weight", _Matrix), ("down", _Matrix), ("up", _Matrix), ("bias", ctypes.c_void_p))


class _Norm(ctypes.Structure):
    _fields_ = (("weight", ctypes.c_void_p), ("bias", ctypes.c_void_p))


class _Layer(ctypes.Structure):
    _fields_ = (
        *((name, _Norm) for name in NORMS),
        *((name, _Linear) for name in LINEARS),
        ("window", ctypes.c_int32),
        ("unused", ctypes.c_int32),
    )


class _Decoder(ctypes.Structure):
    _fields_ = (
        ("layers", ctypes.POINTER(_Layer)),
        ("last_norm", _Norm),
        ("head", _Matrix),
        ("cosines", ctypes.c_void_p),
        ("sines", ctypes.c_void_p),
        *(
            (name, ctypes.c_int32)
            for name in (
                *("n_layers", "hidden", "n_heads", "n_key_heads", "head_size", "rotary_size", "middle"),
                *("is_layer_norm", "is_gated", "activation", "n_vocabulary", "unused"),
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
    return all(size % TILE_ROWS == 0 for size in sizes)


class NativeDecoder:
    """A decoder with int8 or int4 weights. Keys and values are bf16.

    A token's logits don't depend on how many are read beside it.
    """

    least_chunk = 8

    def __init__(
        self,
        library: ctypes.CDLL,
        architecture: Architecture,
        tensors: Mapping[str, torch.Tensor],
        with_adapter: bool = False,
    ) -> None:
        """Take the tensors that `pack` has made, those of an adapter only ``with_adapter``. Decoders may share them."""
        self._decode = library.midspan_decode
        pointer, number = ctypes.c_void_p, ctypes.c_int
        decoder, past = ctypes.POINTER(_Decoder), ctypes.POINTER(_Past)
        self._decode.argtypes = (decoder, past, pointer, number, number, pointer, number, number)
        self.architecture = shape = architecture
        self.device = torch.device("cpu")
        self.n_vocabulary = shape.n_vocabulary
        self.dtype = "int4" if "layers.0.qkv.group_scales" in tensors else "int8"
        self.n_parameters = self.n_bytes = 0
        self._with_adapter = with_adapter
        self.tensors = tensors
        head = self._matrix("head")
        self.n_parameters = 0  # those of the layers
        layers = [self._layer(f"layers.{n}", window) for n, window in enumerate(shape.windows)]
        self._layers = (_Layer * len(layers))(*layers)
        self._decoder = _Decoder(
            self._layers,
            self._norm("last_norm"),
            head,
            self._address("cosines"),
            self._address("sines"),
            *(shape.n_layers, shape.hidden, shape.n_heads, shape.n_key_heads, shape.head_size),
            *(tensors["cosines"].shape[1], shape.middle, shape.is_layer_norm, shape.is_gated),
            *(_ACTIVATIONS[shape.activation], self.n_vocabulary, 0),
            *(shape.norm_epsilon, shape.attention_scale, shape.residual_scale, shape.logit_scale),
        )

    def new_cache(self) -> KeysValues:
        """Return an empty cache."""
        return KeysValues(self.architecture, torch.bfloat16, self.device)

    def run(self, ids: Sequence[int], cache: KeysValues, n_logits: int) -> torch.Tensor:
        """Read tokens; return the logits after each of the last ``n_logits``, [n_logits, vocabulary] in fp32.

        Raises MemoryError.
        """
        cache.reserve(cache.length + len(ids))
        tokens = torch.tensor(ids, dtype=torch.long)
        x = functional.embedding(tokens, self.tensors["embedding"]).float() * self.architecture.embedding_scale
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

    def _layer(self, name: str, window: int) -> _Layer:
        norms = (self._norm(f"{name}.{one}") for one in NORMS)
        return _Layer(*norms, *(self._linear(f"{name}.{one}") for one in LINEARS), window, 0)

    def _linear(self, name: str) -> _Linear:
        has_low_rank = self._with_adapter and f"{name}.up.weights" in self.tensors
        down, up = (self._matrix(f"{name}.{one}") if has_low_rank else _Matrix() for one in ("down", "up"))
        return _Linear(self._matrix(name), down, up, self._address(f"{name}.bias"))

    def _matrix(self, name: str) -> _Matrix:
        weights, scales = self.tensors[f"{name}.weights"], self.tensors.get(f"{name}.scales")
        group_scales = self.tensors.get(f"{name}.group_scales")
        bits = 8 if group_scales is None else 4
        row_tiles, column_tiles, tile_rows, tile_columns = weights.shape
        rows, columns = row_tiles * tile_rows, column_tiles * tile_columns * 8 // bits
        self.n_bytes += sum(one.nbytes for one in (weights, scales, group_scales) if one is not None)
        self.n_parameters += rows * columns
        addresses = (self._address(f"{name}.{part}") for part in ("weights", "scales", "group_scales"))
        return _Matrix(*addresses, rows, columns, bits, 0)

    def _norm(self, name: str) -> _Norm:
        return _Norm(self._address(f"{name}.weight"), self._address(f"{name}.bias"))

    def _address(self, name: str) -> int | None:
        tensor = self.tensors.get(name)
        return None if tensor is None else tensor.data_ptr()
