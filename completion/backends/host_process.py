"""Our model host as a process: where its log is, how it is started and brought back.

One host serves every editor window of a user that wants the same model in the same way (`host_address`). The host
itself holds the lock that makes it the only one, so that any number of windows may start one at the same time: all
but one end at once, and everybody waits for that one to answer.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NoReturn

import platformdirs

from ..errors import BackendError, BackendFailed, BackendUnreachable, ModelMissing
from ..settings import HostSettings
from .host_address import address_option, address_path, runtime_dir

MODEL_MISSING, ENGINE_MISSING, ANOTHER_HAS_IT = 66, 69, 75
"""Exit codes of `midspan host` that mean something here (docs/protocol.md)."""

SAYS = "midspan host: "
"""What a host's words for the user begin with, in its log."""

MAX_LOG_BYTES = 1_000_000

START_SECONDS = 60.0
"""How long a new host may take until it answers (its model loads after that)."""

PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 10.0, 600.0
"""How long to leave a host alone that cannot be had: the next keystroke must not start it again. Doubled each time."""

MISSING_PAUSE_SECONDS = 30.0
"""The longest such pause where only the model is missing: the user may be adding it."""

STEADY_SECONDS = 120.0
"""A host that ends sooner after its start than this will probably do so again."""

RETRY_SECONDS = 0.5
"""When another host holds the lock but does not answer, it may be ending: how soon to try to follow it."""


def log_path() -> Path:
    """Return the file that hosts write their errors to."""
    return platformdirs.user_log_path("midspan", appauthor=False) / "host.log"


# What `start_new_session` is elsewhere. A console that nobody sees rather than none: the `python.exe` of a virtual
# environment starts another one, which would open a window for itself.
if sys.platform == "win32":
    _OUTLIVES_US = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _OUTLIVES_US = 0


class HostProcess:
    """Starts the host when it is not there, and says why it cannot be had."""

    def __init__(self, settings: HostSettings) -> None:
        """Remember the settings; nothing is started yet."""
        self._settings = settings
        self._child: _Child | None = None
        self._problem: BackendError | ModelMissing | None = None
        self._n_problems = 0
        self._paused_until = 0.0

    async def start(self, is_up: Callable[[], Awaitable[bool]]) -> None:
        """Return when the host answers, starting a host if need be.

        Raises ModelMissing or BackendError; then the host is left alone for a while, longer each time.
        """
        give_up = time.monotonic() + START_SECONDS
        while not await is_up():
            if time.monotonic() > give_up:
                self._pause(BackendUnreachable(f"The model host does not answer. See {log_path()}."))
            self._look_after()
            await asyncio.sleep(0.05)
        if self._child is not None:
            self._child.was_up = True

    def try_again(self) -> None:
        """Forget earlier problems: what was missing may be there now."""
        self._problem, self._n_problems = None, 0

    def _look_after(self) -> None:
        """Start a host, wait for the one that was started, or say why there is none."""
        if self._settings.socket:
            raise BackendUnreachable(
                f"No model host answers at {self._settings.socket}. Is it running, and the tunnel to it open? "
                "`midspan doctor` looks again."
            )
        child = self._child
        if child is None:
            if self._problem is not None and time.monotonic() < self._paused_until:
                raise self._problem
            self._child = _Child(self._settings)
        elif child.exit_code() == ANOTHER_HAS_IT:
            if child.age() > RETRY_SECONDS:
                self._child = _Child(self._settings)
        elif child.exit_code() is not None:
            self._child = None
            self._note_end(child)

    def _note_end(self, child: _Child) -> None:
        """Return where a host that ended may be followed by another at once, else raise the reason of its end.

        Ending early may be an accident, once. A host that cannot load its model, or runs out of memory with it,
        would be started by every keystroke.
        """
        if not child.was_up:
            self._pause(child.reason())
        elif child.exit_code() == 0 or child.age() > STEADY_SECONDS:
            self.try_again()
        elif self._n_problems == 0:
            self._n_problems = 1
        else:
            self._pause(child.reason())

    def _pause(self, error: BackendError | ModelMissing) -> NoReturn:
        self._problem = error
        self._n_problems += 1
        longest = MISSING_PAUSE_SECONDS if isinstance(error, ModelMissing) else LONGEST_PAUSE_SECONDS
        self._paused_until = time.monotonic() + min(longest, PAUSE_SECONDS * 2.0 ** min(self._n_problems - 1, 10))
        raise error


class _Log:
    """The hosts' log, and what a new host adds to it. Begun anew when it has grown large."""

    def __init__(self) -> None:
        self.path = log_path()
        self._start = 0
        with suppress(OSError):
            n_bytes = self.path.stat().st_size
            if n_bytes <= MAX_LOG_BYTES or not self._begin_anew():
                self._start = n_bytes

    def open(self) -> BinaryIO:
        """Open it for the new host to write to."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self.path.open("ab")

    def last_words(self) -> str:
        """Return the last thing that a host said since then (of two at the same time, either's), or nothing."""
        try:
            lines = self.path.read_bytes()[self._start :].decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        said = [line.partition(SAYS)[2] for line in lines if SAYS in line]
        return said[-1].rstrip(".") if said else ""

    def _begin_anew(self) -> bool:
        """Remove it; return whether that could be done (on Windows not while a host that runs writes to it)."""
        with suppress(PermissionError):
            self.path.unlink()
            return True
        return False


class _Child:
    """A host that this process started. It outlives us."""

    def __init__(self, settings: HostSettings) -> None:
        """Start it. Raises BackendFailed."""
        self._settings = settings
        self.was_up = False
        self._log = _Log()
        self._began = time.monotonic()
        self._process = self._spawn()

    def exit_code(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self._process.poll()

    def age(self) -> float:
        """Return the seconds since its start."""
        return time.monotonic() - self._began

    def reason(self) -> BackendError | ModelMissing:
        """Return why it ended."""
        code, model = self.exit_code(), self._settings.model
        if code == MODEL_MISSING:
            text = f"The model `{model}` is not on this machine. Run `midspan models add {model}`."
            return ModelMissing(text, model=model)
        if code == ENGINE_MISSING:
            return BackendFailed("The model engine is not installed. Run `pip install 'midspan[host]'`.")
        said = self._log.last_words()
        return BackendFailed(f"The model host ended ({code}){': ' + said if said else ''}. See {self._log.path}.")

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = self._settings
        command = [
            # `-P` and the folder keep the files of the repository that is edited off its import path.
            *(sys.executable, "-P", "-m", "midspan.host"),
            *address_option(address_path(settings)),
            *("--model", settings.model, "--device", settings.device),
            *("--dtype", settings.dtype, "--threads", str(settings.threads)),
            *("--idle-minutes", str(settings.idle_minutes), "--memory-mb", str(settings.memory_mb)),
            *("--fim", settings.fim, "--chunk-tokens", str(settings.chunk_tokens)),
        ]
        try:
            with self._log.open() as errors:
                return subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    cwd=runtime_dir(),
                    start_new_session=True,
                    creationflags=_OUTLIVES_US,
                )
        except OSError as error:
            raise BackendFailed(f"The model host cannot be started: {error.strerror} ({error.filename}).") from error
