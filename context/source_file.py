"""Reads a file of a workspace folder, if it is one to read: regular, of bearable size, text, and really in there.

The one place at which files of a repository are opened for what is shown to a model; whether a file is excluded is
for the caller to ask first (``exclusions``).
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 500_000
"""A larger file is data or made by a program."""
_LONGEST_LINE = 5_000
"""A longer line in a file tells that it was made by a program: minified, or data."""
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another: nanoseconds of its last change, and bytes."""

    mtime_ns: int
    size: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's text as it was read, and its state then."""

    text: str
    stamp: Stamp


def read_source(root: Path, path: str) -> SourceFile | None:
    """Return a file below a folder; None for what is not there, no text file, too large, or reached through a link."""
    full = os.path.join(root, path)
    try:
        folder = os.path.dirname(full)
        if os.path.realpath(folder) != os.path.join(os.path.realpath(root), os.path.dirname(path)).rstrip(os.sep):
            return None
        # Without O_NONBLOCK a pipe that has taken the file's place would never open.
        descriptor = os.open(full, _OPEN_FLAGS)
    except (OSError, ValueError):
        return None
    try:
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
                return None
            content = file.read(MAX_BYTES + 1)
    except OSError:
        return None
    if len(content) > MAX_BYTES or b"\0" in content or _has_long_line(content):
        return None
    return SourceFile(
        content.decode("utf-8", "replace").removeprefix("\ufeff"), Stamp(found.st_mtime_ns, found.st_size)
    )


def _has_long_line(content: bytes) -> bool:
    if len(content) <= _LONGEST_LINE:
        return False
    at = 0
    while at + _LONGEST_LINE < len(content):
        # Looks back from the furthest place at which a line that is short enough can end.
        end = max(content.rfind(b"\n", at, at + _LONGEST_LINE), content.rfind(b"\r", at, at + _LONGEST_LINE))
        if end < 0:
            return True
        at = end + 1
    return False
