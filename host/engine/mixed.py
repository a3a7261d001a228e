"""Two decoders with one cache: int8 in native code for a few tokens, bf16 in torch for many.

Where the processor multiplies bf16 quickly, long prompts are read twice as fast so; a step that decodes waits for
memory, and int8 is half of it. Knows both; nothing of their work.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import torch

from .decoder import Decoder
from .keys_values import KeysValues
from .native.decoder import NativeDecoder

_FEW, _MANY = 8, 64


class MixedDecoder:
    """Reads up to ``few_tokens`` by ``native``, more by ``torch_decoder``: what is quicker is measured at the start."""

    def __init__(self, native: NativeDecoder, torch_decoder: Decoder) -> None:
        self._native = native
        self._torch = torch_decoder
        self.device = torch_decoder.device
        self.n_vocabulary = native.n_vocabulary
        self.dtype = f"{torch_decoder.dtype}, int8 to decode"
        self.least_chunk = torch_decoder.least_chunk
        self.n_bytes, self.n_parameters = native.n_bytes, native.n_parameters
        self.few_tokens = self._measure()

    def new_cache(self) -> KeysValues:
        """Return an empty cache."""
        return self._native.new_cache()

    def run(self, ids: Sequence[int], cache: KeysValues, n_logits: int) -> torch.Tensor:
        """Read tokens; return the logits after each of the last ``n_logits``, [n_logits, vocabulary] in fp32."""
        network = self._native if len(ids) <= self.few_tokens else self._torch
        return network.run(ids, cache, n_logits)

    def _measure(self) -> float:
        """Return up to how many tokens the native code is quicker: its time grows with each token, torch's less."""
        native = _seconds(self._native, _FEW) / _FEW
        few, many = _seconds(self._torch, _FEW), _seconds(self._torch, _MANY)
        more = (many - few) / (_MANY - _FEW)
        return max(_FEW, (few - _FEW * more) / (native - more)) if native > more else math.inf


def _seconds(network: NativeDecoder | Decoder, n: int) -> float:
    """Return the shortest of three passes over n tokens."""
    taken = []
    with torch.inference_mode():
        for _ in range(3):
            cache = network.new_cache()
            began = time.perf_counter()
            network.run([0] * n, cache, 1)
            taken.append(time.perf_counter() - began)
    return min(taken)
