"""Whether files on disk look like a model that can be loaded, judged by their names and first bytes.

Loads nothing. Weights count only as safetensors or GGUF: both hold numbers, while a pickle can hold a program.
"""

from __future__ import annotations

import json
from pathlib import Path

from .errors import ModelUnusable

_TOKENIZERS = (("tokenizer.json",), ("tokenizer.model",), ("vocab.json", "merges.txt"))
_GGUF_MAGIC = b"GGUF"
_LONGEST_HEADER = 100_000_000


def check_model(path: Path) -> None:
    """Check that ``path`` is a checkpoint folder or a GGUF file. Raises ModelUnusable, saying what is missing."""
    if path.is_dir():
        _check_folder(path)
    elif path.is_file():
        _check_gguf(path)
    else:
        raise ModelUnusable(f"{path} is neither a folder nor a file.")


def check_weights(path: Path) -> None:
    """Check that no safetensors file of a checkpoint folder is cut short. Raises ModelUnusable.

    The file's format: 8 bytes with the length of a JSON header, the header, and the tensors at the offsets that it
    names (safetensors, README, "Format").
    """
    for file in sorted(path.glob("*.safetensors")) if path.is_dir() else ():
        try:
            is_whole = file.stat().st_size == _length_by_header(file)
        except (ValueError, KeyError, TypeError, AttributeError):
            is_whole = False
        if not is_whole:
            raise ModelUnusable(f"{file} is damaged or not whole. Get the model's files again.")


def _length_by_header(file: Path) -> int:
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > _LONGEST_HEADER:
            raise ValueError(length)
        header = json.loads(opened.read(length))
    ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
    return int(8 + length + max(ends, default=0))


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
