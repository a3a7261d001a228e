"""One candidate while it is written: which token comes next, and what of it may be shown.

Knows logits, tokens and text; nothing of caches, sessions or other candidates.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from .answer import AnswerText
from .prompt import Prompt
from .request import Finish, GenerateRequest, ModelBroken, Piece, Sampling, TokenInfo
from .sampler import Choice, choose, choose_among, generator_for
from .tokens import Vocabulary

_OTHER_CANDIDATES_TEMPERATURE = 0.7


class Candidate:
    """The ``index``-th answer to a request. ``last_id`` is the token that the model has to read next."""

    def __init__(self, index: int, request: GenerateRequest, prompt: Prompt, vocabulary: Vocabulary) -> None:
        self.last_id = -1
        self.n_tokens = 0
        self._index = index
        self._request = request
        self._stop_ids = prompt.stop_ids
        self._vocabulary = vocabulary
        self._answer = AnswerText(prompt.forced, request.stop, request.kind if prompt.is_hole else "block")
        self._sampling = _sampling_of(request, index)
        self._generator: torch.Generator | None = None
        self._n_free = 0
        self._pending: list[TokenInfo] = []

    def step(self, logits: torch.Tensor) -> Piece:
        """Choose the next token from the logits and return what can be shown now (``finish`` set: it was the last)."""
        if self._request.max_tokens == 0:
            return self._end("length")
        choice = self._choose(logits[: len(self._vocabulary)])
        if math.isnan(choice.logprob):
            raise ModelBroken
        if choice.id in self._stop_ids:
            return self._end("stop")
        shown = self._take(choice)
        if self._answer.stopped:
            return self._piece(shown, "stop") if shown else Piece(self._index, finish="stop")
        if self._n_free >= self._request.max_tokens or self._request.is_late():
            return self._end("length", shown)
        return self._piece(shown) if shown else Piece(self._index)

    def end_full(self) -> Piece:
        """Return the last piece when the model can read no more."""
        return self._end("length")

    def _choose(self, logits: torch.Tensor) -> Choice:
        if self._generator is None:
            self._generator = generator_for(self._sampling, self._index, logits.device)
        forced = self._answer.forced
        allowed = [t for t in self._vocabulary.continuing(forced) if t < len(logits)] if forced else []
        if allowed:
            return choose_among(logits, allowed, self._sampling, self._generator, self._request.n_likeliest)
        # A vocabulary that cannot spell what is forced: better an answer without healing than none.
        self._answer.forced = b""
        return choose(logits, self._sampling, self._generator, self._request.n_likeliest)

    def _take(self, choice: Choice) -> str:
        data = self._vocabulary.bytes_of(choice.id)
        n_forced = len(self._answer.forced)
        self.last_id = choice.id
        self.n_tokens += 1
        self._n_free += not data or n_forced < len(data)
        if n_forced < len(data):
            likeliest = tuple(self._info(other, n_forced) for other in choice.likeliest)
            self._pending.append(replace(self._info(choice, n_forced), likeliest=likeliest))
        return self._answer.feed(data)

    def _info(self, choice: Choice, n_forced: int) -> TokenInfo:
        data = self._vocabulary.bytes_of(choice.id)[n_forced:]
        return TokenInfo(data.decode("utf-8", "replace"), choice.logprob)

    def _end(self, finish: Finish, shown: str = "") -> Piece:
        return self._piece(shown + self._answer.finish(), finish)

    def _piece(self, text: str, finish: Finish | None = None) -> Piece:
        tokens, self._pending = tuple(self._pending), []
        return Piece(self._index, text, tokens, finish)


def _sampling_of(request: GenerateRequest, index: int) -> Sampling:
    """Only the first of several candidates is greedy: the others would be the same."""
    sampling = request.sampling
    if index == 0 or sampling.temperature > 0:
        return sampling
    return Sampling(_OTHER_CANDIDATES_TEMPERATURE, sampling.top_p, sampling.seed)
