"""The models on this machine: one folder each, with its manifest.

Knows folders and manifests; does not know where models come from, and never touches the network or torch.
A model appears in the store whole or not at all: it is put together in a staging folder and renamed into place.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from .checkpoint import check_model, check_weights
from .errors import ModelNotFound, ModelUnusable, StoreError, writing_to
from .manifest import Manifest, read_manifest, write_manifest
from .places import models_dir
from .verify import check_files, stamp

__all__ = [
    "Installed",
    "ModelFiles",
    "ModelNotFound",
    "ModelUnusable",
    "StoreError",
    "add_reference",
    "find",
    "installed",
    "lock",
    "put",
    "remove",
    "resolve",
    "staging",
]

DEFAULT = "default"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")
_STAGING = ".staging-"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model that can be loaded.

    ``path`` is a folder with config.json, a tokenizer and safetensors, or a GGUF file. ``fim_line`` and
    ``fim_block`` name the format (completion/fim.py) for lines and blocks, "auto" where nothing is known;
    ``adapter`` names the adapter to merge at load, or is empty. ``gguf`` is the quantised file that the
    checkpoint was made from, where the store has it.
    """

    name: str
    path: Path
    fim_line: str = "auto"
    fim_block: str = "auto"
    adapter: str = ""
    gguf: Path | None = None


@dataclass(frozen=True, slots=True)
class Installed:
    """A folder of the store. ``manifest`` is None when it can't be read; ``problem`` says what is wrong, if so."""

    name: str
    folder: Path
    manifest: Manifest | None
    problem: str = ""


def resolve(name: str) -> ModelFiles:
    """Find a model by its name in the store, or by the path of a checkpoint folder or GGUF file.

    Raises ModelNotFound when there is none, ModelUnusable or StoreError when it is there but damaged.
    """
    folder = _folder_if_valid(name)
    if folder is not None and folder.is_dir():
        return _resolve_in_store(name, folder)
    path = Path(name).expanduser() if name else None
    if path is not None and path.exists():
        check_model(path)
        return ModelFiles(name=path.name, path=path.absolute())
    raise _not_found(name)


def find(name: str) -> Manifest | None:
    """Return the manifest of a model in the store, None if there is none. Raises StoreError if it is damaged."""
    folder = _folder_if_valid(name)
    return read_manifest(folder) if folder is not None and folder.is_dir() else None


def installed() -> list[Installed]:
    """Return all models of the store by name, damaged ones too (sizes are checked, contents are not)."""
    try:
        folders = sorted(path for path in models_dir().iterdir() if _is_model_folder(path))
    except OSError:
        return []
    return [_look_at(folder) for folder in folders]


def remove(name: str) -> int:
    """Remove a model from the store and return the bytes that this freed. Files it only points to stay.

    Raises ModelNotFound, or StoreError when the disk refuses.
    """
    folder = _folder_if_valid(name)
    if folder is None or not folder.is_dir():
        raise ModelNotFound(f'There is no model "{name}" here. `midspan models list` shows what there is.', name)
    with lock(name), writing_to(folder):
        freed = size_of(folder)
        # Renamed first, so that an interruption never leaves half a model under its name.
        doomed = Path(tempfile.mkdtemp(prefix=_STAGING, dir=models_dir())) / "removed"
        os.replace(folder, doomed)
        shutil.rmtree(doomed.parent)
    return freed


def add_reference(manifest: Manifest) -> None:
    """Put a model into the store that points to files of the user (``manifest.path``)."""
    check_model(Path(manifest.path))
    check_weights(Path(manifest.path))
    with staging() as folder:
        put(manifest, folder)


@contextmanager
def staging() -> Iterator[Path]:
    """Give an empty folder to put a model together in; whatever is left in it afterwards is removed."""
    with writing_to(models_dir()):
        models_dir().mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=models_dir()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put(manifest: Manifest, folder: Path) -> None:
    """Move a complete folder (from `staging`) into the store under the manifest's name, in the place of an old one.

    The files must just have been checked against ``manifest.files``.
    """
    target = folder_of(manifest.name)
    with writing_to(models_dir()):
        write_manifest(manifest, folder)
        stamp(folder, manifest.files)
        with staging() as old:
            if target.exists():
                os.replace(target, old / "replaced")
            os.replace(folder, target)


@contextmanager
def lock(name: str, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the right to change one model: two commands that add the same one do it one after the other.

    ``on_wait`` is called when another process holds it.
    """
    with writing_to(models_dir()):
        models_dir().mkdir(parents=True, exist_ok=True)
        held = FileLock(models_dir() / f".{folder_of(name).name}.lock")
        try:
            held.acquire(timeout=0)
        except Timeout:
            on_wait()
            held.acquire()
    try:
        yield
    finally:
        held.release()


def folder_of(name: str) -> Path:
    """Return a model's folder in the store, whether it is there or not. Raises StoreError for an impossible name."""
    folder = _folder_if_valid(name)
    if folder is None:
        raise StoreError(
            f'"{name}" cannot be the name of a model. Use letters, digits, "." "_" "-", and one "/" at most.'
        )
    return folder


def size_of(path: Path) -> int:
    """Return the bytes of all files under a path."""
    if path.is_file():
        return path.stat().st_size
    return sum(p.lstat().st_size for p in path.rglob("*") if not p.is_dir() or p.is_symlink())


def _folder_if_valid(name: str) -> Path | None:
    return models_dir() / name.replace("/", "--") if _NAME.fullmatch(name) else None


def _is_model_folder(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _resolve_in_store(name: str, folder: Path) -> ModelFiles:
    manifest = read_manifest(folder)
    advice = f"Get it again with `midspan models remove {name}` and `midspan models add {manifest.source}`."
    check_files(folder, manifest.files, advice)
    path = Path(manifest.path) if manifest.path else folder / manifest.load
    if not path.exists():
        raise ModelUnusable(f'The model "{name}" points to {path}, which is gone. {advice}')
    check_model(path)
    gguf = next((folder / file for file in manifest.files if file.endswith(".gguf")), None)
    return ModelFiles(manifest.name, path, manifest.fim_line, manifest.fim_block, manifest.adapter, gguf)


def _look_at(folder: Path) -> Installed:
    try:
        manifest = read_manifest(folder)
    except StoreError as error:
        return Installed(folder.name, folder, None, str(error))
    return Installed(manifest.name, folder, manifest, _problem(folder, manifest))


def _problem(folder: Path, manifest: Manifest) -> str:
    try:
        for name, record in manifest.files.items():
            if (folder / name).stat().st_size != record.size:
                return f"{name} is damaged"
        check_model(Path(manifest.path) if manifest.path else folder / manifest.load)
    except OSError as error:
        return f"{Path(str(error.filename)).name} is missing"
    except StoreError as error:
        return str(error)
    return ""


def _not_found(name: str) -> ModelNotFound:
    if name == DEFAULT:
        return ModelNotFound(
            "The default model is not on this machine yet. Download it (93 MB, Apache-2.0) with "
            "`midspan models add default`.",
            name,
        )
    return ModelNotFound(
        f'There is no model "{name}" on this machine. `midspan models list` shows what there is; '
        f"`midspan models add {name or 'NAME'}` adds one.",
        name,
    )
