"""The card that lies beside each model: where it came from, under which licence, and what its files must be.

Knows one JSON file, `manifest.json`. Does not know where models lie or how they are fetched.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .errors import StoreError

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What one file must be: ``size`` in bytes and the hexadecimal ``sha256`` of its content."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One model of the store.

    ``files`` are relative to the model's folder. ``load`` names what to load there: "." for a checkpoint folder
    (config, tokenizer, safetensors), or a GGUF file. A model that only points to files of the user has ``path``
    instead, and no ``files``. ``adapter``, ``fim_line`` and ``fim_block`` say how to ask it ("auto" unless known).
    """

    name: str
    source: str
    licence: str = ""
    revision: str = ""
    load: str = "."
    path: str = ""
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    fim_line: str = "auto"
    fim_block: str = "auto"
    adapter: str = ""
    added: str = ""

    @property
    def size(self) -> int:
        """Bytes of its files in the store."""
        return sum(record.size for record in self.files.values())


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write the card into a model's folder, dated now if it has no date."""
    dated = dataclasses.replace(manifest, added=manifest.added or _now())
    text = json.dumps(dataclasses.asdict(dated), indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read the card of a model's folder.

    Raises StoreError when it is not what `write_manifest` writes; unknown keys are left aside.
    """
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _from_json(data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(
            f"The card of a model cannot be read: {path} ({type(error).__name__}). "
            f"Remove it with `midspan models remove {folder.name}` and add the model again."
        ) from error


def _from_json(data: dict[str, object]) -> Manifest:
    files = data.get("files", {})
    if not isinstance(files, dict):
        raise TypeError("files")
    records = {}
    for name, record in files.items():
        # A card that was tampered with must not lead out of its folder.
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError(name)
        records[name] = FileRecord(int(record["size"]), str(record["sha256"]))
    texts = {f.name for f in dataclasses.fields(Manifest)} - {"files"}
    values = {key: value for key, value in data.items() if key in texts}
    if not all(isinstance(value, str) for value in values.values()):
        raise TypeError("values")
    if ".." in Path(str(values.get("load", "."))).parts:
        raise ValueError("load")
    return Manifest(files=records, **values)  # type: ignore[arg-type]


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
