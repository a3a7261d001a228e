"""A program in a terminal that nobody sees: what types into it, and what is on its screen."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pyte
from editor_process import end_process

ROWS, COLUMNS = 40, 120
_QUESTION = re.compile(rb"\x1bP[^\x1b]*\x1b\\")
"""A device control string, which pyte takes for text."""


class _Screen(pyte.Screen):
    """A screen that answers what the program asks its terminal."""

    def __init__(self, columns: int, rows: int, answer: Callable[[bytes], None]) -> None:
        super().__init__(columns, rows)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        self._answer(data.encode())

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        """Take colours; what is private (xterm's keys) has the same letter and is none."""
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    """The terminal of a running program."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._screen = _Screen(COLUMNS, ROWS, self.write)
        self._stream = pyte.ByteStream(self._screen)
        self._drawn = threading.Condition()
        self._drawn_at = time.monotonic()

    def write(self, data: bytes) -> None:
        """Type bytes."""
        os.write(self._master, data)

    def screen(self) -> list[str]:
        """Return the lines on screen, without the spaces that end them."""
        with self._drawn:
            return self._lines()

    def wait(self, condition: Callable[[list[str]], bool], *, seconds: float = 20) -> float:
        """Return when (by the monotonic clock) the lines on screen first met a condition; raises TimeoutError."""
        with self._drawn:
            if not self._drawn.wait_for(lambda: condition(self._lines()), seconds):
                raise TimeoutError("\n".join(line for line in self._lines() if line))
            return self._drawn_at

    def draw(self) -> None:
        """Take in what is drawn until the program ends: a full terminal would stop it."""
        with suppress(OSError):
            while data := os.read(self._master, 65536):
                with self._drawn:
                    self._drawn_at = time.monotonic()
                    self._stream.feed(_QUESTION.sub(b"", data))
                    self._drawn.notify_all()

    def _lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]


@contextmanager
def in_terminal(command: Sequence[object], environment: Mapping[str, str], folder: Path) -> Iterator[Terminal]:
    """Run a program until the end of the block."""
    import pty  # not on Windows
    import termios

    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (ROWS, COLUMNS))
    environment = {**environment, "TERM": "xterm-256color"}
    arguments = [str(part) for part in command]
    process = subprocess.Popen(
        arguments,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        cwd=folder,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(slave)
    terminal = Terminal(master)
    drawing = threading.Thread(target=terminal.draw, daemon=True)
    drawing.start()
    try:
        yield terminal
    finally:
        end_process(process)
        drawing.join(timeout=5)
        os.close(master)


def _take_terminal() -> None:
    """Make standard input the terminal of the new session: what a session opens first is."""
    os.close(os.open(os.ttyname(0), os.O_RDWR))
