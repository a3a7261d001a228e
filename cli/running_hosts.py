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

ANSWER_SECONDS = 3.0
END_SECONDS = 5.0


def sockets(folder: Path) -> list[Path]:
    """Return the sockets of hosts in the runtime folder, those of dead hosts too."""
    return sorted(folder.glob("host-*.sock"))


def health(path: Path) -> dict[str, Any] | None:
    """Return what the host behind a socket says of itself (docs/protocol.md), None when none answers."""
    connection = _UnixConnection(path)
    try:
        connection.request("GET", "/healthz")
        answer = json.loads(connection.getresponse().read())
        return answer if isinstance(answer, dict) else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


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
