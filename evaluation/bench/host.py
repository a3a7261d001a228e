"""A model host of the benchmark's own, so that no other window's requests come between."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from ...completion.settings import HostSettings
from ..errors import EvaluationError

_READY_SECONDS = 120.0


@asynccontextmanager
async def host_process(host: HostSettings, socket: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Give a host that listens on a Unix socket and is loading its model; it is ended at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "midspan.host", "--socket", str(socket)),
        *("--model", host.model, "--device", host.device, "--dtype", host.dtype, "--threads", str(host.threads)),
        *("--memory-mb", str(host.memory_mb), "--fim", host.fim, "--chunk-tokens", str(host.chunk_tokens)),
        stdin=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def host_ready(process: asyncio.subprocess.Process, socket: Path) -> None:
    """Wait until the host has loaded its model. Raises EvaluationError."""
    give_up = time.monotonic() + _READY_SECONDS
    while time.monotonic() < give_up:
        if process.returncode is not None:
            raise EvaluationError(f"The model host ended ({process.returncode}). Run `midspan doctor`.")
        with suppress(OSError, ValueError):
            answer = await http(socket, b"GET /healthz HTTP/1.1\r\nHost: midspan\r\nConnection: close\r\n\r\n")
            if json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == "ok":
                return
        await asyncio.sleep(0.1)
    raise EvaluationError("The model host was not ready in time. Run `midspan doctor`.")


async def http(socket: Path, request: bytes) -> bytes:
    """Send one request, which has to ask for the connection's end, and return the whole answer. Raises OSError."""
    reader, writer = await asyncio.open_unix_connection(str(socket))
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer
