"""A decoder on a GPU whose small steps are recorded once and played again, with keys and values that stay in place.

A step of a small model is over before Python has started its kernels: a CUDA graph starts them all at once. It plays
back fixed addresses and shapes, so all sessions share one pair of buffers (the one in use is moved there, which takes
microseconds), tokens are filled up to a few sizes, and lengths to powers of two. Knows decoders; nothing of sessions.

Source: "Accelerating PyTorch with CUDA Graphs" (Nguyen, Gray et al. 2021).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence

import torch

from .decoder import Decoder

_SIZES = (1, 2, 4, 8)
_FIRST_LENGTH = 256

Play = Callable[[], torch.Tensor]
Record = Callable[[Callable[[], torch.Tensor]], Play]


class PlacedKeysValues:
    """What was read of one session: its place is the network's buffers while it is in use, ``kept`` when it isn't."""

    can_be_cut = True

    def __init__(self, bytes_per_token: int) -> None:
        self.length = 0
        self.kept: tuple[torch.Tensor, torch.Tensor] | None = None
        self._bytes_per_token = bytes_per_token

    def cut(self, n_tokens: int) -> None:
        """Forget all but the first ``n_tokens`` tokens."""
        self.length = min(self.length, n_tokens)

    def n_bytes(self) -> int:
        """Bytes of memory that this takes (or would, once another session is in use)."""
        return self.length * self._bytes_per_token


class GraphedDecoder:
    """Runs up to 8 tokens by a recorded graph, more by the decoder itself. ``n_context`` is the most it can hold."""

    def __init__(self, decoder: Decoder, n_context: int, record: Record | None = None) -> None:
        self._decoder = decoder
        self.device, self.dtype, self.n_vocabulary = decoder.device, decoder.dtype, decoder.n_vocabulary
        self.n_bytes, self.n_parameters, self.least_chunk = decoder.n_bytes, decoder.n_parameters, decoder.least_chunk
        self._record = record or _record_cuda
        self._n_context = n_context
        cache = decoder.new_cache()
        cache.reserve(n_context)
        self._keys, self._values = cache.keys.zero_(), cache.values.zero_()
        self._bytes_per_token = cache.n_bytes() // cache.keys.shape[2]
        self._placed: weakref.ref[PlacedKeysValues] | None = None
        self._tokens = torch.zeros(_SIZES[-1], dtype=torch.long, device=self.device)
        self._positions = torch.zeros_like(self._tokens)
        self._played: dict[tuple[int, int], Play] = {}

    def new_cache(self) -> PlacedKeysValues:
        """Return an empty cache."""
        return PlacedKeysValues(self._bytes_per_token)

    def run(self, ids: Sequence[int], cache: PlacedKeysValues, n_logits: int) -> torch.Tensor:
        """Read tokens; return the logits after each of the last ``n_logits``, [n_logits, vocabulary] in fp32."""
        self._place(cache)
        start, n = cache.length, len(ids)
        size = next((size for size in _SIZES if size >= n), None)
        if size is None or start + size > self._n_context:
            logits = self._decoder.read(ids, start, self._keys, self._values, n_logits)
        else:
            # What fills the step up comes behind the tokens: they don't see it, and the next step writes over it.
            self._tokens[:size] = torch.tensor([*ids, *[0] * (size - n)])
            self._positions[:size] = torch.arange(start, start + size)
            logits = self._step(size, self._length(start + size))()[n - n_logits : n].clone()
        cache.length += n
        return logits

    def _step(self, size: int, length: int) -> Play:
        """Return what plays a step of so many tokens that look at so many keys, recorded now if it is the first."""
        if (size, length) not in self._played:
            tokens, positions = self._tokens[:size], self._positions[:size]
            keys, values = self._keys[:, :, :length], self._values[:, :, :length]
            self._played[size, length] = self._record(
                lambda: self._decoder.forward(tokens, positions, keys, values, size)
            )
        return self._played[size, length]

    def _length(self, least: int) -> int:
        length = _FIRST_LENGTH
        while length < least:
            length *= 2
        return min(length, self._keys.shape[2])

    def _place(self, cache: PlacedKeysValues) -> None:
        """Have a session's keys and values in the buffers; those of the one before are kept elsewhere."""
        placed = self._placed() if self._placed is not None else None
        if placed is cache:
            return
        if placed is not None:
            n = placed.length
            placed.kept = self._keys[:, :, :n].clone(), self._values[:, :, :n].clone()
        if cache.kept is not None:
            for buffer, kept in zip((self._keys, self._values), cache.kept, strict=True):
                buffer[:, :, : cache.length] = kept[:, :, : cache.length]
            cache.kept = None
        self._placed = weakref.ref(cache)


def _record_cuda(step: Callable[[], torch.Tensor]) -> Play:
    """Record a step as a CUDA graph, after a few runs in which libraries choose their kernels."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(2):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        logits = step()

    def play() -> torch.Tensor:
        graph.replay()
        return logits

    return play
