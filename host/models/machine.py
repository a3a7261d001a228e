"""What this machine has to run models with: memory, processor, GPU. Imports no engine to find out."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

_FAST_BF16 = {"avx512_bf16", "amx_bf16", "bf16"}

SLOW_ON_CPU = 1.0
"""Billions of parameters above which a model completes too slowly for typing on an ordinary processor."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory in megabytes; ``gpu`` is empty without a GPU that the engine can use.

    ``cpu_weight_bytes`` is what one weight takes when the processor computes: 2 (bf16) or 4 (fp32).
    """

    ram_mb: int
    ram_free_mb: int
    cores: int
    cpu_weight_bytes: int = 2
    gpu: str = ""
    gpu_mb: int = 0


@dataclass(frozen=True, slots=True)
class Fit:
    """The memory that a model needs on a machine, in megabytes, and how it would run: "well", "slow" or "no"."""

    needed_mb: int
    how: str


def look_at_machine() -> Machine:
    """Return what this machine has. A GPU counts if NVIDIA's driver tells of it, or if this is Apple silicon."""
    memory = psutil.virtual_memory()
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    weight_bytes = 2 if _FAST_BF16 & set(cpu_features()) else 4
    gpu, gpu_mb = _gpu(memory.total // 1_000_000)
    return Machine(memory.total // 1_000_000, memory.available // 1_000_000, cores, weight_bytes, gpu, gpu_mb)


def needed_mb(parameters: float, weight_bytes: int) -> int:
    """Return the memory that a model of that many billion parameters needs: weights, and a gigabyte beside them."""
    return int(parameters * 1000 * weight_bytes) + 1000


def fit(parameters: float, machine: Machine) -> Fit:
    """Tell how a model of that many billion parameters would run here."""
    if machine.gpu and needed_mb(parameters, 2) < machine.gpu_mb * 0.9:
        return Fit(needed_mb(parameters, 2), "well")
    needed = needed_mb(parameters, machine.cpu_weight_bytes)
    # Half of the memory stays for the editor, the browser and the language servers.
    if needed > machine.ram_mb * 0.5:
        return Fit(needed, "no")
    return Fit(needed, "slow" if parameters > SLOW_ON_CPU else "well")


def cpu_features() -> tuple[str, ...]:
    """Return which of the instruction sets that matter for speed this processor has (known on Linux only)."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ()
    words = set(text.split())
    names = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16", "i8mm")
    return tuple(name for name in names if name in words)


def _gpu(ram_mb: int) -> tuple[str, int]:
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        # Memory is shared; the system lets the GPU have about two thirds of it.
        return "Apple silicon", ram_mb * 2 // 3
    command = shutil.which("nvidia-smi")
    if command is None:
        return "", 0
    query = [command, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=5, stdin=subprocess.DEVNULL)
        name, _, size = done.stdout.splitlines()[0].rpartition(",")
        return name.strip(), int(size)
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return "", 0
