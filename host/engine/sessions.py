"""What the model has read, kept for the next request: a cache that can be dropped at any time.

Requests of one session (a document) mostly begin with the same tokens; only what differs is read again. Knows
models and ids; nothing of text or formats.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence

import torch

from .model import Model
from .network import Cache

_MOST_GUESSES = 7


class Encoded:
    """Token ids that a model has read, in order, with their keys and values.

    ``last_answer`` is what was written here the last time. ``most_guesses`` is how many tokens may be read to see
    whether they are right: none where they could not be taken back.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.ids: list[int] = []
        self.last_answer: tuple[int, ...] = ()
        self._cache = model.new_cache()
        self.can_be_cut = self._cache.can_be_cut
        self.most_guesses = _MOST_GUESSES if self.can_be_cut else 0

    def n_unread(self, prompt: Sequence[int]) -> int:
        """Return how many tokens of a prompt have to be read."""
        common = _common_length(self.ids, prompt)
        return len(prompt) - (common if self.can_be_cut or common == len(self.ids) else 0)

    def keep_common(self, prompt: Sequence[int]) -> int:
        """Forget what is not the beginning of ``prompt`` and return how many of its tokens are known.

        At least the last token of the prompt stays to be read, since its logits are not kept.
        """
        common = min(_common_length(self.ids, prompt), len(prompt) - 1)
        if common < len(self.ids):
            self.cut(common if self.can_be_cut else 0)
        return len(self.ids)

    def cut(self, n_tokens: int) -> None:
        """Forget all but the first ``n_tokens``; a model with recurrent state can only forget all (0)."""
        del self.ids[n_tokens:]
        if not self.can_be_cut:
            self.ids.clear()
        self._cache.cut(len(self.ids))

    def read_chunk(self, prompt: Sequence[int]) -> torch.Tensor:
        """Read the next chunk of a prompt whose beginning is known; return the logits after it, [vocabulary]."""
        start = len(self.ids)
        return self._extend(prompt[start : start + self.model.chunk_size()], self.model.read_chunk)

    def read_all(self, ids: Sequence[int]) -> torch.Tensor:
        """Read more tokens and return the logits after each of them, [tokens, vocabulary]."""
        return self._extend(ids, self.model.forward_all)

    def n_bytes(self) -> int:
        """Bytes of memory that this takes."""
        return self._cache.n_bytes()

    def _extend(self, ids: Sequence[int], forward: Callable[[Sequence[int], Cache], torch.Tensor]) -> torch.Tensor:
        try:
            logits = forward(ids, self._cache)
        except BaseException:
            # The pass may have broken off (no memory) with some layers longer than others.
            self.cut(0)
            raise
        self.ids += ids
        return logits


class Sessions:
    """The encoded tokens of all sessions; the one that was used longest ago goes first when memory is short."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._entries: OrderedDict[Hashable, Encoded] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of sessions that are kept."""
        return len(self._entries)

    def take(self, key: Hashable, model: Model) -> Encoded:
        """Return what is kept under ``key``, or something empty that is kept from now on."""
        entry = self._entries.get(key)
        if entry is None or entry.model is not model:
            entry = self._entries[key] = Encoded(model)
        self._entries.move_to_end(key)
        return entry

    def shrink(self) -> None:
        """Drop what was used longest ago until the memory limit is kept (the last used one stays)."""
        while len(self._entries) > 1 and self.n_bytes() > self._memory_bytes:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Drop everything."""
        self._entries.clear()

    def n_bytes(self) -> int:
        """Bytes of memory that all sessions take."""
        return sum(entry.n_bytes() for entry in self._entries.values())


def _common_length(a: Sequence[int], b: Sequence[int]) -> int:
    length = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        length += 1
    return length
