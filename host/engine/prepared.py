"""A model made ready: what the native code reads of it, in one file that the next start only maps into memory.

Reading a checkpoint, by transformers, takes several times longer than all else that a start needs; and several hosts
share what they map. Kept in the user's cache under a name that says of which files it was made, by which code: whatever
is not as it was is made again. Knows files and tensors; nothing of the engine.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer

from ..models.adapter import card_of
from ..models.places import prepared_dir
from ..models.store import ModelFiles
from . import architecture, weights
from .architecture import Architecture
from .native import pack

if TYPE_CHECKING:
    from ..models.load import LoadedModel

_TENSORS, _FACTS = "tensors.bin", "facts.json"
_ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class PlainTokenizer:
    """What is needed of a transformers tokenizer that has no chat template. ``first_ids`` begin each text."""

    backend_tokenizer: Tokenizer
    bos_token_id: int | None
    eos_token_id: int | None
    first_ids: tuple[int, ...]
    chat_template: None = None

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        """Return the ids of the empty text, all that anybody asks for."""
        assert (text, add_special_tokens) == ("", True)
        return list(self.first_ids)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model that is ready: ``tensors`` as `pack` has made them, and what goes with them."""

    architecture: Architecture
    tensors: Mapping[str, torch.Tensor]
    tokenizer: PlainTokenizer
    generation_config: Any
    adapter_ids: tuple[int, ...]
    n_context: int


def find_prepared(files: ModelFiles, weight_bits: int) -> Prepared | None:
    """Return what was kept of a model, None where that is nothing, or not of these very files and bits."""
    try:
        folder = _folder(files, weight_bits)
        facts = json.loads((folder / _FACTS).read_text("utf-8"))
        places = facts["tensors"]
        n_bytes = max(at + size for *_, at, size in places.values())
        if (folder / _TENSORS).stat().st_size != n_bytes:
            return None
        mapped = torch.from_file(str(folder / _TENSORS), shared=False, size=n_bytes, dtype=torch.uint8)
        shape = Architecture(**facts["architecture"] | {"windows": tuple(facts["architecture"]["windows"])})
        tokenizer = PlainTokenizer(
            Tokenizer.from_str(facts["tokenizer"]), facts["bos"], facts["eos"], tuple(facts["first_ids"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        return None
    tensors = {
        name: mapped[at : at + size].view(getattr(torch, dtype)).view(size_of)
        for name, (dtype, size_of, at, size) in places.items()
    }
    ends = SimpleNamespace(eos_token_id=facts["ends"])
    return Prepared(shape, tensors, tokenizer, ends, tuple(facts["adapter_ids"]), facts["n_context"])


def keep_prepared(loaded: LoadedModel, shape: Architecture, tensors: Mapping[str, torch.Tensor]) -> None:
    """Keep a model for the next start. A disk that is full or read-only costs the next start its time, nothing else."""
    with suppress(OSError):
        folder = _folder(loaded.files, loaded.weight_bits)
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _drop_outdated(folder.parent, loaded.files.path)
        with tempfile.TemporaryDirectory(dir=folder.parent) as new:
            places = dict(_write(tensors, Path(new) / _TENSORS))
            facts = _facts(loaded) | {"architecture": dataclasses.asdict(shape), "tensors": places}
            (Path(new) / _FACTS).write_text(json.dumps(facts), "utf-8")
            shutil.rmtree(folder, ignore_errors=True)  # what is there can't be read
            Path(new).rename(folder)
            Path(new).mkdir()  # for the context manager to remove


def _facts(loaded: LoadedModel) -> dict[str, Any]:
    tokenizer = loaded.tokenizer
    return {
        "path": str(loaded.files.path),
        "tokenizer": tokenizer.backend_tokenizer.to_str(),
        "bos": tokenizer.bos_token_id,
        "eos": tokenizer.eos_token_id,
        "first_ids": list(tokenizer.encode("", add_special_tokens=True)),
        "ends": getattr(loaded.module.generation_config, "eos_token_id", None),
        "adapter_ids": loaded.adapter_ids,
        "n_context": loaded.n_context,
    }


def _write(tensors: Mapping[str, torch.Tensor], path: Path) -> Iterator[tuple[str, Any]]:
    """Write the tensors one behind the other; yield type, shape, place and size in bytes of each."""
    with path.open("wb") as file:
        for name, tensor in tensors.items():
            file.write(b"\0" * (-file.tell() % _ALIGNMENT))
            raw = tensor.contiguous().view(-1).view(torch.uint8)
            yield name, (str(tensor.dtype).removeprefix("torch."), list(tensor.shape), file.tell(), raw.numel())
            raw.numpy().tofile(file)


def _folder(files: ModelFiles, weight_bits: int) -> Path:
    """Return where a model is kept: a name of the files that it is made of and of the code that makes it."""
    sources = [files.path] if files.path.is_file() else sorted(p for p in files.path.iterdir() if p.is_file())
    facts = [(path.name, (found := path.stat()).st_size, found.st_mtime_ns) for path in sources]
    code = [Path(file).read_bytes() for file in (pack.__file__, weights.__file__, architecture.__file__, __file__)]
    made_of = [
        repr((str(files.path), facts, weight_bits)).encode(),
        card_of(files.adapter) if files.adapter else b"",
        *code,
    ]
    return prepared_dir() / hashlib.sha256(b"\0".join(made_of)).hexdigest()[:24]


def _drop_outdated(kept: Path, path: Path) -> None:
    """Remove what was kept of an earlier state of this model, and of models that are gone."""
    for folder in kept.iterdir():
        with suppress(OSError, ValueError, KeyError):
            source = Path(json.loads((folder / _FACTS).read_text("utf-8"))["path"])
            if source == path or not source.exists():
                shutil.rmtree(folder, ignore_errors=True)
