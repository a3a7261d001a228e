"""Guess the next tokens without the model: what followed the last time when the same tokens stood there.

Code repeats itself, and what is guessed right costs the model one step instead of several: it reads all of it at once and
says which of it it would have written. Knows ids only.

Source: "Prompt Lookup Decoding" (Saxena 2023), "Fast Inference from Transformers via Speculative Decoding" (Leviathan et
al. 2023) for why the tokens stay the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

_SIZE = array("i").itemsize
# How many tokens to guess after so many that agree: the longer the match, the likelier it goes on.
_LONGEST_MATCH = 6
_GUESSED = {1: 1, 2: 2, 3: 3, 4: 3, 5: 7, 6: 7}


class Drafts:
    """The tokens of a prompt and of what came after it; earlier answers, which may be right after all."""

    def __init__(self, prompt: Sequence[int], earlier: Sequence[int] = ()) -> None:
        self._earlier = array("i", earlier)
        self._ids = array("i", prompt)
        self._n_prompt = len(prompt)

    def add(self, token: int) -> None:
        """Say which token was chosen."""
        self._ids.append(token)

    def answer(self) -> tuple[int, ...]:
        """Return the tokens that were chosen."""
        return tuple(self._ids[self._n_prompt :])

    def next(self, most: int) -> list[int]:
        """Return up to ``most`` tokens that may come next, none where nothing like the end stands further up."""
        end = self._ids[-_LONGEST_MATCH:]
        for length in range(len(end), 0, -1):
            wanted = end[len(end) - length :].tobytes()
            for known in (self._earlier, self._ids):
                at = _last(known.tobytes(), wanted)
                if at is not None:
                    return list(known[at + length : at + length + min(most, _GUESSED[length])])
        return []


def _last(known: bytes, wanted: bytes) -> int | None:
    """Return where, counted in tokens, ``wanted`` stands last in ``known`` with something behind it."""
    end = len(known) - _SIZE
    while (at := known.rfind(wanted, 0, end)) >= 0:
        if at % _SIZE == 0:
            return at // _SIZE
        end = at + len(wanted) - 1
    return None
