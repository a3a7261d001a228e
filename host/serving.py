"""The host while it serves: HTTP server, engine thread, signals, idle exit.

Knows the life of the process; nothing of what is served.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from .api import Api
from .keys import Keys
from .process import tell
from .scheduler import Check, Load, Scheduler

# Until the model is ready something changes all the time; then an idle host shall sleep.
_WATCH_LOADING_SECONDS, _WATCH_SECONDS = 0.25, 5.0
_SECONDS_TO_READ_FAILURE = 3.0
_SECONDS_TO_END = 2.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How serving ended. ``is_stuck``: the engine's thread is inside of a library and can't be ended from here."""

    code: int
    is_stuck: bool


def serve(
    listener: socket.socket,
    load: Load,
    check: Check,
    model_names: tuple[str, ...],
    keys: Keys,
    idle_minutes: float,
) -> Ending:
    """Serve on a bound socket until a signal, or ``idle_minutes`` without a request (0: never).

    ``load`` is called in the engine's thread; while it works, health is answered and requests wait. ``check``
    looks at the model afterwards.
    """
    scheduler = Scheduler(load, check)
    api = Api(scheduler, model_names, keys)
    scheduler.start()
    asyncio.run(_serve(listener, api, scheduler, idle_minutes * 60))
    code = 1 if scheduler.status == "failed" else 0
    return Ending(code, is_stuck=not scheduler.stop(_SECONDS_TO_END))


async def _serve(listener: socket.socket, api: Api, scheduler: Scheduler, idle_seconds: float) -> None:
    config = uvicorn.Config(
        api.app,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        date_header=False,
    )
    server = _Server(config, scheduler)
    watch = asyncio.create_task(_watch(server, api, scheduler, idle_seconds))
    try:
        await server.serve(sockets=[listener])
    finally:
        watch.cancel()


class _Server(uvicorn.Server):
    """uvicorn, but a signal ends it with exit code 0 instead of being raised again afterwards.

    What the engine works on is called off first, so that open answers end.
    """

    def __init__(self, config: uvicorn.Config, scheduler: Scheduler) -> None:
        super().__init__(config)
        self._scheduler = scheduler
        self._ends = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def main_loop(self) -> None:
        """Sleep until the end: uvicorn's own loop looks ten times a second whether it has come."""
        await self.on_tick(0)
        await self._ends.wait()

    def end(self) -> None:
        """End serving (from any thread, or a signal's handler)."""
        self.should_exit = True
        self._loop.call_soon_threadsafe(self._ends.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._scheduler.stop(timeout=0)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._stop) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: object) -> None:
        self.end()


async def _watch(server: _Server, api: Api, scheduler: Scheduler, idle_seconds: float) -> None:
    """End the server when nobody has asked for long enough, or soon after the model could not be loaded."""
    failed_at = None
    warned = ""
    while not server.should_exit:
        is_settled = scheduler.status == "ok" and not scheduler.is_busy()
        seldom = min(_WATCH_SECONDS, idle_seconds or _WATCH_SECONDS)
        await asyncio.sleep(seldom if is_settled else _WATCH_LOADING_SECONDS)
        now = time.monotonic()
        if scheduler.is_busy():
            api.last_request = now
        if scheduler.status == "failed" and failed_at is None:
            failed_at = now
            tell(f"midspan host: {scheduler.detail}")
        if scheduler.warning != warned:
            warned = scheduler.warning
            tell(f"midspan host: {warned}")
        is_idle = bool(idle_seconds) and now - api.last_request >= idle_seconds
        was_read = failed_at is not None and now - failed_at >= _SECONDS_TO_READ_FAILURE
        if is_idle or was_read:
            server.end()
