"""The engine: requests in, pieces of text out, one unit of work at a time.

A unit is one chunk of a prompt or one token; between two of them the caller may stop asking, and what has been
read by then stays in the session. Knows nothing of threads, queues or HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import torch

from .answer import AnswerText
from .model import Model
from .prompt import Prompt, PromptBuilder
from .request import Finish, GenerateRequest, Kind, Piece, Sampling, Summary, TokenInfo
from .sampler import Choice, choose, choose_among, generator_for
from .sessions import Encoded, Sessions
from .tokens import Vocabulary

_OTHER_CANDIDATES_TEMPERATURE = 0.7


class Engine:
    """Answers requests with one model, which may have other weights for each kind of answer."""

    def __init__(
        self,
        models: Mapping[Kind, Model],
        vocabulary: Vocabulary,
        prompts: PromptBuilder,
        sessions: Sessions,
    ) -> None:
        self.models = models
        self.vocabulary = vocabulary
        self.prompts = prompts
        self.sessions = sessions

    def generate(self, request: GenerateRequest) -> Iterator[Piece | Summary]:
        """Yield the pieces of all candidates, one candidate after the other, then what it cost.

        Each step does at most one unit of work; a piece may be empty. Close the iterator to stop.
        """
        run = _Run(self, request)
        try:
            yield from run.pieces()
        finally:
            self.sessions.shrink()
        yield run.summary()


class _Run:
    """One request under way."""

    def __init__(self, engine: Engine, request: GenerateRequest) -> None:
        self._began = time.monotonic()
        self._request = request
        self._vocabulary = engine.vocabulary
        self._prompt: Prompt = engine.prompts.build(request)
        model = engine.models[request.kind]
        self._encoded: Encoded = engine.sessions.take((request.session, self._prompt.format_name), model)
        self._known = min(len(self._vocabulary), model.n_vocabulary)
        self._logits: torch.Tensor | None = None
        self._reused = self._generated = 0
        self._prompt_ms = 0.0
        self._first_token_ms: float | None = None

    def pieces(self) -> Iterator[Piece]:
        for index in range(self._request.n):
            yield from self._read_prompt(index)
            if self._logits is None:
                yield Piece(index, finish="length")  # the deadline came first
            else:
                yield from self._write(index)

    def summary(self) -> Summary:
        return Summary(
            len(self._prompt.ids), self._reused, self._generated, self._prompt_ms, self._first_token_ms, self._ms()
        )

    def _read_prompt(self, index: int) -> Iterator[Piece]:
        """Make the session hold the prompt and nothing else; afterwards the logits behind it are known."""
        ids, encoded = self._prompt.ids, self._encoded
        if index > 0 and self._logits is not None and (encoded.can_be_cut or len(encoded.ids) == len(ids)):
            encoded.cut(len(ids))
            return
        self._logits = None
        at = encoded.keep_common(ids)
        self._reused = at if index == 0 else self._reused
        while at < len(ids):
            if self._request.is_late():
                return
            end = min(len(ids), at + encoded.model.chunk_size())
            logits = encoded.read_chunk(ids[at:end])
            at = end
            yield Piece(index)
        self._logits = logits
        self._prompt_ms = self._ms() if index == 0 else self._prompt_ms

    def _write(self, index: int) -> Iterator[Piece]:
        """Choose tokens until the answer ends."""
        request, prompt = self._request, self._prompt
        answer = AnswerText(prompt.forced, request.stop, self._kind())
        sampling = _sampling_of(request, index)
        generator = generator_for(sampling, index, self._encoded.model.device)
        logits, tokens, n_free = self._logits, [], 0
        assert logits is not None
        finish: Finish | None = None if request.max_tokens else "length"
        while finish is None:
            choice = self._choose(logits, answer.forced, sampling, generator)
            if choice.id in prompt.stop_ids:
                finish = "stop"
                break
            text, shown = self._feed(answer, choice, tokens)
            n_free += not answer.forced
            if answer.stopped:
                yield Piece(index, shown, tuple(tokens) if shown else (), "stop")
                return
            if shown:
                yield Piece(index, shown, tuple(tokens))
                tokens = []
            if n_free >= request.max_tokens or request.is_late() or self._is_full():
                finish = "length"
                break
            logits = self._encoded.read([choice.id])
            yield Piece(index)
        yield Piece(index, answer.finish(), tuple(tokens), finish)
