"""The log file: warnings and errors of the server, never what users write.

stdout belongs to the protocol, and some editors take a word on stderr for a failed start.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from contextlib import suppress
from pathlib import Path

import platformdirs

MAX_BYTES = 1_000_000


def log_file() -> Path:
    """Return where the server logs."""
    return platformdirs.user_log_path("midspan", appauthor=False) / "serve.log"


def configure_logging() -> None:
    """Send warnings to the log file, made when there is one; a disk that can't be written to is no error."""
    silence_pygls()
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    root.addHandler(_file_handler(log_file()))


def silence_pygls() -> None:
    """Keep pygls from logging: its lines hold whole messages, so source text, and settings."""
    logger = logging.getLogger("pygls")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    logger.addHandler(logging.NullHandler())


def where(error: BaseException) -> str:
    """Return an error's type and the lines of code it came through, but not its text: that may be the user's."""
    return "".join([type(error).__name__, "\n", *traceback.format_tb(error.__traceback__)]).rstrip()


def log_failed_callback(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log a failure that nobody awaits, without the values that asyncio would show."""
    error = context.get("exception")
    described = where(error) if isinstance(error, BaseException) else "unknown"
    logging.getLogger("midspan").error("unawaited failure: %s", described)


def _file_handler(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8", errors="replace", delay=True)
    except OSError:
        return logging.NullHandler()
    with suppress(OSError):
        if path.stat().st_size > MAX_BYTES:
            path.unlink()
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    return handler
