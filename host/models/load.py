"""Bring a model from disk into memory: weights, tokenizer, adapter, device and precision.

Reads safetensors and GGUF, which hold numbers only; code of a model's author is never run. Knows nothing of
prompts or requests.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Set before transformers is imported: the host never asks a hub for anything.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from .adapter import Adapter, merged_copy, read_adapter
from .checkpoint import check_model
from .devices import choose_device, choose_dtype, weight_bits
from .errors import ModelUnusable
from .gguf import read_gguf_model, read_gguf_tokenizer
from .store import ModelFiles

_LONGEST_CONTEXT = {"cpu": 8192, "mps": 16384, "cuda": 32768}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory. ``n_context`` is the most tokens that it is used with.

    ``dtype`` is what is computed in; ``module`` has its weights in it, or as they are stored where "auto" means fp32.
    ``adapter`` is what is added to the weights for lines, if anything. Weights may be rounded to ``weight_bits``; 0
    says that ``dtype`` was asked for, and every number is to be of that precision.
    """

    files: ModelFiles
    module: Any
    adapter: Adapter | None
    tokenizer: Any
    device: torch.device
    dtype: torch.dtype
    weight_bits: int
    n_context: int

    @property
    def adapter_ids(self) -> tuple[int, ...]:
        """The tokens that only the adapter knows."""
        return tuple(self.adapter.sentinels.values()) if self.adapter else ()

    def line_module(self) -> Any:
        """Return the model with the adapter merged (a copy of what that changes), or ``module`` where there is none."""
        return merged_copy(self.module, self.adapter) if self.adapter else self.module


def load(files: ModelFiles, device: str, dtype: str, say: Callable[[str], None]) -> LoadedModel:
    """Load a model for ``device`` ("auto", "cpu", "cuda", "mps") in ``dtype`` ("auto", "float32", …).

    Weights that are to be rounded stay on the CPU: on the device there may be room for no more than what they become.

    Raises ModelUnusable when a file is missing, damaged or of a kind that can't be run.
    """
    check_model(files.path)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    place = choose_device(device)
    precision = choose_dtype(dtype, place)
    say("reading the tokenizer")
    tokenizer = _explained(files, lambda: _read_tokenizer(files.path))
    say("reading weights")
    # Where fp32 is only what is computed in, the weights are kept as they are stored: that takes less memory.
    bits = weight_bits(dtype, place)
    stored = None if bits and precision == torch.float32 else precision
    module = _explained(files, lambda: _read_module(files.path, stored))
    say(f"moving the model to {place}")
    module = _explained(files, lambda: module.to("cpu" if bits else place).eval().requires_grad_(False))
    adapter = read_adapter(files.adapter) if files.adapter else None
    context = _context_of(module.config, place)
    return LoadedModel(files, module, adapter, tokenizer, place, precision, bits, context)


def _read_tokenizer(path: Path) -> Any:
    if path.is_file():
        return read_gguf_tokenizer(path)
    return AutoTokenizer.from_pretrained(str(path), trust_remote_code=False, local_files_only=True)


def _read_module(path: Path, dtype: torch.dtype | None) -> Any:
    if path.is_file():
        return read_gguf_model(path, dtype or torch.bfloat16)
    return AutoModelForCausalLM.from_pretrained(
        str(path), dtype=dtype or "auto", use_safetensors=True, trust_remote_code=False, local_files_only=True
    )


def _explained(files: ModelFiles, action: Callable[[], Any]) -> Any:
    """Turn what the libraries raise for an unfit model into one line for the user."""
    advice = f'Get its files again, or choose another model than "{files.name}".'
    try:
        return action()
    except SafetensorError as error:
        raise ModelUnusable(f"The weights of {files.path} are damaged ({error}). {advice}") from error
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise ModelUnusable(f'There is not enough memory for "{files.name}". Choose a smaller model.') from error
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError, ImportError) as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ModelUnusable(f"{files.path} cannot be loaded: {reason} {advice}") from error


def _context_of(config: Any, device: torch.device) -> int:
    text_config = config.get_text_config()
    known = getattr(text_config, "max_position_embeddings", None) or getattr(text_config, "n_positions", None)
    limit = _LONGEST_CONTEXT[device.type]
    return min(int(known), limit) if known else limit
