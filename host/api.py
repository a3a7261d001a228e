"""The host's HTTP routes: completions (whole and streamed), llama.cpp's infill, models, health.

Knows HTTP and the scheduler; nothing of prompts, weights or sessions. A connection that closes calls its job
off, whether the answer is streamed or not.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .engine.request import GenerateRequest, Piece, Summary
from .fields import BadRequest
from .infill import Infilled, InfillRequest, read_infill
from .keys import Keys
from .scheduler import Event, Failure, Gone, Job, QueueFull, Scheduler
from .wire import Answer, CompletionRequest, error_object, read_request

_MOST_BYTES = 8_000_000
_LOADING_POLL_SECONDS = 0.02


class Api:
    """The routes, with what they share. ``last_request`` (monotonic) is when someone last asked for text."""

    def __init__(self, scheduler: Scheduler, model_names: tuple[str, ...], keys: Keys) -> None:
        self.last_request = time.monotonic()
        self._scheduler = scheduler
        self._names = model_names
        self._keys = keys
        self.app = Starlette(
            routes=[
                Route("/v1/completions", self._completions, methods=["POST"]),
                Route("/infill", self._infill, methods=["POST"]),
                Route("/v1/models", self._models, methods=["GET"]),
                Route("/healthz", self._health, methods=["GET"]),
                Route("/health", self._is_ready, methods=["GET"]),
            ],
            exception_handlers={HTTPException: _plain_error, Refusal: _refused, BadRequest: _misunderstood},
        )

    async def _completions(self, request: Request) -> Response:
        arrived = self.last_request = time.monotonic()
        self._check_key(request)
        asked = read_request(await _read_body(request), arrived)
        self._check_model(asked.model)
        job = await self._submit(asked.generate, arrived)
        return _JobResponse(job, Answer(self._names[0], asked.wants_logprobs), asked)

    async def _infill(self, request: Request) -> Response:
        arrived = self.last_request = time.monotonic()
        self._check_key(request)
        asked = read_infill(await _read_body(request))
        return _InfillResponse(await self._submit(asked.generate, arrived), asked, self._names[0])

    async def _submit(self, wanted: GenerateRequest, arrived: float) -> Job:
        await self._wait_for_model(wanted)
        job = Job(wanted, arrived)
        try:
            self._scheduler.submit(job)
        except QueueFull:
            raise Refusal(429, "Too many requests are waiting. Try again in a second.", "queue_full") from None
        return job

    async def _models(self, request: Request) -> Response:
        self._check_key(request)
        model = {"id": self._names[0], "object": "model", "created": 0, "owned_by": "midspan"}
        return JSONResponse({"object": "list", "data": [model]})

    async def _health(self, request: Request) -> Response:
        self._check_key(request)
        scheduler = self._scheduler
        return JSONResponse(
            {
                "status": scheduler.status,
                "detail": scheduler.detail,
                "model": self._names[0],
                **_facts(scheduler),
                "version": _version(),
                "pid": os.getpid(),
                "work": {
                    "waiting": scheduler.n_waiting(),
                    "units": scheduler.counters.units,
                    "finished": scheduler.counters.finished,
                    "cancelled": scheduler.counters.cancelled,
                },
            }
        )

    async def _is_ready(self, request: Request) -> Response:
        """Say so in llama.cpp's way, which its clients wait for."""
        self._check_key(request)
        if self._scheduler.status != "ok":
            raise Refusal(503, f"The model is still loading ({self._scheduler.detail}). Try again.", "loading")
        return JSONResponse({"status": "ok"})

    def _check_key(self, request: Request) -> None:
        if request.url.path in self._keys.public:
            return
        if not self._keys.admit(request.headers.get("authorization", "")):
            raise Refusal(401, "A key is needed: send it as `Authorization: Bearer KEY`.", "invalid_api_key")

    def _check_model(self, name: str) -> None:
        if name and name not in self._names:
            raise Refusal(404, f'This host serves "{self._names[0]}" only.', "model_not_found")

    async def _wait_for_model(self, wanted: GenerateRequest) -> None:
        while self._scheduler.status == "loading":
            if wanted.is_late():
                detail = self._scheduler.detail
                raise Refusal(503, f"The model is still loading ({detail}). Try again.", "loading")
            await asyncio.sleep(_LOADING_POLL_SECONDS)
        if self._scheduler.status == "failed":
            raise Refusal(500, self._scheduler.detail, "model_failed")


class Refusal(Exception):
    """An answer without a completion: an HTTP status, a message for the user, and a code for programs."""

    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self) -> Response:
        """Return it as a response in OpenAI's shape."""
        kind = "invalid_request_error" if self.status < 429 else "server_error"
        headers = {"Retry-After": "1"} if self.status in (429, 503) else {}
        return JSONResponse(error_object(str(self), kind, self.code), status_code=self.status, headers=headers)


