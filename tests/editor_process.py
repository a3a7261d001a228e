"""What the drivers of all editors do alike: waiting for what an editor shows, and ending its process."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable


def wait_until(what: str, condition: Callable[[], object], seconds: float, messages: Callable[[], object]) -> None:
    """Wait until a condition holds; fail with the editor's own messages if it never does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} s; the editor says: {messages()}")
        time.sleep(0.05)


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a process, by force if it does not go."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
