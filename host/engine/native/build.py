"""Build the native code with this machine's C compiler, once, and load it.

The result is kept in the user's cache under a name that says which source, compiler and processor it is for. Where
there is no compiler, torch does the same work, slower. Knows compilers and files; nothing of models.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from ...models.places import native_dir
from .check import computes_right

_SOURCE = Path(__file__).parent
_FLAGS = ("-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-fopenmp-simd", "-shared", "-fPIC")
_BUILD_SECONDS = 120


def load_library(say: Callable[[str], None]) -> ctypes.CDLL | None:
    """Return the native code, built now if need be (seconds, once), or None where it can't be had.

    What was built is kept only if it computes what torch does.
    """
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if os.name != "posix" or compiler is None:
        return None
    try:
        built = native_dir() / f"{_identity(compiler)}.so"
        if built.with_suffix(".useless").exists():
            return None
        if not built.exists():
            say("building native code, once")
            _build(compiler, built)
        return ctypes.CDLL(str(built))
    except (OSError, subprocess.SubprocessError):
        return None


def _identity(compiler: str) -> str:
    """Name what the built code depends on: its source, the compiler and the processor."""
    version = subprocess.run([compiler, "--version"], capture_output=True, timeout=_BUILD_SECONDS, check=True).stdout
    sources = [path.read_bytes() for path in sorted(_SOURCE.iterdir()) if path.suffix in (".c", ".h")]
    processor = repr((platform.machine(), platform.system(), sorted(_processor_flags()))).encode()
    return hashlib.sha256(b"\0".join([version, processor, repr(_FLAGS).encode(), *sources])).hexdigest()[:24]


def _processor_flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {platform.processor()}
    lines = (line.partition(":") for line in text.splitlines())
    return {
        word
        for name, _, value in lines
        if name.strip() in ("flags", "Features", "model name")
        for word in value.split()
    }


def _build(compiler: str, target: Path) -> None:
    """Compile with threads (OpenMP), or without where the compiler has none, and check what comes of it.

    Raises OSError or SubprocessError.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    tune = "-mcpu=native" if platform.machine() in ("arm64", "aarch64") else "-march=native"
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        for name, threads in (("threads.so", ["-fopenmp"]), ("one.so", [])):
            made = Path(folder) / name
            command = [compiler, *_FLAGS, tune, *threads, "-o", str(made), str(_SOURCE / "decoder.c"), "-lm"]
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_BUILD_SECONDS, check=False
            )
            if done.returncode == 0 and computes_right(ctypes.CDLL(str(made))):
                made.replace(target)
                return
    target.with_suffix(".useless").touch()
    raise OSError("the native code can not be used")
