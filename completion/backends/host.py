"""Our own model host: on this machine, started on demand and brought back after a crash.

The hole travels as it is; the host renders it by token ids (docs/protocol.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import httpx2

from ..ask import Ask, Delta, Likelihood
from ..errors import BackendFailed, BackendUnreachable
from ..settings import HostSettings
from .base import SAMPLING_TEMPERATURE
from .deltas import deltas
from .host_address import address_path
from .host_process import HostProcess
from .host_transport import BASE_URL, transport_to
from .sse import events

WHERE = "The model host"
POLL_SECONDS = 0.1
HEALTH_SECONDS, SILENCE_SECONDS = 2.0, 60.0
"""How long the host may take to say how it is, and how long it may say nothing at all."""


class HostBackend:
    """The host that serves one model."""

    name = "host"
    reads_ahead = True

    def __init__(self, settings: HostSettings) -> None:
        """Remember the settings; the first that needs the host starts it. Raises SettingsError, BackendFailed."""
        self.model = settings.model
        self._client = httpx2.AsyncClient(
            transport=transport_to(address_path(settings)),
            base_url=BASE_URL,
            timeout=httpx2.Timeout(120.0, connect=2.0),
        )
        self._process = HostProcess(settings)
        self._starting: asyncio.Task[None] | None = None
        self._was_reached = False
        self._silent_since = 0.0

    async def prepare(self, progress: Callable[[str], None]) -> None:
        """Start the host and wait until its model is loaded. Raises ModelMissing or BackendError."""
        self._process.try_again()
        await self._start()
        while (health := await self._health()) is not None:
            if health.get("status") == "ok":
                self.model = str(health.get("model") or self.model)
                return
            if health.get("status") == "failed":
                raise BackendFailed(f"The model cannot be loaded: {health.get('detail')}")
            progress(str(health.get("detail") or "loading the model"))
            await asyncio.sleep(POLL_SECONDS)
        raise BackendFailed("The model host ended while it loaded the model. Run `midspan doctor`.")

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Yield the candidate's pieces. Raises ModelMissing or BackendError."""
        async with aclosing(self._stream(ask)) as found:
            async for delta in found:
                yield delta

    async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
        """Return how likely the model finds a text: the host reads it instead of writing one."""
        logprob, n_tokens, finish = 0.0, 0, None
        async with aclosing(self._stream(ask, answer)) as found:
            async for delta in found:
                logprob += delta.logprob or 0.0
                n_tokens += delta.n_tokens
                finish = delta.finish or finish
        if finish != "stop":
            raise BackendFailed("The model host had no time to read the answer.")
        return Likelihood(logprob, n_tokens)

    async def _stream(self, ask: Ask, answer: str | None = None) -> AsyncGenerator[Delta, None]:
        """Yield the host's deltas, starting or reviving it if need be.

        The host is looked for only where it was not reached the last time: a keystroke has no time for it.
        """
        if not self._was_reached:
            await self._start()
        try:
            async with aclosing(self._deltas(ask, answer)) as found:
                async for delta in found:
                    yield delta
            return
        except BackendUnreachable as error:
            self._was_reached = False
            if not isinstance(error.__cause__, httpx2.ConnectError):
                raise BackendUnreachable("The model host ended unexpectedly. It is started again.") from error
        await self._start()  # it had ended since
        async with aclosing(self._deltas(ask, answer)) as found:
            async for delta in found:
                yield delta

    async def _deltas(self, ask: Ask, answer: str | None) -> AsyncGenerator[Delta, None]:
        body = self._body(ask, answer)
        async with aclosing(events(self._client, "/v1/completions", body, WHERE)) as found:
            async for event in found:
                self._was_reached = True
                for delta in deltas(event, WHERE):
                    yield delta

    async def close(self) -> None:
        """Close the connections; the host goes on for the other windows, and ends when it is idle."""
        if self._starting is not None:
            self._starting.cancel()
        await self._client.aclose()

    async def _start(self) -> None:
        """Share one start between all that wait for it: a cancelled request must not cancel the others'."""
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._process.start(self._is_up))
            self._starting.add_done_callback(_retrieve)
        await asyncio.shield(self._starting)

    async def _is_up(self) -> bool:
        return await self._health() is not None

    async def _health(self) -> dict[str, Any] | None:
        """Return what the host says of itself, None where none answers.

        One that takes the connection and says nothing may be busy with loading, but not for ever: raises
        BackendUnreachable.
        """
        try:
            response = await self._client.get("/healthz", timeout=HEALTH_SECONDS)
            health = response.json() if response.status_code == 200 else None
        except httpx2.TimeoutException:
            self._silent_since = self._silent_since or time.monotonic()
            if time.monotonic() - self._silent_since > SILENCE_SECONDS:
                self._silent_since = 0.0
                raise BackendUnreachable("The model host hangs. End it with `midspan clean --keep-models`.") from None
            return {"status": "loading", "detail": "waiting for the model host"}
        except httpx2.RequestError:
            return None
        except ValueError:
            health = None
        self._silent_since = 0.0
        return health if isinstance(health, dict) else {"status": "failed", "detail": "its host does not work."}

    def _body(self, ask: Ask, answer: str | None) -> dict[str, Any]:
        hole = ask.hole
        return {
            "prompt": hole.prefix,
            "suffix": hole.suffix,
            "max_tokens": ask.max_tokens,
            "temperature": SAMPLING_TEMPERATURE if ask.sample else 0,
            "seed": ask.sample,
            "stream": True,
            "logprobs": max(1, ask.n_likeliest),
            "midspan": {
                "kind": ask.kind.value,
                "session": ask.session,
                "path": hole.path,
                "language": hole.language,
                "snippets": [{"path": snippet.path, "text": snippet.text} for snippet in hole.snippets],
                "deadline_ms": int(ask.deadline.seconds_left() * 1000),
                "answer": answer,
                "ahead": ask.is_ahead,
            },
        }


def _retrieve(task: asyncio.Task[None]) -> None:
    """Take note of the outcome, so that a start that nobody waits for any more is not reported as lost."""
    if not task.cancelled():
        task.exception()
