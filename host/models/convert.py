"""Turn a GGUF file into a checkpoint folder (bf16 safetensors, tokenizer) once, so that each start is quick.

The work runs in a process of its own: torch and transformers never enter the command that asked for it, and
their memory is given back. Knows nothing of the store.

    python -m midspan.host.models.convert MODEL.gguf FOLDER
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .errors import StoreError

_NEEDED = ("torch", "transformers", "gguf", "safetensors")


def converter_is_installed() -> bool:
    """Tell whether the packages that converting (and running) a model takes are there."""
    return all(importlib.util.find_spec(name) is not None for name in _NEEDED)


def convert(gguf: Path, folder: Path) -> None:
    """Write config.json, the tokenizer and model.safetensors into ``folder``.

    Raises StoreError when the file can't be converted (unknown architecture, damaged, no memory, disk full).
    """
    # `-P` keeps the files of the current folder, which may be anybody's repository, from being imported.
    command = [sys.executable, "-P", "-m", "midspan.host.models.convert", str(gguf), str(folder)]
    quiet = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1] if lines else f"it ended with {done.returncode}"
        raise StoreError(
            f"{gguf.name} could not be converted for the engine: {reason}. Check free memory and disk, or serve "
            'the file with llama.cpp and set backend.kind = "openai".'
        )


def convert_here(gguf: Path, folder: Path) -> None:
    """Do the work of `convert` in this process: needs about six bytes of memory for each parameter."""
    import torch
    from safetensors.torch import save_file

    from .gguf import read_gguf_model, read_gguf_tokenizer
    from .pretokenizer import mend_pretokenizer

    tokenizer = read_gguf_tokenizer(gguf)
    mend_pretokenizer(tokenizer, gguf)
    tokenizer.save_pretrained(folder)
    model = read_gguf_model(gguf, torch.bfloat16)
    model.config.save_pretrained(folder)
    save_file(_without_tied(model.state_dict()), folder / "model.safetensors", metadata={"format": "pt"})


def _without_tied(state: dict[str, Any]) -> dict[str, Any]:
    """Leave out tensors that share their memory with an earlier one: transformers ties them again at load."""
    first = {tensor.data_ptr(): name for name, tensor in reversed(state.items())}
    return {name: tensor for name, tensor in state.items() if first[tensor.data_ptr()] == name}


if __name__ == "__main__":
    convert_here(Path(sys.argv[1]), Path(sys.argv[2]))
