"""The client of OpenAI-compatible servers: what it sends, what it reads, and what it says when things go wrong."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import aclosing
from dataclasses import replace

import pytest
from openai_events import chunk, settings, sse
from raw_server import RawServer, http, raw_server

from midspan.completion.ask import Ask, Deadline, Delta, Kind, Likelihood, Token
from midspan.completion.backends.openai import OpenAIBackend
from midspan.completion.errors import (
    BackendBusy,
    BackendFailed,
    BackendRefused,
    BackendUnreachable,
    MidspanError,
    SettingsError,
)
from midspan.completion.fim import Hole

SECRET = "sk-very-secret"


def ask(prefix: str = "def add(a, b):\n    ", suffix: str = "\n", kind: Kind = Kind.LINE) -> Ask:
    return Ask(Hole(prefix, suffix), kind, 32, Deadline.after(5000))


async def read(backend: OpenAIBackend, one: Ask) -> list[Delta]:
    try:
        async with aclosing(backend.stream(one)) as stream:
            return [delta async for delta in stream]
    finally:
        await backend.close()


def sent(server: RawServer, at: int = 0) -> dict[str, object]:
    body: dict[str, object] = json.loads(server.requests[at].partition(b"\r\n\r\n")[2])
    return body


async def test_a_stream_of_events() -> None:
    usage = 'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}\n\n'
    async with raw_server(
        lambda _: sse(chunk("return ", logprobs=[-0.1]), chunk("a + b", "stop", logprobs=[-0.2, -0.3]), usage)
    ) as server:
        deltas = await read(OpenAIBackend(settings(server.endpoint)), ask())
    assert "".join(delta.text for delta in deltas) == "return a + b"
    assert sum(delta.logprob or 0.0 for delta in deltas) == pytest.approx(-0.6)
    assert deltas[1].finish == "stop"
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.prompt_tokens == 9


async def test_the_likeliest_tokens_are_read_in_both_shapes() -> None:
    texts_shape = {
        "tokens": ["a"],
        "token_logprobs": [-0.5],
        "top_logprobs": [{"a": -0.5, "b": -1.0}],
    }
    chat_shape = {
        "content": [
            {
                "token": "a",
                "logprob": -0.5,
                "top_logprobs": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.0}],
            }
        ]
    }
    for shape in (texts_shape, chat_shape):
        choice = {"index": 0, "text": "a", "finish_reason": "stop", "logprobs": shape}
        event = f"data: {json.dumps({'choices': [choice]})}\n\n"
        async with raw_server(lambda _, event=event: sse(event)) as server:  # type: ignore[misc]
            deltas = await read(OpenAIBackend(settings(server.endpoint)), replace(ask(), n_likeliest=5))
        assert sent(server)["logprobs"] == 5
        assert deltas[0].tokens == (Token("a", -0.5, (Token("a", -0.5), Token("b", -1.0))),)


async def test_what_is_sent() -> None:
    async with raw_server(lambda _: sse(chunk("x", "stop"))) as server:
        await read(OpenAIBackend(settings(server.endpoint)), ask("P", "S"))
    assert server.requests[0].startswith(b"POST /v1/completions ")
    body = sent(server)
    assert body["prompt"] == "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>"
    assert body["stream"] is True
    assert body["max_tokens"] == 32
    assert "\n" in body["stop"]  # type: ignore[operator]
    assert b"uthorization" not in server.requests[0]


async def test_the_servers_own_suffix() -> None:
    async with raw_server(lambda _: sse(chunk("x", "stop"))) as server:
        await read(OpenAIBackend(settings(server.endpoint, fim="suffix")), ask("P ", "S"))
    assert sent(server)["prompt"] == "P "
    assert sent(server)["suffix"] == "S"


async def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", SECRET)
    async with raw_server(lambda _: sse(chunk("x", "stop"))) as server:
        await read(OpenAIBackend(settings(server.endpoint, api_key_env="MY_KEY")), ask())
    assert f"Bearer {SECRET}".encode() in server.requests[0]


async def test_white_space_is_healed_for_a_model_without_a_format() -> None:
    async with raw_server(lambda _: sse(chunk("\n  "), chunk("  return a"), chunk(" + b", "stop"))) as server:
        deltas = await read(OpenAIBackend(settings(server.endpoint, model="plain")), ask("def add(a, b):\n    "))
    assert sent(server)["prompt"] == "def add(a, b):"
    assert "stop" not in sent(server)
    assert "".join(delta.text for delta in deltas) == "return a + b"


async def test_an_answer_that_does_not_begin_with_the_white_space_is_no_answer() -> None:
    async with raw_server(lambda _: sse(chunk("\n\ndef sub"), chunk("(a):", "stop"))) as server:
        deltas = await read(OpenAIBackend(settings(server.endpoint, model="plain")), ask("def add(a, b):\n    "))
    assert "".join(delta.text for delta in deltas) == ""


async def test_a_server_that_does_not_stream() -> None:
    body = json.dumps({"choices": [{"text": "return 1", "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}})
    async with raw_server(lambda _: http("200 OK", body)) as server:
        deltas = await read(OpenAIBackend(settings(server.endpoint)), ask())
    assert deltas[0].text == "return 1"


async def test_a_server_that_rejects_logprobs_is_asked_without_them() -> None:
    def reply(request: bytes) -> bytes:
        if b'"logprobs"' in request:
            return http("400 Bad Request", '{"error": {"message": "logprobs is not supported"}}')
        return sse(chunk("x", "stop"))

    async with raw_server(reply) as server:
        backend = OpenAIBackend(settings(server.endpoint))
        assert [delta.text async for delta in backend.stream(ask())] == ["x"]
        assert [delta.text async for delta in backend.stream(ask())] == ["x"]
        await backend.close()
    assert len(server.requests) == 3


FAULTS = [
    (http("401 Unauthorized", '{"error": {"message": "no"}}'), BackendRefused, "api_key_env"),
    (http("403 Forbidden", ""), BackendRefused, "key"),
    (http("404 Not Found", '{"error": {"message": "model `x` not found"}}'), BackendFailed, "model `x` not found"),
    (http("429 Too Many Requests", ""), BackendBusy, "busy"),
    (http("503 Service Unavailable", '{"error": {"message": "Loading model"}}'), BackendBusy, "Loading model"),
    (http("500 Internal Server Error", "<html>oops</html>", "text/html"), BackendFailed, "(500)"),
    (http("200 OK", "<html>Welcome</html>", "text/html"), BackendFailed, "web page"),
    (http("200 OK", "hello"), BackendFailed, "not JSON"),
    (http("200 OK", "[1, 2]"), BackendFailed, "not JSON"),
    (http("200 OK", '{"choices": 5}'), BackendFailed, "not a completion"),
    (http("200 OK", '{"choices": [{"text": 5}]}'), BackendFailed, "not a completion"),
    (http("200 OK", "data: {nonsense}\n\n", "text/event-stream"), BackendFailed, "not JSON"),
    (http("200 OK", 'data: {"error": {"message": "out of memory"}}\n\n', "text/event-stream"), BackendFailed, "memory"),
    (
        b"HTTP/1.1 301 Moved\r\nLocation: http://example.invalid/\r\nContent-Length: 0\r\n\r\n",
        BackendFailed,
        "redirects",
    ),
    (b"220 smtp.example ESMTP\r\n", BackendUnreachable, "cannot be reached"),
    (b"", BackendUnreachable, "cannot be reached"),
]


@pytest.mark.parametrize(("answer", "error", "said"), FAULTS)
async def test_a_fault_is_named(
    answer: bytes, error: type[MidspanError], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIDSPAN_API_KEY", SECRET)
    async with raw_server(lambda _: answer) as server:
        with pytest.raises(error) as raised:
            await read(OpenAIBackend(settings(server.endpoint)), ask("secret source"))
    assert said in str(raised.value)
    assert SECRET not in str(raised.value)
    assert "secret source" not in str(raised.value)


async def test_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(BackendUnreachable, match="cannot be reached"):
            await read(OpenAIBackend(settings(f"http://127.0.0.1:{port}/v1")), ask())


async def test_cancelling_closes_the_connection() -> None:
    async with raw_server(lambda _: None) as server:
        backend = OpenAIBackend(settings(server.endpoint))
        task = asyncio.create_task(read(backend, ask()))
        while not server.requests:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert server.n_open == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(200):
            if server.n_open == 0:
                break
            await asyncio.sleep(0.01)
        assert server.n_open == 0


@pytest.mark.parametrize("endpoint", ["", "localhost:11434", "file:///etc/passwd"])
def test_an_endpoint_that_is_no_address(endpoint: str) -> None:
    with pytest.raises(SettingsError, match="endpoint"):
        OpenAIBackend(settings(endpoint))


@pytest.mark.parametrize("fim", ["psm", "chat"])
def test_an_unknown_format_is_named(fim: str) -> None:
    with pytest.raises(SettingsError, match="starcoder"):
        OpenAIBackend(settings("http://127.0.0.1:1/v1", fim=fim))


async def test_a_stream_that_is_cut_is_named() -> None:
    async with raw_server(lambda _: http("200 OK", chunk("return "), "text/event-stream")) as server:
        with pytest.raises(BackendFailed, match="before the end"):
            await read(OpenAIBackend(settings(server.endpoint)), ask())


def echoed(text: str, tokens: list[tuple[str, float | None]], said: str | None = None) -> bytes:
    offsets, at = [], 0
    for token, _ in tokens:
        offsets.append(at)
        at += len(token)
    logprobs = {"text_offset": offsets, "token_logprobs": [logprob for _, logprob in tokens]}
    choice = {"index": 0, "text": text if said is None else said, "finish_reason": "length", "logprobs": logprobs}
    return http("200 OK", json.dumps({"choices": [choice]}), "application/json")


PROMPT = "<|fim_prefix|>x = <|fim_suffix|>\n<|fim_middle|>"


async def test_the_likelihood_of_a_text_comes_from_its_echo() -> None:
    tokens = [(PROMPT[:9], None), (PROMPT[9:], -7.0), ("foo", -0.5), ("()", -0.25), ("\n", -9.0)]
    async with raw_server(lambda _: echoed(PROMPT + "foo()", tokens, PROMPT + "foo()\n")) as server:
        backend = OpenAIBackend(settings(server.endpoint))
        likelihood = await backend.likelihood(ask("x = ", "\n"), "foo()")
        await backend.close()
    assert likelihood == Likelihood(-0.75, 2)
    body = sent(server)
    assert (body["prompt"], body["echo"], body["max_tokens"]) == (PROMPT + "foo()", True, 0)


@pytest.mark.parametrize(
    "answer",
    [
        echoed(PROMPT + "foo()", [("foo()", -1.0)], said="foo()"),
        echoed(PROMPT + "foo()", [(PROMPT[:-1], None), (PROMPT[-1] + "foo()", -1.0)]),
        http("200 OK", '{"choices": [{"text": "", "logprobs": null}]}', "application/json"),
        http("200 OK", '{"choices": []}', "application/json"),
    ],
)
async def test_a_server_that_does_not_echo_tells_no_likelihood(answer: bytes) -> None:
    async with raw_server(lambda _: answer) as server:
        backend = OpenAIBackend(settings(server.endpoint))
        assert await backend.likelihood(ask("x = ", "\n"), "foo()") is None
        await backend.close()
