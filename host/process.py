"""What the host holds of the machine while it lives: a lock, a socket, CPU threads.

Knows files and sockets; nothing of HTTP or models.
"""

from __future__ import annotations

import ctypes
import gc
import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout


class LockHeld(Exception):
    """Another host has this socket or endpoint file."""


class SocketError(Exception):
    """The socket can't be made; the text says why and what to do."""


def tell(line: str) -> None:
    """Write a line for the user: to stderr, since stdout may be someone's protocol."""
    sys.stderr.write(" ".join(line.split()) + "\n")
    sys.stderr.flush()


@contextmanager
def only_host(path: Path) -> Iterator[None]:
    """Hold the lock file beside a socket or an endpoint file.

    The operating system lets go of it when the process ends, however that is. Raises LockHeld, or SocketError when
    the lock file can't be made.
    """
    lock = FileLock(f"{path}.lock", timeout=0)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise LockHeld(f"Another host serves {path} already.") from None
    except OSError as error:
        raise SocketError(f"Cannot make {path}.lock: {error.strerror or error}. Choose another place.") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def unix_socket(path: Path) -> Iterator[socket.socket]:
    """Listen on a Unix socket that only this user can open (mode 0600); it is gone afterwards.

    Call it under the lock: a socket that lies there then belongs to a host that died. Raises SocketError.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise SocketError("This system has no Unix sockets. Use --endpoint-file FILE, or --listen 127.0.0.1:PORT.")
    try:
        _remove_dead_socket(path)
        listener = _bind(path)
    except OSError as error:
        raise SocketError(f"Cannot listen on {path}: {error.strerror or error}. Choose another --socket.") from error
    try:
        yield listener
    finally:
        listener.close()
        path.unlink(missing_ok=True)


@contextmanager
def tcp_socket(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on TCP; port 0 takes a free one. Raises SocketError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise SocketError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another --listen."
        ) from error
    with listener:
        yield listener


def address_of(listener: socket.socket) -> str:
    """Return the base address of a TCP listener."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def physical_cores() -> int:
    """Return how many physical cores this process may use (at least 1)."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or allowed, allowed))


def give_back_memory() -> None:
    """Return to the system what was freed: loading a model takes several times what running it does."""
    gc.collect()
    with suppress(OSError, AttributeError):  # not every C library has this
        ctypes.CDLL(None).malloc_trim(0)


def _remove_dead_socket(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SocketError(f"{path} is there and is not a socket. Choose another --socket.")
    path.unlink()


def _bind(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The mode has to be right from the first moment: changing it afterwards would leave a gap.
    old_mask = os.umask(0o177)
    try:
        listener.bind(str(path))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(old_mask)
    return listener