class _JobResponse(Response):
    """Answers with a job's events as they come, and calls the job off when the client goes away."""

    def __init__(self, job: Job, answer: Answer, asked: CompletionRequest) -> None:
        super().__init__()
        self._job = job
        self._answer = answer
        self._is_streamed = asked.is_streamed
        self._is_extended = asked.is_extended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        events = _events(self._job)
        async with _watched(receive, self._job):
            await (
                self._send_stream(events, send) if self._is_streamed else self._send_whole(events, scope, receive, send)
            )

    async def _send_whole(self, events: AsyncIterator[Event], scope: Scope, receive: Receive, send: Send) -> None:
        pieces: list[Piece] = []
        async for event in events:
            if isinstance(event, Piece):
                pieces.append(event)
            elif isinstance(event, Summary):
                body = self._answer.whole(pieces, event, self._queue_ms())
                await JSONResponse(body)(scope, receive, send)
            elif isinstance(event, Failure):
                await _refusal_for(event).response()(scope, receive, send)

    async def _send_stream(self, events: AsyncIterator[Event], send: Send) -> None:
        has_begun = False
        async for event in events:
            if isinstance(event, Gone):
                return
            if isinstance(event, Failure) and not has_begun:
                await _send_plain(_refusal_for(event).response(), send)
                return
            if not has_begun:
                await _start_stream(send)
                has_begun = True
            await _send_body(send, self._as_lines(event))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _as_lines(self, event: Event) -> bytes:
        if isinstance(event, Piece) and event.cost is not None:
            return _sse(self._answer.cost(event.cost, self._queue_ms())) if self._is_extended else b""
        if isinstance(event, Piece):
            return _sse(self._answer.chunk(event))
        if isinstance(event, Summary):
            return _sse(self._answer.cost(event, self._queue_ms())) + b"data: [DONE]\n\n"
        message = event.message if isinstance(event, Failure) else ""
        return _sse(error_object(message, "server_error", "failed"))

    def _queue_ms(self) -> float:
        return (self._job.started - self._job.arrived) * 1000


class _InfillResponse(Response):
    """Answers with all of a job's text at once, and calls the job off when that is whole or the client goes away."""

    def __init__(self, job: Job, asked: InfillRequest, model: str) -> None:
        super().__init__()
        self._job = job
        self._found = Infilled(asked)
        self._model = model

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with _watched(receive, self._job):
            if (response := await self._response()) is not None:
                await response(scope, receive, send)

    async def _response(self) -> Response | None:
        async for event in _events(self._job):
            if isinstance(event, Piece):
                self._found.add(event)
                if self._found.is_over:
                    return JSONResponse(self._found.json(self._model, self._found.cost()))
            elif isinstance(event, Summary):
                return JSONResponse(self._found.json(self._model, event))
            elif isinstance(event, Failure):
                return _refusal_for(event).response()
        return None  # the client is gone


async def _events(job: Job) -> AsyncIterator[Event]:
    """Yield a job's events up to the one that ends it."""
    while True:
        event = await job.events.get()
        yield event
        if not isinstance(event, Piece):
            return


@contextlib.asynccontextmanager
async def _watched(receive: Receive, job: Job) -> AsyncIterator[None]:
    """Call a job off when the client goes away, and at the end of the block in any case."""
    watch = asyncio.create_task(_watch(receive, job))
    try:
        yield
    finally:
        job.cancel()
        watch.cancel()


async def _watch(receive: Receive, job: Job) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    job.cancel()
    job.events.put_nowait(Gone())


async def _start_stream(send: Send) -> None:
    headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _send_body(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _send_plain(response: Response, send: Send) -> None:
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": bytes(response.body)})


def _sse(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


def _refusal_for(failure: Failure) -> Refusal:
    if failure.is_request:
        return Refusal(400, failure.message, "bad_request")
    return Refusal(500, failure.message, "failed")


async def _read_body(request: Request) -> bytes:
    """Read the body, but no more than the limit of it."""
    body = bytearray()
    with contextlib.suppress(ClientDisconnect):
        async for part in request.stream():
            body += part
            if len(body) > _MOST_BYTES:
                raise Refusal(413, f"The body is over {_MOST_BYTES} bytes. Send less text.", "too_large")
    return bytes(body)


def _facts(scheduler: Scheduler) -> dict[str, Any]:
    engine = scheduler.engine
    if engine is None:
        return {"device": None, "dtype": None, "fim": None}
    formats = {kind: fim_format.name for kind, fim_format in engine.prompts.formats.items()}
    return {"device": engine.device, "dtype": engine.dtype, "fim": formats}


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return error.response()


async def _misunderstood(request: Request, error: Exception) -> Response:
    return Refusal(400, str(error), "bad_request").response()


async def _plain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Refusal(error.status_code, f"{error.detail}.", "bad_request").response()


def _version() -> str:
    try:
        return version("midspan")
    except PackageNotFoundError:
        return "unknown"
