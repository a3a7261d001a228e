"""Makes peers ready: builds llama.cpp, writes our weights for it, and opens the peers that a benchmark names."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import torch

from ...host.models.devices import choose_device, choose_dtype
from ...host.models.load import load
from ...host.models.store import resolve
from ...host.models.verify import sha256_of
from ...host.process import physical_cores
from ..errors import PeerMissing
from .base import Kind, Peer
from .build import Built, build, built, peers_dir
from .llama_cpp import LlamaCpp
from .transformers_generate import TransformersGenerate
from .weights import Precision, write_gguf

NAMES = ("llama.cpp", "llama.cpp-q4", "transformers")
_KINDS: tuple[Kind, ...] = ("line", "block")
_FASTEST = "Q4_0"
"""llama.cpp's fastest quantisation for processors: it repacks these blocks for the widest instructions at hand.

Seconds of one core (AVX2) for 700 tokens of a prompt, and for 30 tokens after it, with the default model:
Q4_0 3.0 + 0.75, IQ4_NL 2.8 + 0.76, Q8_0 3.4 + 0.94, Q4_1 7.1 + 0.91, F16 3.5 + 1.4, BF16 4.2 + 1.5.
"""

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
    full, quantised = weights(model, programs, say)
    return LlamaCpp(name, programs.server, full if name == "llama.cpp" else quantised, threads, programs.description)


def weights(model: str, programs: Built, say: Say) -> tuple[dict[Kind, Path], dict[Kind, Path]]:
    """Return the files with our weights by kind, in 16 bits and quantised; those that are missing are written first."""
    files = resolve(model)
    if files.gguf is None:
        raise PeerMissing("only models that came as GGUF can be given to llama.cpp")
    precision = _precision()
    stem = peers_dir() / "weights" / f"{sha256_of(files.gguf)[:12]}-{files.adapter or 'plain'}"
    full = {kind: stem.with_name(f"{stem.name}-{kind}-{precision}.gguf") for kind in _KINDS}
    quantised = {kind: stem.with_name(f"{stem.name}-{kind}-{_FASTEST}.gguf") for kind in _KINDS}
    if all(path.is_file() for path in (*full.values(), *quantised.values())):
        return full, quantised
    say("writing our weights for llama.cpp")
    stem.parent.mkdir(parents=True, exist_ok=True)
    loaded = load(files, "cpu", "auto", lambda detail: None)
    for kind in _KINDS:
        write_gguf(loaded, kind, precision, full[kind])
        _quantise(programs.quantize, full[kind], quantised[kind])
    return full, quantised


def _precision() -> Precision:
    """Return the format of 16 bits that llama.cpp is fast with here: bf16 only where the processor computes in it."""
    return "BF16" if choose_dtype("auto", choose_device("cpu")) == torch.bfloat16 else "F16"


def _quantise(program: Path, source: Path, target: Path) -> None:
    new = target.with_suffix(".new")
    done = subprocess.run([str(program), str(source), str(new), _FASTEST], capture_output=True, check=False)
    if done.returncode != 0:
        raise PeerMissing(f"llama-quantize ended with {done.returncode}")
    new.replace(target)
