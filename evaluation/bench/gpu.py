"""`midspan bench gpu`: our decoder on a GPU beside transformers' own generation, on random weights of known shapes.

Needs no download: speed does not depend on what the weights are. Decoding is bound by memory, so its speed stands
beside what the bandwidth that was measured in the same run allows.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ...host.engine.architecture import architecture_of
from ...host.engine.decoder import Decoder
from ...host.engine.graphs import GraphedDecoder
from ...host.engine.rounded import works
from ...host.engine.weights import read_weights
from .. import machine
from ..errors import EvaluationError
from .limits import bandwidth, peak, seconds

Say = Callable[[str], None]

_N_CONTEXT, _N_PROMPT, _N_PAST, _N_WRITTEN = 4096, 1024, 1024, 64
_N_VERIFIED = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a decoder of Qwen2's kind."""

    hidden: int
    middle: int
    n_layers: int
    n_heads: int
    n_key_heads: int
    is_tied: bool
    n_vocabulary: int = 151_936


SHAPES = {
    "0.5b": Shape(896, 4864, 24, 14, 2, is_tied=True),
    "1.5b": Shape(1536, 8960, 28, 12, 2, is_tied=True),
    "7b": Shape(3584, 18944, 28, 28, 4, is_tied=False, n_vocabulary=152_064),
    "tiny": Shape(64, 128, 2, 4, 2, is_tied=True, n_vocabulary=500),
}
"""Those of Qwen2.5-Coder, by their model cards; and one to see whether all of this works."""


def measure(names: Sequence[str], device_name: str, say: Say) -> dict[str, Any]:
    """Return the documented JSON. Raises EvaluationError where there is no such device."""
    if device_name == "cuda" and not torch.cuda.is_available():
        raise EvaluationError("There is no CUDA device here.")
    device = torch.device(device_name)
    with torch.inference_mode():
        found = {name: _measure(SHAPES[name], device, lambda text, name=name: say(f"{name}: {text}")) for name in names}  # type: ignore[misc]
    name = torch.cuda.get_device_name() if device.type == "cuda" else device.type
    return {"shapes": found, "device": name, "machine": machine.describe()}


def _measure(shape: Shape, device: torch.device, say: Say) -> dict[str, Any]:
    say("making weights")
    module = _random_model(shape, device)
    architecture = architecture_of(module.config)
    assert architecture is not None
    weights = read_weights(module, architecture, _N_CONTEXT)
    memory, most = bandwidth(device), peak(device)
    ours = {}
    for bits in (0, 8, 4):
        if bits and not works(device, torch.bfloat16, bits):
            continue
        decoder = Decoder(weights, torch.bfloat16, bits)
        say(f"midspan, {decoder.dtype}")
        ours[decoder.dtype] = _of_midspan(decoder, memory, most)
    say("transformers")
    theirs = _of_transformers(module, shape)
    return {
        "midspan": ours,
        "transformers": theirs,
        "first_token_ratio": round(ours["bfloat16"]["first_token_ms"] / theirs["first_token_ms"], 3),
        "decode_ratio": round(ours["bfloat16"]["decode_tok_s"] / theirs["decode_tok_s"], 3),
        "bandwidth_gb_s": round(memory / 1e9, 1),
    }


def _of_midspan(decoder: Decoder, bandwidth_: float, peak_: float) -> dict[str, Any]:
    network = GraphedDecoder(decoder, _N_CONTEXT, None if decoder.device.type == "cuda" else lambda step: step)
    cache = network.new_cache()
    prompt = [n % 400 for n in range(_N_PROMPT)]

    def read_prompt() -> None:
        cache.cut(0)
        network.run(prompt, cache, 1)

    def step(n: int) -> Callable[[], None]:
        def run() -> None:
            # A step ends when its token is known: the next one needs it.
            network.run(prompt[:n], cache, n).argmax(-1).tolist()
            cache.cut(_N_PAST)

        return run

    first = statistics.median(seconds(read_prompt, 5))
    taken = {n: statistics.median(seconds(step(n), 30)) for n in (1, *_N_VERIFIED)}
    bound = bandwidth_ / network.n_bytes
    return {
        "first_token_ms": round(1000 * first, 2),
        "decode_tok_s": round(1 / taken[1], 1),
        "verify_ms": {str(n): round(1000 * taken[n], 2) for n in _N_VERIFIED},
        "weights_mb": round(network.n_bytes / 1e6),
        "bandwidth_bound_tok_s": round(bound, 1),
        "decode_of_bound": round(1 / taken[1] / bound, 3),
        "prefill_of_peak": round(2 * network.n_parameters * _N_PROMPT / first / peak_, 3),
    }


def _of_transformers(module: Any, shape: Shape) -> dict[str, Any]:
    """Time greedy generation with a static cache, which transformers compiles where the device allows it."""
    ids = torch.arange(_N_PROMPT, device=module.device)[None] % 400
    mask = torch.ones_like(ids)

    def write(n: int) -> Callable[[], object]:
        return lambda: module.generate(
            ids,
            attention_mask=mask,
            max_new_tokens=n,
            min_new_tokens=n,
            do_sample=False,
            cache_implementation="static",
            pad_token_id=0,
        )

    first = statistics.median(seconds(write(1), 3))
    whole = statistics.median(seconds(write(1 + _N_WRITTEN), 3))
    return {
        "first_token_ms": round(1000 * first, 2),
        "decode_tok_s": round(_N_WRITTEN / max(1e-9, whole - first), 1),
    }


def _random_model(shape: Shape, device: torch.device) -> Any:
    import transformers

    config = transformers.Qwen2Config(
        vocab_size=shape.n_vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.middle,
        num_hidden_layers=shape.n_layers,
        num_attention_heads=shape.n_heads,
        num_key_value_heads=shape.n_key_heads,
        max_position_embeddings=_N_CONTEXT,
        tie_word_embeddings=shape.is_tied,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    with torch.device(device):
        module = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    return module.eval().requires_grad_(False)
