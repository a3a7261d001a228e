"""What can go wrong between a model's name and its files on disk.

    StoreError
    ├── ModelNotFound    the name means nothing on this machine
    ├── ModelUnusable    the files are there, but are not a model that can be loaded
    └── FetchError       a download did not succeed

Every message says what to do about it. None holds a key: addresses are printed without user and password.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StoreError(Exception):
    """The root: its text is fit to be shown to the user."""


class ModelNotFound(StoreError):
    """The name means nothing on this machine; ``name`` is what to pass to `midspan models add`."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


class ModelUnusable(StoreError):
    """The files are there, but are not a model that can be loaded."""


class FetchError(StoreError):
    """A download did not succeed."""


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn what the operating system says about a full or read-only disk into a StoreError with advice."""
    try:
        yield
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise StoreError(
                f"No room left on the disk of {folder}. Free some (`midspan clean` shows what is ours), or set "
                "MIDSPAN_CACHE to a folder on another disk."
            ) from error
        raise StoreError(
            f"Cannot write to {folder}: {error.strerror or error}. Make it writable, or set MIDSPAN_CACHE to "
            "another folder."
        ) from error
