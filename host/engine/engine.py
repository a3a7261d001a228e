"""The engine: requests in, pieces of text out, one unit of work at a time.

A unit is one chunk of a prompt or one token; between two of them the caller may stop asking, and what has been
read by then stays in the session. Knows nothing of threads, queues or HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping

import torch

from ...completion.fim import Hole
from .candidate import Candidate
from .drafts import Drafts
from .given import GivenAnswer
from .model import Model
from .prompt import Prompt, PromptBuilder
from .request import BadPrompt, GenerateRequest, Kind, Piece, Summary
from .sessions import Encoded, Sessions
from .tokens import Vocabulary

# Where the time that is left is too short for a prompt, a shorter one is read in this share of it: of one of a few
# lengths, so that the next key finds the same left edge.
_SHORT_SHARE = 0.6
_SHORT_LENGTHS = (1024, 512, 256, 128, 64)


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

    @property
    def device(self) -> str:
        """Where the model runs."""
        return str(self.models["line"].network.device)

    @property
    def dtype(self) -> str:
        """The precision of its weights, as torch names it."""
        return self.models["line"].network.dtype

    def read_ahead(self, request: GenerateRequest) -> Iterator[None]:
        """Read what is left of a request's prompt, a chunk at a time, so that the next of its session finds it known.

        Drop the iterator before anything else is asked of the engine.
        """
        prompt = self.prompts.build(request)
        known_soon = prompt.ids[:-1]  # the last one's logits would not be kept
        encoded = self.encoded(request, prompt)
        encoded.keep_common(prompt.ids)
        while len(encoded.ids) < len(known_soon):
            encoded.read_chunk(known_soon)
            yield
        self.sessions.shrink()

    def encoded(self, request: GenerateRequest, prompt: Prompt, is_short: bool = False) -> Encoded:
        """Return what is known of a request's session; short prompts have one of their own."""
        return self.sessions.take((request.session, prompt.format_name, is_short), self.models[request.kind])

    def generate(self, request: GenerateRequest) -> Generator[Piece | Summary, None, None]:
        """Yield the pieces of all candidates, one candidate after the other, then what it cost.

        Each step does at most one unit of work; a piece may be empty. Close the iterator to stop.
        """
        run = _Run(self, request)
        try:
            yield from run.pieces()
        except BadPrompt:
            raise  # one request's fault, nobody else's loss
        except Exception:
            # Nothing that is kept is worth more than the next answer: memory may be short, or numbers be wrong.
            self.sessions.clear()
            raise
        finally:
            self.sessions.shrink()
        yield run.summary()


