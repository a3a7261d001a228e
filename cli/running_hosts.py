"""The model hosts that run on this machine for this user: which there are, how they are, and how to end them."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from ..completion.backends.host_address import ENDPOINT_FILE, SOCKET, read_endpoint

ANSWER_SECONDS = 3.0
END_SECONDS = 5.0


def addresses(folder: Path) -> list[Path]:
    """Return the sockets and endpoint files of hosts in the runtime folder, those of dead hosts too."""
    return sorted(path for path in folder.glob("host-*") if path.suffix in (SOCKET, ENDPOINT_FILE))


def health(path: Path) -> dict[str, Any] | None:
    """Return what the host at a socket or endpoint file says of itself (docs/protocol.md), None when none answers."""
    if path.suffix == SOCKET:
        return _ask(_UnixConnection(path), {})
    endpoint = read_endpoint(path)
    if endpoint is None:
        return None
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=ANSWER_SECONDS)
    return _ask(connection, {"Authorization": f"Bearer {endpoint.key}"})


def end(pid: int) -> bool:
    """End a host by its process id and wait for that; return whether there was one that could be ended.

    A process that is not a host of midspan (ids are used again) is left alone.
    """
    try:
        process = psutil.Process(pid)
        if not _is_host(process.cmdline()):
            return False
        process.terminate()
        if not _ends(process):
            process.kill()
        return _ends(process)
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def _ask(connection: http.client.HTTPConnection, headers: dict[str, str]) -> dict[str, Any] | None:
    try:
        connection.request("GET", "/healthz", headers=headers)
        answer = json.loads(connection.getresponse().read())
        return answer if isinstance(answer, dict) else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _is_host(words: Sequence[str]) -> bool:
    """Tell `python -m midspan.host` and `midspan host` from other processes."""
    return any(word == "midspan.host" or Path(word).stem == "midspan" for word in words)


def _ends(process: psutil.Process) -> bool:
    give_up = time.monotonic() + END_SECONDS
    while time.monotonic() < give_up:
        # A zombie has ended; only its parent has not asked yet.
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("midspan", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(str(self._path))
