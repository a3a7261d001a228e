"""Makes peers ready: builds llama.cpp, writes our weights for it, and opens the peers that a benchmark names."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from ...host.models.load import load
from ...host.models.store import resolve
from ...host.process import physical_cores
from ..errors import PeerMissing
from .base import Kind, Peer
from .build import Built, build, built, peers_dir
from .llama_cpp import LlamaCpp
from .transformers_generate import TransformersGenerate
from .weights import write_gguf

NAMES = ("llama.cpp", "llama.cpp-q4", "transformers")
_KINDS: tuple[Kind, ...] = ("line", "block")
_FASTEST = "Q4_0"
"""llama.cpp's fastest quantisation for processors: it repacks these blocks for the widest instructions at hand."""

Say = Callable[[str], None]


def make_ready(model: str, say: Say) -> None:
    """Build and convert everything that is not there yet. Raises PeerMissing."""
    weights(model, build(say), say)
    say("ready")


def open_peer(name: str, model: str, say: Say) -> Peer:
    """Return a peer by its name, not started yet. Raises PeerMissing for one that is not ready."""
    threads = physical_cores()
    if name == "transformers":
        return TransformersGenerate(model, threads)
    if name not in NAMES:
        raise PeerMissing(f"there is no peer of this name (there are: {', '.join(NAMES)})")
    programs = built()
    files = weights(model, programs, say)
    chosen = {kind: files[kind, "bf16" if name == "llama.cpp" else _FASTEST] for kind in _KINDS}
    return LlamaCpp(name, programs.server, chosen, threads, programs.description)


def weights(model: str, programs: Built, say: Say) -> dict[tuple[Kind, str], Path]:
    """Return the files with our weights, by kind and precision; those that are missing are written first."""
    files = resolve(model)
    folder = peers_dir() / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[tuple[Kind, str], Path] = {}
    for kind in _KINDS:
        for precision in ("bf16", _FASTEST):
            found[kind, precision] = (
                folder / f"{files.name.replace('/', '-')}-{files.adapter or 'plain'}-{kind}-{precision}.gguf"
            )
    if all(path.is_file() for path in found.values()):
        return found
    say("writing our weights for llama.cpp")
    loaded = load(files, "cpu", "bfloat16", lambda detail: None)
    for kind in _KINDS:
        write_gguf(loaded, kind, found[kind, "bf16"])
        command = [str(programs.quantize), str(found[kind, "bf16"]), str(found[kind, _FASTEST]), _FASTEST]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            raise PeerMissing(f"llama-quantize ended with {done.returncode}")
    return found
