"""What a server of OpenAI's `/v1/completions` says, written by a test, and the settings that lead to it."""

from __future__ import annotations

import json

from raw_server import http

from midspan.completion.settings import BackendSettings


def settings(endpoint: str, **more: object) -> BackendSettings:
    """Return the settings for an endpoint."""
    return BackendSettings(**{"kind": "openai", "endpoint": endpoint, "model": "qwen2.5-coder", **more})  # type: ignore[arg-type]


def chunk(text: str, finish: str | None = None, index: int = 0, logprobs: list[float] | None = None) -> str:
    """Return one event of a stream."""
    choice: dict[str, object] = {"index": index, "text": text, "finish_reason": finish}
    if logprobs is not None:
        choice["logprobs"] = {"token_logprobs": logprobs}
    return f"data: {json.dumps({'choices': [choice]})}\n\n"


def sse(*events: str) -> bytes:
    """Return the answer that streams some events."""
    return http("200 OK", "".join(events) + "data: [DONE]\n\n", "text/event-stream")
