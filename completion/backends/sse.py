"""OpenAI's completion events over HTTP: sends one request, yields its events, says clearly what went wrong.

Shared by the backends that speak `/v1/completions`. Knows nothing of prompts. The format of the stream:
WHATWG HTML, "Server-sent events"; the errors: OpenAI API reference, "Error codes".
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import httpx2

from ..errors import BackendBusy, BackendError, BackendFailed, BackendRefused, BackendUnreachable

MAX_EVENT = 4_000_000
"""Most characters of one event: a longer one is not a completion."""


async def events(
    client: httpx2.AsyncClient, url: str, body: Mapping[str, object], where: str
) -> AsyncGenerator[dict[str, Any], None]:
    """Post ``body`` and yield each event of the answer as a dictionary.

    Closing the generator closes the connection: whoever iterates it closes it (`contextlib.aclosing`).

    Raises BackendUnreachable, BackendRefused, BackendBusy or BackendFailed, whose texts name ``where``.
    """
    try:
        async with client.stream("POST", url, json=body) as response:
            await _check(response, where)
            if "event-stream" in response.headers.get("content-type", ""):
                async with aclosing(_server_sent(response, where)) as sent:
                    async for event in sent:
                        yield event
            else:
                yield _event(await _limited_text(response, where), where)
    except httpx2.TimeoutException as error:
        raise BackendUnreachable(f"{where} did not answer in time. Is it running, and not overloaded?") from error
    except httpx2.RequestError as error:
        raise BackendUnreachable(f"{where} cannot be reached ({type(error).__name__}). Is it running?") from error
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise BackendFailed(f"{where} is not an address that can be used. Mend `endpoint`.") from error


async def _check(response: httpx2.Response, where: str) -> None:
    if response.status_code == 200 and "text/html" not in response.headers.get("content-type", ""):
        return
    raise _error(response.status_code, where, await _server_message(response))


def _error(status: int, where: str, message: str) -> BackendError:
    said = f": {message}" if message else ""
    if status in (401, 403):
        return BackendRefused(f"{where} refuses the key ({status}). Set the variable that `api_key_env` names.")
    if status in (429, 503):
        return BackendBusy(f"{where} is busy or still loading ({status}){said}.")
    if status == 200:
        return BackendFailed(f"{where} answered with a web page. Is `endpoint` the base address, with `/v1`?")
    if 300 <= status < 400:
        return BackendFailed(f"{where} redirects elsewhere ({status}). Set `endpoint` to the final address.")
    if status == 404:
        return BackendFailed(f"{where} knows no such model, or has no `/completions` there (404){said}.")
    return BackendFailed(f"{where} answered with an error ({status}){said}.")


async def _server_message(response: httpx2.Response) -> str:
    """Return the server's own one-line message, where it is one that OpenAI's error shape carries."""
    try:
        error = json.loads(await _limited_text(response, "")).get("error")
        message = error.get("message") if isinstance(error, dict) else error
        return " ".join(str(message or "").split())[:200].rstrip(".")
    except (BackendFailed, ValueError, AttributeError):
        return ""


async def _server_sent(response: httpx2.Response, where: str) -> AsyncGenerator[dict[str, Any], None]:
    data: list[str] = []
    async for line in _lines(response, where):
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            text = "\n".join(data)
            data.clear()
            if text.strip() == "[DONE]":
                return
            yield _event(text, where)
    text = "\n".join(data)  # some servers leave out the last blank line
    if text and text.strip() != "[DONE]":
        yield _event(text, where)
    if text.strip() != "[DONE]":
        raise BackendFailed(f"{where} closed its answer before the end. Is it running well?")


async def _lines(response: httpx2.Response, where: str) -> AsyncGenerator[str, None]:
    r"""Yield lines, which end at \n or \r\n only: a raw U+2028 inside of JSON ends none."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_EVENT:
            raise BackendFailed(f"{where} sent an event that is too long for a completion.")
        for line in lines:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")


def _event(text: str, where: str) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise BackendFailed(f"{where} answered with something that is not JSON. Is it an OpenAI-compatible server?")
    if event.get("error"):
        error = event["error"]
        message = error.get("message", "") if isinstance(error, dict) else str(error)
        raise BackendFailed(f"{where} failed: {' '.join(str(message).split())[:200]}")
    return event


async def _limited_text(response: httpx2.Response, where: str) -> str:
    chunks: list[str] = []
    length = 0
    async for chunk in response.aiter_text():
        chunks.append(chunk)
        length += len(chunk)
        if length > MAX_EVENT:
            raise BackendFailed(f"{where} sent an answer that is too long for a completion.")
    return "".join(chunks)
