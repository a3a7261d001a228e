"""Whether a model's files are what its manifest says: sizes each time, contents once.

A stamp beside the manifest records that the contents were checked, with each file's modification time; while
those stay the same, a check costs a few `stat` calls.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from .errors import ModelUnusable
from .manifest import FileRecord

STAMP = "verified.json"


def record_files(folder: Path) -> dict[str, FileRecord]:
    """Return what the files under a folder are now, by their relative path with forward slashes."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): FileRecord(path.stat().st_size, sha256_of(path)) for path in paths}


def sha256_of(path: Path) -> str:
    """Return the hexadecimal sha256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_files(folder: Path, files: Mapping[str, FileRecord], advice: str) -> None:
    """Check sizes, and contents unless the stamp says that these very files were checked before.

    Raises ModelUnusable, with ``advice`` on what to do.
    """
    for name, record in files.items():
        _check_size(folder / name, record, advice)
    if is_stamped(folder, files):
        return
    for name, record in files.items():
        if sha256_of(folder / name) != record.sha256:
            raise ModelUnusable(f"{folder / name} is damaged: its sha256 is not the recorded one. {advice}")
    stamp(folder, files)


def stamp(folder: Path, files: Mapping[str, FileRecord]) -> None:
    """Record that the contents were checked. A read-only store just gets none, and is checked each time."""
    with contextlib.suppress(OSError):
        (folder / STAMP).write_text(json.dumps(_fingerprint(folder, files)), encoding="utf-8")


def is_stamped(folder: Path, files: Mapping[str, FileRecord]) -> bool:
    """Tell whether the contents of these very files were checked before."""
    try:
        text = (folder / STAMP).read_text(encoding="utf-8")
        return bool(json.loads(text) == _fingerprint(folder, files))
    except (OSError, ValueError):
        return False


def _fingerprint(folder: Path, files: Mapping[str, FileRecord]) -> dict[str, list[object]]:
    return {name: [(folder / name).stat().st_mtime_ns, record.sha256] for name, record in files.items()}


def _check_size(path: Path, record: FileRecord, advice: str) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ModelUnusable(f"{path} is missing. {advice}") from error
    if size != record.size:
        raise ModelUnusable(f"{path} is damaged: {size} bytes instead of {record.size}. {advice}")
