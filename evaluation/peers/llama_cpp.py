"""llama.cpp's own server as a peer: one process for each set of weights, its prompt cache on, its own best flags."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import PeerMissing
from .base import Kind, PeerAnswer, PeerAsk

_START_SECONDS = 60.0
_CONTEXT = 4096
_LONGEST_EVENT = 1 << 20
"""The last one repeats the whole prompt as text."""


class LlamaCpp:
    """llama-server with some weights. ``files`` are they, by the kind of answer that they are for."""

    def __init__(self, name: str, server: Path, files: Mapping[Kind, Path], n_threads: int, version: str) -> None:
        self.name = name
        self._flags = ("-c", str(_CONTEXT), "-np", "1", "-t", str(n_threads), "-tb", str(n_threads), "-fa", "auto")
        weights = ", ".join(f"{kind}: {file.name}" for kind, file in files.items())
        self.version = f"{version}; {' '.join(self._flags)}; {weights}"
        self._server = server
        self._files = files
        self._processes: dict[Kind, tuple[subprocess.Popen[bytes], int]] = {}

    async def start(self) -> None:
        """Start a server for each kind and wait until it is ready. Raises PeerMissing."""
        for kind, file in self._files.items():
            port = _free_port()
            command = [str(self._server), "-m", str(file), "--host", "127.0.0.1", "--port", str(port), *self._flags]
            self._processes[kind] = _spawn(command), port
        for process, port in self._processes.values():
            await _ready(process, port)

    async def answer(self, ask: PeerAsk) -> PeerAnswer:
        """Return the answer once it is whole. Raises PeerMissing where the server has gone."""
        return await answer_of(self._processes[ask.kind][1], ask)

    def pids(self) -> Sequence[int]:
        """Return the servers' processes."""
        return [process.pid for process, _ in self._processes.values()]

    async def stop(self) -> None:
        """End the servers."""
        for process, _ in self._processes.values():
            process.terminate()
        for process, _ in self._processes.values():
            try:
                await asyncio.to_thread(process.wait, 5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()


async def answer_of(port: int, ask: PeerAsk) -> PeerAnswer:
    """Return what the server on a port answers; cancelling closes the stream, by which the server stops.

    Raises PeerMissing where the server refuses or has gone.
    """
    body = {
        "prompt": list(ask.ids),
        "n_predict": ask.max_tokens,
        "cache_prompt": True,
        "stream": True,
        "temperature": 0,
        "top_k": 1,
        "return_tokens": True,
        "timings_per_token": True,
    }
    text, n_computed, n_written, is_whole = "", 0, 0, False
    try:
        async with contextlib.aclosing(_events(port, body)) as events:
            async for event in events:
                timings = event.get("timings") or {}
                n_computed = int(timings.get("prompt_n", n_computed))
                n_written = int(timings.get("predicted_n", n_written))
                is_end = not ask.stop_ids.isdisjoint(event.get("tokens") or ())
                text += "" if is_end else str(event.get("content", ""))
                is_line = ask.kind == "line" and "\n" in text.lstrip("\n")
                if is_whole := is_end or is_line or bool(event.get("stop")):
                    break
    except OSError as error:
        raise PeerMissing("llama-server has gone") from error
    if not is_whole:
        raise PeerMissing("llama-server ended in the middle of an answer")
    return PeerAnswer(text, n_computed, n_written)


def _spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    nowhere = subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    except OSError as error:
        raise PeerMissing(f"llama-server cannot be run ({error})") from error


async def _ready(process: subprocess.Popen[bytes], port: int) -> None:
    give_up = asyncio.get_running_loop().time() + _START_SECONDS
    while asyncio.get_running_loop().time() < give_up:
        if process.poll() is not None:
            raise PeerMissing(f"llama-server ended with {process.returncode}")
        with contextlib.suppress(OSError, ValueError):
            if await _get_status(port) == 200:
                return
        await asyncio.sleep(0.1)
    raise PeerMissing(f"llama-server was not ready within {_START_SECONDS:.0f} s")


async def _get_status(port: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return int((await reader.readline()).split()[1])
    except IndexError:
        return 0
    finally:
        writer.close()


async def _events(port: int, body: Mapping[str, object]) -> AsyncGenerator[dict[str, Any], None]:
    """Post to `/completion` and yield the events of the answer. Raises PeerMissing, or OSError for the connection."""
    data = json.dumps(body).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LONGEST_EVENT)
    try:
        head = (
            "POST /completion HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        writer.write(head.encode() + data)
        status = (await reader.readline()).split()
        if status[1:2] != [b"200"]:
            raise PeerMissing(f"llama-server answered {b' '.join(status[1:]).decode('ascii', 'replace') or 'nothing'}")
        # Lengths of chunks stand on lines of their own, and no event of this server spans two chunks.
        while line := await reader.readline():
            if line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
                yield json.loads(line[6:])
    finally:
        writer.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
