"""What a device can do at most, measured: bytes and products a second; and how long something takes there."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

_MATRIX = {"cpu": 1024, "cuda": 8192, "mps": 4096}
_BANDWIDTH_BYTES = {"cpu": 256_000_000, "cuda": 4_000_000_000, "mps": 1_000_000_000}


def seconds(action: Callable[[], object], n: int) -> list[float]:
    """Return how long an action takes, ``n`` times after a first one that is not counted."""
    action()
    taken = []
    for _ in range(n):
        _wait_for_device()
        began = time.perf_counter()
        action()
        _wait_for_device()
        taken.append(time.perf_counter() - began)
    return taken


def bandwidth(device: torch.device) -> float:
    """Return bytes a second that a copy or a sum moves, whichever is quicker."""
    values = torch.ones(_BANDWIDTH_BYTES[device.type] // 4, device=device)
    target = torch.empty_like(values)
    copied = 2 * values.nbytes / min(seconds(lambda: target.copy_(values), 5))
    return float(max(copied, values.nbytes / min(seconds(lambda: values.sum(), 5))))


def peak(device: torch.device) -> float:
    """Return the floating-point operations a second of torch's quickest matrix product."""
    n = _MATRIX[device.type]
    found = []
    for dtype in (torch.float32, torch.bfloat16):
        a = torch.ones((n, n), dtype=dtype, device=device)
        found.append(2 * n**3 / min(seconds(lambda a=a: a @ a, 3)))  # type: ignore[misc]
    return max(found)


def _wait_for_device() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    elif torch.backends.mps.is_available():
        torch.mps.synchronize()
