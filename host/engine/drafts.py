"""Guess the next tokens without the model: what followed the last time when the same tokens stood there.

Code repeats itself, and what is guessed right costs the model one step instead of several: it reads all of it at once
and says which of it it would have written. Knows ids only.

Source: "Prompt Lookup Decoding" (Saxena 2023); "Fast Inference from Transformers via Speculative Decoding" (Leviathan
et al. 2023) for why the tokens stay the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

_SIZE = array("i").itemsize
# Where to look, how many tokens have to agree, and how many to guess then: each with at least one chance in four, by
# the default model's answers in Python's library (an additional token cost a quarter of a step then). Surest first.
_EARLIER, _PROMPT = 0, 1
_PLACES = (
    *((_EARLIER, 6, 7), (_EARLIER, 5, 7), (_PROMPT, 6, 6), (_EARLIER, 4, 5), (_EARLIER, 3, 5), (_PROMPT, 5, 5)),
    *((_PROMPT, 4, 3), (_EARLIER, 2, 4), (_PROMPT, 3, 2), (_PROMPT, 2, 2), (_EARLIER, 1, 2)),
)


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
        known = (self._earlier.tobytes(), self._ids.tobytes())
        for place, n_agree, n_guess in _PLACES:
            if n_agree > len(self._ids):
                continue
            at = _last(known[place], known[_PROMPT][-n_agree * _SIZE :])
            if at is not None:
                ids = self._earlier if place == _EARLIER else self._ids
                return list(ids[at + n_agree : at + n_agree + min(most, n_guess)])
        return []


def _last(known: bytes, wanted: bytes) -> int | None:
    """Return where, counted in tokens, ``wanted`` stands last in ``known`` with something behind it."""
    end = len(known) - _SIZE
    while (at := known.rfind(wanted, 0, end)) >= 0:
        if at % _SIZE == 0:
            return at // _SIZE
        end = at + len(wanted) - 1
    return None
