"""Runs a program that a model has written, in a process that can do little harm, and tells whether it reached its end.

Each run has a temporary folder and an empty environment. What is forbidden, and on which systems: `confine`. This
protects from accidents and from what small models write; it is no prison for somebody who studies it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Outcome = Literal["passed", "failed", "timeout", "early-exit"]

_CONFINE = Path(__file__).with_name("confine.py")
_PYTHON = (sys.executable, "-I", "-S", "-B")
_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.002, 0.05
_TAIL_BYTES = 128
_BLOCK_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use: seconds (of the clock, and of the processor), bytes of memory, bytes of files."""

    seconds: float = 5.0
    memory_bytes: int = 1 << 30
    file_bytes: int = 1 << 20
    folder_bytes: int = 16 << 20


@cache
def can_run(language: str) -> bool:
    """Tell whether programs in a language can be run on this machine.

    An empty program is tried: an interpreter that needs what is forbidden would make every program fail.
    """
    is_there = language == "python" or (language == "javascript" and _node() is not None)
    return is_there and _outcome("", language, Limits(seconds=60)) == "passed"


def run_program(program: str, language: str, limits: Limits = Limits()) -> Outcome:
    """Run a program and tell how it ended.

    It has "passed" when it reached its end: a secret word that is printed there has to be the last of its output,
    so a program that exits before its tests has made an "early-exit". Blocks; can be called from many threads.
    Raises ValueError for a language that can't be run.
    """
    if not can_run(language):
        raise ValueError(f"programs in {language} cannot be run here")
    return _outcome(program, language, limits)


def _outcome(program: str, language: str, limits: Limits) -> Outcome:
    word = secrets.token_hex(8)
    folder = Path(tempfile.mkdtemp(prefix="midspan-run-"))
    try:
        work = folder / "work"
        work.mkdir()
        is_python = language == "python"
        script = work / ("main.py" if is_python else "main.js")
        ending = f"print('\\n{word}')" if is_python else f"console.log('\\n{word}')"
        script.write_text(f"{program}\n{ending}\n", "utf-8", errors="surrogatepass", newline="")
        command = [*_PYTHON, str(script)] if is_python else _node_command(script)
        with (folder / "output").open("w+b") as output:
            code = _run(command, work, output.fileno(), limits, is_python=is_python)
            if code is None:
                return "timeout"
            if code != 0:
                return "failed"
            output.seek(max(0, output.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return "passed" if output.read().decode("utf-8", "replace").rstrip().endswith(word) else "early-exit"
    finally:
        _remove(folder)


@cache
def protections() -> tuple[str, ...]:
    """Return in words what is in force for programs on this machine."""
    told = subprocess.run(
        [*_PYTHON, str(_CONFINE), _restrictions(Path(tempfile.gettempdir()), Limits(), is_python=True)],
        capture_output=True,
        check=False,
    )
    return tuple(json.loads(told.stdout)) if told.returncode == 0 else ()


def _run(command: Sequence[str], work: Path, output: int, limits: Limits, *, is_python: bool) -> int | None:
    """Return the exit code, None after too long."""
    process = subprocess.Popen(
        [*_PYTHON, str(_CONFINE), _restrictions(work, limits, is_python=is_python), *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        cwd=work,
        env={"LANG": "C.UTF-8", "HOME": str(work), "TMPDIR": str(work)},
        start_new_session=True,
    )
    try:
        return _watch(process, work, limits)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def _watch(process: subprocess.Popen[bytes], work: Path, limits: Limits) -> int | None:
    give_up = time.monotonic() + limits.seconds
    pause = _POLL_SECONDS
    while time.monotonic() < give_up:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(pause)
        pause = min(_LONGEST_POLL_SECONDS, 2 * pause)
        if pause == _LONGEST_POLL_SECONDS and _is_fuller(work, limits.folder_bytes):
            return -signal.SIGXFSZ
    return None


def _restrictions(work: Path, limits: Limits, *, is_python: bool) -> str:
    # V8 reserves far more addresses than it uses.
    memory = {"RLIMIT_AS": limits.memory_bytes} if is_python else {"RLIMIT_DATA": 2 * limits.memory_bytes}
    amounts = {
        "RLIMIT_CPU": int(limits.seconds) + 1,
        **memory,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": 128,
    }
    return json.dumps({"limits": amounts, "readable": _readable(), "writable": str(work), "parent": os.getpid()})


@cache
def _readable() -> list[str]:
    """Return what interpreters have to read: themselves and the system's libraries."""
    paths = {
        sys.prefix,
        sys.base_prefix,
        sysconfig.get_paths()["stdlib"],
        os.path.realpath(sys.executable),
        str(_CONFINE),
    }
    paths |= {"/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/share/nodejs", "/usr/share/zoneinfo"}
    paths |= {"/etc/ld.so.cache", "/dev/urandom", "/dev/random", "/etc/ssl/openssl.cnf"}
    if node := _node():
        paths.add(os.path.realpath(node))
    return sorted(paths)


@cache
def _node() -> str | None:
    return shutil.which("node")


def _node_command(script: Path) -> list[str]:
    node = _node()
    assert node is not None
    return [node, "--max-old-space-size=512", str(script)]


def _is_fuller(folder: Path, n_bytes: int) -> bool:
    """Tell whether files take more space, each at least a block, or lie where they can't be counted."""
    total, waiting = 0, [str(folder)]
    while waiting and total <= n_bytes:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        total += max(_BLOCK_BYTES, entry.stat(follow_symlinks=False).st_blocks * 512)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except FileNotFoundError:
            continue
        except OSError:
            return True
    return total > n_bytes


def _remove(folder: Path) -> None:
    """Remove a folder whatever a program has made of it: nested deeper than a path can be long, or unreadable.

    Folders are moved to the top before they are emptied.
    """
    waiting, n_moved = [folder], 0
    with suppress(OSError):
        while waiting:
            place = waiting.pop()
            for entry in list(os.scandir(place)):
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                n_moved += 1
                moved = folder / f"moved-{n_moved}"
                os.chmod(entry.path, 0o700)
                os.rename(entry.path, moved)
                waiting.append(moved)
            if place != folder:
                place.rmdir()
        folder.rmdir()
