"""transformers' `generate` as a peer: the library that most people would begin with, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from ..errors import PeerMissing
from .base import PeerAnswer, PeerAsk

_START_SECONDS = 120.0


class TransformersGenerate:
    """A worker process that answers one request after the other."""

    name = "transformers"

    def __init__(self, model: str, n_threads: int) -> None:
        self.version = (
            f"transformers {version('transformers')}, torch {version('torch')}, greedy `generate`, {n_threads} threads"
        )
        self._model = model
        self._n_threads = n_threads
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Start the worker and wait until its model is loaded. Raises PeerMissing."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "midspan.evaluation.peers.transformers_worker"),
            *(self._model, str(self._n_threads)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._line()
        except TimeoutError as error:
            raise PeerMissing("the worker with transformers was not ready in time") from error

    async def answer(self, ask: PeerAsk) -> PeerAnswer:
        """Return the answer; cancelling ends it within a step, and the next request waits for that."""
        body = {"ids": list(ask.ids), "kind": ask.kind, "max_tokens": ask.max_tokens, "stop_ids": sorted(ask.stop_ids)}
        async with self._turn:
            self._send(body)
            reading = asyncio.create_task(self._line())
            try:
                answer = await asyncio.shield(reading)
            except asyncio.CancelledError:
                self._send({})
                await asyncio.wait({reading})
                raise
        return PeerAnswer(answer["text"], len(ask.ids), answer["n_written"])

    def pids(self) -> Sequence[int]:
        """Return the worker's process."""
        return [self._process.pid] if self._process is not None else []

    async def stop(self) -> None:
        """End the worker."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def _send(self, body: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(body).encode() + b"\n")

    async def _line(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise PeerMissing(f"the worker with transformers ended ({await self._process.wait()})")
        found: dict[str, Any] = json.loads(line)
        return found
