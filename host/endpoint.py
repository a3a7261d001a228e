"""The endpoint file, for systems without Unix sockets: it tells this user's programs the host's port and key.

Knows files and sockets; nothing of HTTP. Who reads it: `completion/backends/host_address.py`.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .process import SocketError, tcp_socket

_TRIES, _PAUSE_SECONDS = 20, 0.05


@contextmanager
def endpoint_file(path: Path, key: str) -> Iterator[socket.socket]:
    """Listen on a free port of this machine, told with ``key`` in a file of mode 0600; the file is gone afterwards.

    Call it under the lock: a file that lies there then is a dead host's. Raises SocketError.
    """
    with tcp_socket("127.0.0.1", 0) as listener:
        endpoint = {"port": listener.getsockname()[1], "key": key, "pid": os.getpid()}
        try:
            _refuse_other_things(path)
            _write(path, json.dumps(endpoint))
        except OSError as error:
            reason = error.strerror or error
            raise SocketError(f"Cannot write {path}: {reason}. Choose another --endpoint-file.") from error
        try:
            yield listener
        finally:
            # One that stays is harmless: its process id says that it is a dead host's.
            with suppress(OSError):
                path.unlink()


def _refuse_other_things(path: Path) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise SocketError(f"{path} is there and is not a file. Choose another --endpoint-file.")


def _write(path: Path, text: str) -> None:
    """Put the whole file there in one step; mkstemp makes it readable for this user alone."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        _replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _replace(source: str, target: Path) -> None:
    """Move a file over another. Windows refuses that while somebody reads the other, which takes an instant."""
    for _ in range(_TRIES):
        with suppress(PermissionError):
            os.replace(source, target)
            return
        time.sleep(_PAUSE_SECONDS)
    os.replace(source, target)
