"""An answer that is given: how likely the model finds it, token by token (teacher forcing).

Knows logits, tokens and text; nothing of caches or sessions.
"""

from __future__ import annotations

import torch

from .prompt import Prompt
from .request import TokenInfo
from .tokens import Vocabulary


class GivenAnswer:
    """The tokens of a given text, scored in order.

    ``ids`` spell what a healed prompt has taken back and then the text. The log-probabilities are those by which
    the engine would have chosen these tokens itself: of the tokens that agree with what was taken back, as long
    as that lasts (tokens that hold nothing of the text are left out, as they are from answers). Their sum is a
    lower bound of the text's log-probability: other tokens may spell it too.
    """

    def __init__(self, text: str, prompt: Prompt, vocabulary: Vocabulary) -> None:
        self.ids = vocabulary.encode(prompt.forced.decode() + text) if text else []
        self._vocabulary = vocabulary
        self._forced = prompt.forced
        self._n_scored = 0

    @property
    def is_read(self) -> bool:
        """Whether every token has its score."""
        return self._n_scored == len(self.ids)

    def next_ids(self, n: int) -> list[int]:
        """Return up to ``n`` tokens for the model to read, so that those after them can be scored.

        They begin with the last scored token. The text's last token need not be read.
        """
        return self.ids[self._n_scored - 1 : -1][:n]

    def score(self, logits: torch.Tensor) -> tuple[TokenInfo, ...]:
        """Score the next tokens by the logits before each of them, [vocabulary] or [tokens, vocabulary]."""
        rows = logits.reshape(-1, logits.shape[-1])[:, : len(self._vocabulary)]
        ids = self.ids[self._n_scored : self._n_scored + len(rows)]
        self._n_scored += len(ids)
        scored = [self._token(token, row) for token, row in zip(ids, rows, strict=False)]
        return tuple(token for token in scored if token is not None)

    def _token(self, token: int, row: torch.Tensor) -> TokenInfo | None:
        data, forced = self._vocabulary.bytes_of(token), self._forced
        self._forced = forced[len(data) :]
        if forced and len(data) <= len(forced):
            return None
        allowed = [other for other in self._vocabulary.continuing(forced) if other < len(row)] if forced else []
        logprobs = torch.log_softmax(row[allowed] if allowed else row, dim=-1)
        at = allowed.index(token) if allowed else token
        return TokenInfo(data[len(forced) :].decode("utf-8", "replace"), float(logprobs[at]))
