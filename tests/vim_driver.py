"""Drives a real Vim from a test: in a terminal that nobody sees, by Vim's own channel of JSON messages.

Knows nothing of midspan.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from editor_process import wait_until
from terminal import Terminal, in_terminal

_PATIENCE = 20.0


def binary() -> Path | None:
    """Return a Vim 9 with channels and text properties, None where there is none."""
    found = shutil.which("vim")
    if found is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    fits = "Vi IMproved 9" in told and all(feature in told for feature in ("+channel", "+job", "+textprop", "+timers"))
    return Path(found) if fits else None


class Vim:
    """A running Vim that has connected to us."""

    def __init__(self, channel: socket.socket, terminal: Terminal) -> None:
        self.terminal = terminal
        self._channel = channel
        self._received = ""
        self._n_asked = 0

    def value(self, expression: str) -> object:
        """Return the value of a Vim expression."""
        return self._ask("expr", expression)

    def keys(self, keys: str) -> None:
        r"""Type keys; `\<Esc>` and the like stand for themselves."""
        quoted = keys.replace('"', '\\"')
        self._ask("expr", f'feedkeys("{quoted}", "t")')

    def type(self, text: str, *, pause_s: float = 0.02) -> None:
        """Type a text character by character, as a person would."""
        for character in text:
            self.keys("\\<lt>" if character == "<" else character)
            time.sleep(pause_s)

    def text(self) -> str:
        """Return the buffer's text, its lines joined by newlines."""
        lines = self.value("getline(1, '$')")
        assert isinstance(lines, list)
        return "\n".join(lines)

    def wait(self, what: str, condition: Callable[[], object], *, seconds: float = _PATIENCE) -> None:
        """Wait until a condition holds; fail with the editor's own messages if it never does."""
        wait_until(what, condition, seconds, lambda: self.value("execute('messages')"))

    def _ask(self, kind: str, expression: str) -> object:
        self._n_asked += 1
        self._channel.sendall(json.dumps([kind, expression, -self._n_asked]).encode())
        while True:
            with suppress(json.JSONDecodeError):
                (number, value), end = json.JSONDecoder().raw_decode(self._received)
                self._received = self._received[end:].lstrip()
                if number == -self._n_asked:
                    return value
                continue
            data = self._channel.recv(65536)
            assert data, "Vim has ended"
            self._received += data.decode()


@contextmanager
def vim(file: Path, directory: Path, lines: str, environment: Mapping[str, str]) -> Iterator[Vim]:
    """Run Vim on a file with some lines in its vimrc."""
    program = binary()
    assert program is not None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_PATIENCE)
        address = "{}:{}".format(*listener.getsockname())
        vimrc = directory / "vimrc"
        vimrc.write_text(f"{lines}\nautocmd VimEnter * let g:driver = ch_open('{address}')\n", encoding="utf-8")
        command = [program, "-N", "-u", vimrc, "-i", "NONE", "-n", file]
        with in_terminal(command, environment, file.parent) as terminal:
            channel, _ = listener.accept()
            channel.settimeout(_PATIENCE)
            with channel:
                yield Vim(channel, terminal)
