"""Where our model host is found: at a Unix socket, or where there are none at a port that an endpoint file tells.

The name of either is a digest of the model and of how it runs, so that all windows that want the same meet there.
Who writes the endpoint file: `host/endpoint.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ..errors import BackendFailed, SettingsError
from ..settings import HostSettings

SOCKET, ENDPOINT_FILE = ".sock", ".json"

LONGEST_SOCKET = 103
"""Bytes of a socket's path that every system takes (sockaddr_un: 108 with its end on Linux, 104 on macOS)."""

NO_SOCKETS = "MIDSPAN_NO_UNIX_SOCKETS"
"""An environment variable: set, the endpoint file is used where there are Unix sockets too (tests need it)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A port of this machine, and the key that a host asks for there."""

    port: int
    key: str


def has_unix_sockets() -> bool:
    """Return whether hosts listen on Unix sockets here."""
    # Asked by name too: Windows has such sockets, but asyncio can't use them there.
    return hasattr(socket, "AF_UNIX") and os.name == "posix" and not os.environ.get(NO_SOCKETS)


def runtime_dir() -> Path:
    """Return the folder for sockets, endpoint files and locks, made for this user alone.

    Raises BackendFailed where somebody else could put a socket into it.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "midspan" if base else Path(tempfile.gettempdir()) / f"midspan-{_user()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise BackendFailed(f"{folder} cannot be made ({error.strerror}). Set XDG_RUNTIME_DIR.") from error
    is_ours = stat.S_ISDIR(status.st_mode) and (not hasattr(os, "getuid") or status.st_uid == os.getuid())
    if not is_ours or (os.name == "posix" and status.st_mode & 0o077):
        raise BackendFailed(f"{folder} is open to other users. Remove it, or set XDG_RUNTIME_DIR.")
    return folder


def address_path(settings: HostSettings) -> Path:
    """Return the socket or endpoint file of the host that serves this model in this way, for this installation.

    It is the user's own socket where the settings name one. Raises SettingsError where that can be none, BackendFailed
    as `runtime_dir` does.
    """
    if settings.socket:
        return _own_socket(settings.socket)
    how = (settings.device, settings.dtype, settings.threads, settings.fim, settings.chunk_tokens)
    wanted = (version("midspan"), __file__, settings.model, *how)
    digest = hashlib.sha256(repr(wanted).encode()).hexdigest()[:12]
    return runtime_dir() / f"host-{digest}{SOCKET if has_unix_sockets() else ENDPOINT_FILE}"


def _own_socket(name: str) -> Path:
    path = Path(name).expanduser()
    if not has_unix_sockets():
        raise SettingsError("host.socket: there are no Unix sockets here. Forward a port instead (docs/remote.md).")
    if not path.is_absolute() or path.suffix != SOCKET or len(os.fsencode(path)) > LONGEST_SOCKET:
        raise SettingsError(
            f"host.socket has to be a whole path of at most {LONGEST_SOCKET} bytes that ends in {SOCKET}."
        )
    return path


def address_option(path: Path) -> tuple[str, str]:
    """Return the host's option that makes it listen there."""
    return ("--socket" if path.suffix == SOCKET else "--endpoint-file"), str(path)


def read_endpoint(path: Path) -> Endpoint | None:
    """Return what an endpoint file tells, or None where there is none or its host is dead.

    A dead host's port may be another program's by now: neither the key nor any text may go there.
    """
    try:
        told = json.loads(path.read_bytes())
        port, key, pid = int(told["port"]), str(told["key"]), int(told["pid"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Endpoint(port, key) if _is_host_of(pid, path) else None


def _is_host_of(pid: int, path: Path) -> bool:
    """Tell whether a process is the host that was started with this file, and not another with its id."""
    import psutil

    try:
        # By the name alone, which is a digest: Windows knows more than one spelling of a folder.
        return any(Path(word).name == path.name for word in psutil.Process(pid).cmdline())
    except (psutil.Error, OSError, ValueError, OverflowError):
        return False


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
