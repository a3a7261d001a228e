"""Any server with OpenAI's `/v1/completions`: Ollama, llama.cpp, vLLM, TGI, LM Studio and their like.

Renders the hole as text in the model's format. The key comes from the environment and goes nowhere but to the
endpoint that the user set.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import httpx2

from ..ask import Ask, Delta, Kind, Likelihood
from ..errors import BackendFailed, SettingsError
from ..fim import BY_NAME, NONE, FimFormat, choose, render_text, stop_texts
from ..settings import BackendSettings
from .base import SAMPLING_TEMPERATURE
from .deltas import deltas
from .healing import Healed
from .sse import events

N_STOPS = 4
"""Most stop strings that OpenAI's API takes."""


class OpenAIBackend:
    """One endpoint and the model behind it."""

    name = "openai"
    reads_ahead = False

    def __init__(self, settings: BackendSettings) -> None:
        """Raise SettingsError where the settings name no endpoint or an unknown format."""
        self.model = settings.model
        self._url = settings.endpoint.rstrip("/") + "/completions"
        self._where = f"The model server at {_address(settings.endpoint)}"
        self._server_fills = settings.fim == "suffix"
        self._format = _format(settings)
        self._takes_logprobs = True
        self._client = _client(settings)

    async def prepare(self, progress: Callable[[str], None]) -> None:
        """Nothing to make ready: the first request will say whether the server is there."""

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Yield the candidate's pieces. Raises BackendError."""
        healed = Healed.of(ask.hole.prefix) if self._format.heal and not self._server_fills else None
        answer = healed.answer() if healed else None
        async with aclosing(self._events(self._body(ask, healed.prompt if healed else None))) as found:
            async for event in found:
                for delta in deltas(event, self._where):
                    yield answer.rest(delta) if answer else delta
                    if answer is not None and answer.went_astray:
                        return

    async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
        """Return how likely the model finds a text, None where the server doesn't echo prompts with log-probabilities.

        Of a prompt without the white space at its end (`healing`), that white space counts as part of the text.
        """
        if self._server_fills:
            return None
        healed = Healed.of(ask.hole.prefix) if self._format.heal else None
        prompt = healed.prompt if healed else render_text(self._format, ask.hole)
        text = prompt + (healed.dropped if healed else "") + answer
        body = {"model": self.model, "prompt": text, "max_tokens": 0, "echo": True, "logprobs": 1, "temperature": 0}
        async with aclosing(events(self._client, self._url, body, self._where)) as found:
            return _echoed([event async for event in found], text, len(prompt))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _events(self, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events; a server that rejects log-probabilities is asked without them from then on."""
        try:
            async with aclosing(events(self._client, self._url, body, self._where)) as found:
                async for event in found:
                    yield event
            return
        except BackendFailed as error:
            if "logprobs" not in body or "logprobs" not in str(error):
                raise
        self._takes_logprobs = False
        del body["logprobs"]
        async with aclosing(self._events(body)) as found:
            async for event in found:
                yield event

    def _body(self, ask: Ask, healed_prompt: str | None) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": ask.max_tokens,
            "temperature": SAMPLING_TEMPERATURE if ask.sample else 0,
            "seed": ask.sample,
            "stream": True,
        }
        if self._takes_logprobs:
            body["logprobs"] = max(1, ask.n_likeliest)
        if self._server_fills:
            body |= {"prompt": ask.hole.prefix, "suffix": ask.hole.suffix}
        else:
            body["prompt"] = render_text(self._format, ask.hole) if healed_prompt is None else healed_prompt
        if stops := self._stops(ask, is_healed=healed_prompt is not None):
            body["stop"] = stops
        return body

    def _stops(self, ask: Ask, *, is_healed: bool) -> list[str]:
        # A healed answer begins with the white space that was taken off the prompt, newlines among it.
        newline = ["\n"] if ask.kind is Kind.LINE and not is_healed else []
        return [*newline, *stop_texts(self._format)][:N_STOPS]


def _echoed(answers: list[dict[str, Any]], text: str, start: int) -> Likelihood | None:
    """Return the likelihood of the part of an echoed text that begins at ``start``, None if it was not echoed."""
    try:
        choice = answers[0]["choices"][0]
        told = choice["logprobs"]
        tokens = list(zip(told["text_offset"], told["token_logprobs"], strict=True))
        is_whole = choice["text"].startswith(text)
        logprobs = [float(logprob) for offset, logprob in tokens if start <= offset < len(text)]
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return Likelihood(sum(logprobs), len(logprobs)) if is_whole and any(at == start for at, _ in tokens) else None


def _address(endpoint: str) -> str:
    """Return the host and port of an endpoint. Raises SettingsError."""
    try:
        url = httpx2.URL(endpoint)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError("backend.endpoint has to be the server's base address, such as http://127.0.0.1:11434/v1.")
    return url.netloc.decode()


def _format(settings: BackendSettings) -> FimFormat:
    if settings.fim == "suffix":
        return NONE
    if settings.fim == "auto":
        return choose(settings.model)
    chosen = BY_NAME.get(settings.fim)
    if chosen is None or chosen.chat:
        known = ", ".join(name for name, fim_format in BY_NAME.items() if not fim_format.chat)
        raise SettingsError(f"backend.fim is `{settings.fim}`: use auto, suffix or one of {known}.")
    return chosen


def _client(settings: BackendSettings) -> httpx2.AsyncClient:
    key = os.environ.get(settings.api_key_env, "") if settings.api_key_env else ""
    if not key.isascii() or not key.isprintable():
        raise SettingsError(f"The key in the variable {settings.api_key_env} has characters that no key can have.")
    return httpx2.AsyncClient(
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=httpx2.Timeout(120.0, connect=settings.connect_timeout_ms / 1000),
        follow_redirects=False,
    )
