"""Two decoders with one cache: int8 in native code for a few tokens, bf16 in torch for many.

Where the processor multiplies bf16 quickly, long prompts are read twice as fast so; a step that decodes waits for
memory, and int8 is half of it. Knows both; nothing of their work.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .decoder import Decoder
from .keys_values import KeysValues
from .native.decoder import NativeDecoder


class MixedDecoder:
    """Reads up to ``few_tokens`` by ``native``, more by ``torch_decoder``."""

    # A pass of torch takes at least as long as reading all weights in bf16, whatever the number of tokens. Not measured
    # at each start: then the same text could be read in one way today and in the other tomorrow, and sums differ.
    few_tokens = 24

    def __init__(self, native: NativeDecoder, torch_decoder: Decoder) -> None:
        self._native = native
        self._torch = torch_decoder
        self.device = torch_decoder.device
        self.n_vocabulary = native.n_vocabulary
        self.dtype = f"{torch_decoder.dtype}, int8 to decode"
        self.least_chunk = torch_decoder.least_chunk
        self.n_bytes, self.n_parameters = native.n_bytes, native.n_parameters

    def new_cache(self) -> KeysValues:
        """Return an empty cache."""
        return self._native.new_cache()

    def run(self, ids: Sequence[int], cache: KeysValues, n_logits: int) -> torch.Tensor:
        """Read tokens; return the logits after each of the last ``n_logits``, [n_logits, vocabulary] in fp32."""
        network = self._native if len(ids) <= self.few_tokens else self._torch
        return network.run(ids, cache, n_logits)
