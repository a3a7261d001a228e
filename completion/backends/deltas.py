"""From the events of OpenAI's `/v1/completions` to deltas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..ask import Delta, Token, Usage
from ..errors import BackendFailed


def deltas(event: dict[str, Any], where: str) -> Iterator[Delta]:
    """Yield what one event says. Raises BackendFailed for an event that is not of OpenAI's shape."""
    try:
        for choice in event.get("choices") or ():
            yield _delta(choice)
        if event.get("usage") or event.get("midspan"):
            yield Delta(text="", usage=_usage(event))
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise BackendFailed(f"{where} answered with something that is not a completion.") from error


def _delta(choice: dict[str, Any]) -> Delta:
    told = choice.get("logprobs") or {}
    logprobs = _token_logprobs(told)
    known = [float(value) for value in logprobs or () if value is not None]
    text = choice.get("text") or ""
    if not isinstance(text, str):
        raise TypeError("text")
    return Delta(
        text=text,
        logprob=sum(known) if logprobs is not None else None,
        n_tokens=len(known) if logprobs is not None else int(bool(text)),
        tokens=tuple(_tokens(told)),
        finish=choice.get("finish_reason") or None,
    )


def _token_logprobs(logprobs: dict[str, Any]) -> list[Any] | None:
    """OpenAI's completions have a list of numbers; llama.cpp's have the shape of chat completions."""
    if "content" in logprobs:
        return [token["logprob"] for token in logprobs["content"]]
    return logprobs.get("token_logprobs")


def _tokens(told: dict[str, Any]) -> Iterator[Token]:
    """Yield the tokens of an answer that tells the likeliest ones at each place, in either shape."""
    for token in told.get("content") or ():
        if token.get("top_logprobs"):
            others = [Token(one["token"], float(one["logprob"])) for one in token["top_logprobs"]]
            yield Token(token["token"], float(token["logprob"]), tuple(others))
    if told.get("top_logprobs"):
        for text, logprob, others in zip(told["tokens"], told["token_logprobs"], told["top_logprobs"], strict=True):
            yield Token(
                text, float(logprob), tuple(Token(text, float(value)) for text, value in (others or {}).items())
            )


def _usage(event: dict[str, Any]) -> Usage:
    usage = event.get("usage") or {}
    own = event.get("midspan") or {}
    timing = own.get("timing_ms") or {}
    return Usage(
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        reused_tokens=int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0),
        generated_tokens=int(usage.get("completion_tokens") or 0),
        prompt_ms=float(timing.get("prompt") or 0.0),
        is_shortened=bool(own.get("shortened")),
    )