class _Run:
    """One request under way."""

    def __init__(self, engine: Engine, request: GenerateRequest) -> None:
        self._began = time.monotonic()
        self._request = request
        self._vocabulary = engine.vocabulary
        self._prompt, self._encoded, self._is_short = _readable_prompt(engine, request)
        self._reused = self._generated = self._steps = 0
        self._prompt_ms = 0.0
        self._first_token_ms: float | None = None

    def pieces(self) -> Iterator[Piece]:
        logits = yield from self._read_prompt(index=0)
        self._prompt_ms = self._ms()
        yield Piece(cost=self.summary())
        if self._request.answer is not None:
            yield from self._read_answer(self._request.answer, logits)
            return
        for index in range(self._request.n):
            if logits is not None and index > 0:
                logits = yield from self._return_to_prompt(index, logits)
            if logits is None:
                yield Piece(index, finish="length")  # the deadline came first
            else:
                yield from self._write(index, logits)

    def summary(self) -> Summary:
        n_prompt = len(self._prompt.ids)
        times = self._prompt_ms, self._first_token_ms, self._ms()
        is_whole = not self._is_short and len(self._encoded.ids) >= n_prompt
        return Summary(n_prompt, self._reused, self._generated, *times, self._steps, is_whole)

    def _read_prompt(self, index: int) -> Generator[Piece, None, torch.Tensor | None]:
        """Make the session hold the prompt and nothing else; return the logits behind it, None if time ran out."""
        ids, encoded = self._prompt.ids, self._encoded
        self._reused = encoded.keep_common(ids)
        logits = None
        while len(encoded.ids) < len(ids):
            if self._request.is_late():
                return None
            logits = encoded.read_chunk(ids)
            yield Piece(index)
        return logits

    def _return_to_prompt(self, index: int, logits: torch.Tensor) -> Generator[Piece, None, torch.Tensor | None]:
        """Take the last candidate's tokens back; return the logits behind the prompt."""
        if self._encoded.can_be_cut:
            self._encoded.cut(len(self._prompt.ids))
            return logits
        reused = self._reused
        again = yield from self._read_prompt(index)
        self._reused = reused
        return again

    def _write(self, index: int, logits: torch.Tensor) -> Iterator[Piece]:
        """Choose tokens until the answer ends.

        With each token the model reads what may come after it. Logits behind a guess count as long as what is chosen
        is what was guessed, so guesses change no token.
        """
        encoded = self._encoded
        candidate = Candidate(index, self._request, self._prompt, self._vocabulary)
        drafts = Drafts(self._prompt.ids, encoded.last_answer)
        n_before = self._generated
        rows, guessed = logits[None], list[int]()  # rows: [1 + guessed, vocabulary]
        try:
            while True:
                piece = candidate.step(rows[0])
                self._generated = n_before + candidate.n_tokens
                if self._first_token_ms is None and candidate.n_tokens:
                    self._first_token_ms = self._ms()
                yield piece
                if piece.finish is not None:
                    return
                drafts.add(candidate.last_id)
                if guessed and guessed[0] == candidate.last_id:
                    rows, guessed = rows[1:], guessed[1:]
                    continue
                if guessed:
                    encoded.cut(len(encoded.ids) - len(guessed))
                room = encoded.model.n_context - len(encoded.ids)
                if room <= 0:
                    yield candidate.end_full()
                    return
                guessed = drafts.next(min(encoded.most_guesses, room - 1))
                rows = encoded.read_all([candidate.last_id, *guessed])
                self._steps += 1
        finally:
            encoded.last_answer = drafts.answer()

    def _read_answer(self, text: str, logits: torch.Tensor | None) -> Iterator[Piece]:
        """Read a given answer a chunk at a time; its pieces have the log-probability of each token."""
        given = GivenAnswer(text, self._prompt, self._vocabulary)
        if len(self._prompt.ids) + len(given.ids) > self._encoded.model.n_context:
            raise BadPrompt("The answer does not fit into the model's context beside the prompt.")
        while logits is not None and not given.is_read:
            yield Piece(tokens=given.score(logits))
            if self._request.is_late():
                logits = None
            elif not given.is_read:
                logits = self._encoded.read_all(given.next_ids(self._encoded.model.chunk_size()))
        yield Piece(text=text if given.is_read else "", finish="stop" if given.is_read else "length")

    def _ms(self) -> float:
        return (time.monotonic() - self._began) * 1000


def _readable_prompt(engine: Engine, request: GenerateRequest) -> tuple[Prompt, Encoded, bool]:
    """Return the prompt of a request with its session, or a shorter one where too little time is left (then True)."""
    prompt = engine.prompts.build(request)
    encoded = engine.encoded(request, prompt)
    if request.deadline is None or not isinstance(request.prompt, Hole):
        return prompt, encoded, False
    readable = encoded.model.readable(_SHORT_SHARE * (request.deadline - time.monotonic()))
    if readable is None or encoded.n_unread(prompt.ids) <= readable:
        return prompt, encoded, False
    for length in _SHORT_LENGTHS:
        if length < len(prompt.ids):
            short = engine.prompts.build(request, length)
            own = engine.encoded(request, short, is_short=True)
            if own.n_unread(short.ids) <= readable:
                return short, own, True
    return prompt, encoded, False
