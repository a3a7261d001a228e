"""Where a model runs and in which precision. Knows settings and hardware; no models."""

from __future__ import annotations

from typing import Any

import torch

from .errors import ModelUnusable

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_device(wanted: str) -> torch.device:
    """Return the device for a setting; "auto" takes CUDA, else MPS, else the CPU.

    Raises ModelUnusable when the wanted one is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, is_there in there.items() if is_there))
    if not there.get(wanted, False):
        raise ModelUnusable(f'There is no device "{wanted}" here. Set device = "auto" or "cpu".')
    return torch.device(wanted)


def choose_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """Return the precision to compute in for a setting; where that names none, bf16 if the hardware does it fast."""
    if wanted in _DTYPES:
        return _DTYPES[wanted]
    if device.type == "mps":
        return torch.float16
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.bfloat16 if _cpu_has_bf16() else torch.float32


def weight_bits(wanted: str, device: torch.device) -> int:
    """Return how many bits a weight may be rounded to for a setting, 0 where it keeps its precision.

    "auto" means 8 on a CPU, which is short of memory bandwidth, and none elsewhere.
    """
    automatic = 8 if device.type == "cpu" else 0
    return {"auto": automatic, "int8": 8, "int4": 4}.get(wanted, 0)


def _cpu_has_bf16() -> bool:
    ask = getattr(torch.cpu, "get_capabilities", dict)  # not in every torch that is allowed
    capabilities: dict[str, Any] = ask()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
