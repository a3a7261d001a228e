"""Stands between an editor and its language server, and notes when a proposal was asked for and when it was answered.

`python wire_clock.py LOG PROGRAM ARGUMENTS…`: bytes pass unchanged; LOG gets a line of JSON for each answer, with times
by the system's clock in seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

METHOD = "textDocument/inlineCompletion"


def main(log: Path, command: list[str]) -> int:
    """Run the server; returns its exit code."""
    asked: dict[object, float] = {}

    def from_editor(message: Any, at: float) -> None:
        if message.get("method") == METHOD:
            asked[message["id"]] = at

    def from_server(message: Any, at: float) -> None:
        if "method" not in message and message.get("id") in asked:
            result = message.get("result") or {}
            row = {"asked": asked.pop(message["id"]), "answered": at, "n": len(result.get("items", []))}
            with log.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")

    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    to_server = threading.Thread(target=_pass, args=(sys.stdin.buffer, server.stdin, from_editor), daemon=True)
    to_server.start()
    _pass(server.stdout, sys.stdout.buffer, from_server)
    return server.wait()


def _pass(source: IO[bytes], sink: IO[bytes], note: Callable[[Any, float], None]) -> None:
    """Hand framed messages on (LSP's base protocol) until the source ends."""
    with sink:
        while header := source.readline():
            length = 0
            head = header
            while header.strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = source.readline()
                head += header
            body = source.read(length)
            at = time.time()
            sink.write(head + body)
            sink.flush()
            note(json.loads(body), at)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
