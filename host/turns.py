"""Model hosts that share a processor take turns.

Different settings make different hosts: an evaluation beside an editor, two models in two projects. Each computes with
a thread on every core, and these wait for each other hundreds of times in a step. With two hosts at work at once a
thread that is waited for is often the one that has no core, and both take tens of times as long; one after the other,
each takes twice as long.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cache
from pathlib import Path

_PATIENCE_SECONDS, _WITHOUT_SECONDS = 0.5, 30.0
"""Who has not had a turn for so long goes on without, for a while: the other host may be stopped or hang."""
_LOOK_SECONDS = 0.0005


@cache
def turns(folder: Path | None = None) -> AbstractContextManager[object]:
    """Return what to hold while computing: of all that this user's programs hold, one is held at a time, in turn.

    The locks are in the machine's folder for temporary files (or another: never one that machines share). Where there
    are none (Windows, a file system without locks) nobody waits for anybody.
    """
    if sys.platform != "win32":
        with suppress(OSError):
            return _Turns(folder or Path(tempfile.gettempdir()))
    return nullcontext()


if sys.platform != "win32":
    import fcntl

    class _Turns(AbstractContextManager["_Turns"]):
        """A door and a room behind it. Who leaves the room has to go through the door again, behind who waits there."""

        def __init__(self, folder: Path) -> None:
            self._door, self._room = (_open(folder / f"midspan-{os.getuid()}.{part}") for part in ("door", "room"))
            self._without_until = 0.0

        def __enter__(self) -> _Turns:
            now = time.monotonic()
            if now < self._without_until:
                return self
            is_in = _take(self._door, now + _PATIENCE_SECONDS)
            if is_in:
                is_in = _take(self._room, now + _PATIENCE_SECONDS)
                fcntl.flock(self._door, fcntl.LOCK_UN)
            if not is_in:
                self._without_until = time.monotonic() + _WITHOUT_SECONDS
            return self

        def __exit__(self, *error: object) -> None:
            with suppress(OSError):
                fcntl.flock(self._room, fcntl.LOCK_UN)

    def _open(path: Path) -> int:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if os.fstat(file).st_uid != os.getuid():
            os.close(file)
            raise PermissionError(path)  # somebody else could make us wait
        return file

    def _take(file: int, until: float) -> bool:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() > until:
                    return False
                time.sleep(_LOOK_SECONDS)
            except OSError:
                return False  # no locks there
