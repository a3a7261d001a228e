"""Whether files on disk look like a model that can be loaded, judged by their names and first bytes.

Loads nothing. Weights count only as safetensors or GGUF: both hold numbers, while a pickle can hold a program.
"""

from __future__ import annotations

import json
from pathlib import Path

from .errors import ModelUnusable

_TOKENIZERS = (("tokenizer.json",), ("tokenizer.model",), ("vocab.json", "merges.txt"))
_GGUF_MAGIC = b"GGUF"


def check_model(path: Path) -> None:
    """Check that ``path`` is a checkpoint folder or a GGUF file. Raises ModelUnusable, saying what is missing."""
    if path.is_dir():
        _check_folder(path)
    elif path.is_file():
        _check_gguf(path)
    else:
        raise ModelUnusable(f"{path} is neither a folder nor a file.")


def looks_like_gguf(path: Path) -> bool:
    """Tell whether a regular file starts as GGUF does."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == _GGUF_MAGIC


def _check_folder(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise ModelUnusable(_missing(folder, "config.json"))
    if not any(all((folder / name).is_file() for name in names) for names in _TOKENIZERS):
        raise ModelUnusable(_missing(folder, "tokenizer (tokenizer.json, or tokenizer.model)"))
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        advice = " Pickled weights (.bin, .pt) are not loaded, since they can run programs; convert them first."
        found = any(folder.glob("*.bin")) or any(folder.glob("*.pt"))
        raise ModelUnusable(_missing(folder, "*.safetensors") + (advice if found else ""))
    absent = _named_shards(folder) - {path.name for path in weights}
    if absent:
        raise ModelUnusable(_missing(folder, ", ".join(sorted(absent))))


def _named_shards(folder: Path) -> set[str]:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return set()
    try:
        return set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnusable(f"{index} is damaged. Get the model's files again.") from error


def _check_gguf(path: Path) -> None:
    if not looks_like_gguf(path):
        raise ModelUnusable(
            f"{path} is not a GGUF file. Name a GGUF file, or a folder with config.json, a tokenizer and safetensors."
        )


def _missing(folder: Path, what: str) -> str:
    return f"The model folder {folder} has no {what}. Copy all files of the checkpoint into it."
