"""A tiny checkpoint folder, right by its names and by its safetensors' layout, made without torch."""

from __future__ import annotations

import json
import struct
from pathlib import Path

CONFIG = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8, "vocab_size": 4}


def safetensors_bytes(fill: int = 1) -> bytes:
    """Return a safetensors file with one small tensor: length of the header, header, data."""
    data = bytes([fill]) * 64
    header = json.dumps({"weight": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, len(data)]}}).encode()
    return struct.pack("<Q", len(header)) + header + data


def checkpoint_files() -> dict[str, bytes]:
    """Return the files of a checkpoint by name."""
    return {
        "config.json": json.dumps(CONFIG).encode(),
        "tokenizer.json": b'{"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}}',
        "model.safetensors": safetensors_bytes(),
    }


def write_checkpoint(folder: Path) -> Path:
    """Write the files into a folder, made if need be, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in checkpoint_files().items():
        (folder / name).write_bytes(content)
    return folder
