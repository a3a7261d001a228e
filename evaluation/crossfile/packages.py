"""The packages that cross-file tasks are cut from: pinned by their digests, fetched once, unpacked as repositories."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath

from ...host.models.errors import StoreError
from ...host.models.fetch import Download, fetch
from ..errors import EvaluationError

_NOT_THE_PROJECTS_OWN = frozenset(
    {"node_modules", "vendor", "third_party", "dist", "_cjs", "_esm", "_types", "lib.commonjs", "lib.esm"}
)
"""What is built from the rest, or another project's: the same text twice would make retrieval look too good."""


@dataclass(frozen=True, slots=True)
class Package:
    """A published archive: where it is, its bytes and their SHA-256, its licence (SPDX), its main language."""

    name: str
    version: str
    language: str
    license: str
    url: str
    size: int
    sha256: str

    @property
    def folder(self) -> str:
        """What its repository is called here."""
        return f"{self.name.replace('/', '-').removeprefix('@')}-{self.version}"


def packages() -> tuple[Package, ...]:
    """Return the packages of the list."""
    rows = json.loads((resources.files(__package__) / "packages.json").read_text("utf-8"))
    return tuple(Package(**row) for row in rows)


def unpack_all(into: Path, say: Callable[[str], None]) -> list[tuple[Package, Path]]:
    """Fetch and unpack each package below a folder, those that are there already left alone. Raises EvaluationError."""
    into.mkdir(parents=True, exist_ok=True)
    found = []
    for package in packages():
        target = into / package.folder
        if not target.is_dir():
            say(f"fetching {package.name} {package.version}")
            archive = into / f"{package.folder}.tar.gz"
            try:
                fetch(Download(package.url, package.size, package.sha256), archive)
                _unpack(archive, target)
            except (StoreError, OSError, tarfile.TarError) as error:
                raise EvaluationError(f"{package.name} {package.version} can't be had: {error}") from error
            archive.unlink()
        found.append((package, target))
    return found


def _unpack(archive: Path, target: Path) -> None:
    """Unpack an archive without the folder that all of it is in, and without what is not the project's own."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    with tarfile.open(archive) as packed:
        for member in packed:
            way = PurePosixPath(member.name).parts[1:]
            if member.isfile() and way and not _NOT_THE_PROJECTS_OWN & set(way[:-1]):
                packed.extract(member.replace(name="/".join(way), deep=False), unfinished, filter="data")
    unfinished.rename(target)
