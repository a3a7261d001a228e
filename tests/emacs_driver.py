"""Drives a real Emacs from a test: in a terminal that nobody sees, by keys and by `emacsclient`.

Knows nothing of midspan.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from editor_process import wait_until
from terminal import Terminal, in_terminal


def binary() -> str | None:
    """Return an Emacs 30 with its client, None where there is none."""
    found = shutil.which("emacs")
    if found is None or shutil.which("emacsclient") is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    return found if told.startswith("GNU Emacs ") and int(told.split()[2].split(".")[0]) >= 30 else None


@dataclass(frozen=True, slots=True)
class Emacs:
    """A running Emacs that answers at a socket."""

    socket: Path
    environment: Mapping[str, str]
    terminal: Terminal

    def value(self, expression: str) -> object:
        """Return the value of a Lisp expression in the buffer that is shown, as JSON has it (nil is None)."""
        shown = f"(with-current-buffer (window-buffer (frame-selected-window)) {expression})"
        asked = ["emacsclient", "-s", str(self.socket), "-e", f"(json-encode {shown})"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True, env=self.environment)
        return json.loads(json.loads(done.stdout))

    def type(self, text: str, *, pause_s: float = 0.03) -> None:
        """Type a text character by character, as a person would; control characters are keys."""
        for character in text:
            self.terminal.write(character.encode())
            time.sleep(pause_s)

    def text(self) -> str:
        """Return the buffer's text."""
        return str(self.value("(buffer-substring-no-properties (point-min) (point-max))"))

    def wait(self, what: str, condition: Callable[[], object], *, seconds: float = 30) -> None:
        """Wait until a condition holds; fail with the editor's own messages if it never does."""
        wait_until(what, condition, seconds, lambda: self.value('(with-current-buffer "*Messages*" (buffer-string))'))


@contextmanager
def emacs(file: Path, directory: Path, lines: str, environment: Mapping[str, str]) -> Iterator[Emacs]:
    """Run Emacs on a file with some lines in its init file; `directory` takes its socket, and is short."""
    program = binary()
    assert program is not None
    socket = directory / "emacs.sock"
    init = directory / "init.el"
    init.write_text(f'(setq server-name "{socket}")\n(server-start)\n{lines}\n', encoding="utf-8")
    with in_terminal([program, "-Q", "-nw", "-l", init, file], environment, file.parent) as terminal:
        end = time.monotonic() + 30
        while not socket.exists():
            assert time.monotonic() < end, "Emacs does not listen"
            time.sleep(0.05)
        yield Emacs(socket, environment, terminal)
