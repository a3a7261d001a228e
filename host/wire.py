"""OpenAI's `/v1/completions` as JSON: requests checked and read, answers and errors written (docs/protocol.md).

Knows names and types on the wire; nothing of sockets, queues or models.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..completion.fim import Hole
from .engine.request import GenerateRequest, Kind, Piece, Sampling, Summary, TokenInfo
from .fields import MOST_CANDIDATES, MOST_TOKENS, BadRequest, Fields, read_object

_MOST_LIKELIEST = 16


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A checked request: what the engine is asked for, and how the answer is to be sent.

    ``is_extended``: it has our extension object, so that the answer may have more than OpenAI's.
    """

    generate: GenerateRequest
    model: str
    is_streamed: bool
    wants_logprobs: bool
    is_extended: bool


def read_request(body: bytes, arrived: float) -> CompletionRequest:
    """Read and check a request's body; ``arrived`` (monotonic seconds) is when its deadline began to run.

    Raises BadRequest.
    """
    fields = read_object(body)
    if fields.data.get("echo"):
        raise BadRequest("`echo` is not supported.")
    return CompletionRequest(
        generate=_read_generate(fields, arrived),
        model=fields.text("model", ""),
        is_streamed=fields.flag("stream"),
        wants_logprobs=fields.data.get("logprobs") not in (None, False),
        is_extended="midspan" in fields.data,
    )


def _read_generate(fields: Fields, arrived: float) -> GenerateRequest:
    extension = fields.inner("midspan")
    is_hole = extension is not None or fields.data.get("suffix") is not None
    own = extension or Fields({}, "midspan.")
    return GenerateRequest(
        prompt=_read_hole(fields, own) if is_hole else _read_prompt(fields),
        kind=_read_kind(own),
        max_tokens=fields.integer("max_tokens", 48 if is_hole else 16, 0, MOST_TOKENS),
        n=fields.integer("n", 1, 1, MOST_CANDIDATES),
        sampling=Sampling(
            temperature=fields.number("temperature", 0 if is_hole else 1, 0, 2),
            top_p=fields.number("top_p", 1, 0, 1),
            seed=fields.integer("seed", 0, -(2**63), 2**63 - 1),
        ),
        stop=fields.stops(),
        session=own.text("session", ""),
        deadline=_read_deadline(own, arrived),
        answer=None if own.data.get("answer") is None else own.text("answer", ""),
        n_likeliest=_read_likeliest(fields),
    )


def _read_likeliest(fields: Fields) -> int:
    """`logprobs` is how many tokens to tell at each place: of 1 (or true) only the one that is written is told."""
    if isinstance(fields.data.get("logprobs"), bool):
        return 0
    n = fields.integer("logprobs", 0, 0, _MOST_LIKELIEST)
    return n if n > 1 else 0


def _read_deadline(own: Fields, arrived: float) -> float | None:
    if own.data.get("deadline_ms") is None:
        return None
    return arrived + own.number("deadline_ms", 0, 0, 86_400_000) / 1000


def _read_kind(own: Fields) -> Kind:
    kind = own.text("kind", "block")
    if kind not in ("line", "block"):
        raise BadRequest('`midspan.kind` has to be "line" or "block".')
    return "line" if kind == "line" else "block"


def _read_hole(fields: Fields, own: Fields) -> Hole:
    return Hole(
        prefix=fields.text("prompt", None),
        suffix=fields.text("suffix", ""),
        snippets=own.snippets("snippets", "path"),
        path=own.text("path", ""),
        language=own.text("language", ""),
    )


def _read_prompt(fields: Fields) -> str | tuple[int, ...]:
    prompt = fields.data.get("prompt")
    if isinstance(prompt, list):
        if not all(type(token) is int and token >= 0 for token in prompt):
            raise BadRequest("`prompt` has to be one text, or one list of token ids.")
        return tuple(prompt)
    return fields.text("prompt", None)


@dataclass(frozen=True, slots=True)
class Answer:
    """Writes the answer to one request; ``offsets`` counts the characters of each candidate's tokens."""

    model: str
    wants_logprobs: bool
    id: str = field(default_factory=lambda: f"cmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    offsets: dict[int, int] = field(default_factory=dict)

    def chunk(self, piece: Piece) -> dict[str, Any]:
        """Return one event of a streamed answer."""
        return self._object([self._choice(piece)])

    def cost(self, summary: Summary, queue_ms: float) -> dict[str, Any]:
        """Return the event that says what it has cost: the last one of a stream, and one after the prompt."""
        return self._object([]) | _cost(summary, queue_ms)

    def whole(self, pieces: Sequence[Piece], summary: Summary, queue_ms: float) -> dict[str, Any]:
        """Return an answer that is not streamed."""
        joined = [_join(index, pieces) for index in sorted({piece.index for piece in pieces})]
        return self._object([self._choice(piece) for piece in joined]) | _cost(summary, queue_ms)

    def _object(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }

    def _choice(self, piece: Piece) -> dict[str, Any]:
        return {
            "index": piece.index,
            "text": piece.text,
            "logprobs": self._logprobs(piece.index, piece.tokens) if self.wants_logprobs else None,
            "finish_reason": piece.finish,
        }

    def _logprobs(self, index: int, tokens: Sequence[TokenInfo]) -> dict[str, Any]:
        offsets = []
        for token in tokens:
            offsets.append(self.offsets.get(index, 0))
            self.offsets[index] = offsets[-1] + len(token.text)
        told = {
            "tokens": [token.text for token in tokens],
            "token_logprobs": [token.logprob for token in tokens],
            "text_offset": offsets,
        }
        if any(token.likeliest for token in tokens):
            told["top_logprobs"] = [{one.text: one.logprob for one in reversed(token.likeliest)} for token in tokens]
        return told


def _join(index: int, pieces: Sequence[Piece]) -> Piece:
    own = [piece for piece in pieces if piece.index == index]
    tokens = tuple(token for piece in own for token in piece.tokens)
    return Piece(index, "".join(piece.text for piece in own), tokens, own[-1].finish)


def _cost(summary: Summary, queue_ms: float) -> dict[str, Any]:
    first = summary.first_token_ms
    return {
        "usage": {
            "prompt_tokens": summary.prompt_tokens,
            "completion_tokens": summary.generated_tokens,
            "total_tokens": summary.prompt_tokens + summary.generated_tokens,
            "prompt_tokens_details": {"cached_tokens": summary.reused_tokens},
        },
        "midspan": {
            "timing_ms": {
                "queue": round(queue_ms, 2),
                "prompt": round(summary.prompt_ms, 2),
                "first_token": None if first is None else round(queue_ms + first, 2),
                "model": round(summary.model_ms, 2),
            },
            "shortened": not summary.is_whole,
        },
    }


def error_object(message: str, kind: str, code: str) -> dict[str, Any]:
    """Return an error in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "code": code}}
