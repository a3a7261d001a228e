"""A program in a terminal that nobody sees."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from editor_process import end_process


@contextmanager
def in_terminal(
    command: Sequence[object], environment: Mapping[str, str], folder: Path
) -> Iterator[Callable[[bytes], object]]:
    """Run a program until the end of the block; gives what types into its terminal."""
    import pty  # not on Windows
    import termios

    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (40, 120))
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
    drain = threading.Thread(target=_drain, args=(master,), daemon=True)
    drain.start()
    try:
        yield lambda data: os.write(master, data)
    finally:
        end_process(process)
        drain.join(timeout=5)
        os.close(master)


def _take_terminal() -> None:
    """Make standard input the terminal of the new session: what a session opens first is."""
    os.close(os.open(os.ttyname(0), os.O_RDWR))


def _drain(terminal: int) -> None:
    """Read what is drawn: a full terminal would stop the program."""
    with suppress(OSError):
        while os.read(terminal, 65536):
            pass
