"""A real `midspan.host` process for tests, and HTTP to it: over its Unix socket, or over TCP with its key."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

_PATIENCE = 60.0


@dataclass
class Reply:
    """An HTTP answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def events(self) -> list[Any]:
        """The data of each server-sent event; the last is the word [DONE]."""
        lines = [part for part in self.body.decode().split("\n\n") if part]
        assert all(line.startswith("data: ") for line in lines)
        return [line[6:] if line == "data: [DONE]" else json.loads(line[6:]) for line in lines]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("host", timeout=_PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_PATIENCE)
        self.sock.connect(self._path)


class HostProcess:
    """A host that a test has started. ``stderr`` is what it wrote so far."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        self._errors = folder / f"stderr-{time.monotonic_ns()}"
        options = dict(pairwise(arguments))
        self.socket = options.get("--socket")
        self._endpoint_file = options.get("--endpoint-file")
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "midspan.host", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "HF_HUB_OFFLINE": "1"},
            )

    @property
    def stderr(self) -> str:
        return self._errors.read_text()

    def connect(self) -> http.client.HTTPConnection:
        if self.socket:
            return _UnixConnection(self.socket)
        return http.client.HTTPConnection("127.0.0.1", self.port(), timeout=_PATIENCE)

    def endpoint(self) -> dict[str, Any]:
        """What it tells in its endpoint file."""
        assert self._endpoint_file
        told: dict[str, Any] = json.loads(Path(self._endpoint_file).read_text("utf-8"))
        return told

    def port(self) -> int:
        """The TCP port that it says it listens on."""
        if self._endpoint_file:
            return int(self.endpoint()["port"])
        self._wait(lambda: "listening on" in self.stderr)
        return int(self.stderr.split("listening on", 1)[1].split()[0].rsplit(":", 1)[1])

    def get(self, path: str, **headers: str) -> Reply:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: Any, **headers: str) -> Reply:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._ask("POST", path, data, headers)

    def complete(self, prompt: Any, **fields: Any) -> Reply:
        return self.post("/v1/completions", {"prompt": prompt, **fields})

    def health(self) -> dict[str, Any]:
        health: dict[str, Any] = self.get("/healthz").json()
        return health

    def wait_until_answers(self) -> None:
        self._wait(self._answers)

    def wait_until(self, status: str) -> dict[str, Any]:
        """Wait for a status in /healthz, and return that."""
        self._wait(lambda: self._answers() and self.health()["status"] == status)
        return self.health()

    def wait_for_work(self, name: str, count: int) -> None:
        """Wait until a counter of /healthz is at least that high."""
        self._wait(lambda: self.health()["work"][name] >= count)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(_PATIENCE)

    def exit_code(self) -> int:
        """Wait for it to end by itself."""
        return self.process.wait(_PATIENCE)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        connection = self.connect()
        if self._endpoint_file:
            headers = {"Authorization": f"Bearer {self.endpoint()['key']}", **headers}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def _answers(self) -> bool:
        try:
            return self.get("/healthz").status == 200
        except OSError:
            assert self.process.poll() is None, self.stderr
            return False

    def _wait(self, condition: Any) -> None:
        until = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < until, f"waited too long; stderr: {self.stderr}"
            time.sleep(0.02)


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[HostProcess]:
    """Run a host until the end of the block."""
    host = HostProcess(list(arguments), folder)
    try:
        yield host
    finally:
        if host.process.poll() is None:
            host.process.kill()
        host.process.wait()
        if host.process.stdout:
            assert host.process.stdout.read() == b"", "the host wrote on stdout"
            host.process.stdout.close()
