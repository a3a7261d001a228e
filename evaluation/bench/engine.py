"""`midspan bench engine`: the model alone, beside what this machine's memory and arithmetic allow, in one run.

Decoding is bound by memory: each step reads every weight once. So the bound is the bandwidth that is measured here over
the bytes that a step reads. Prompts are bound by arithmetic: the peak is that of torch's fastest matrix product here.
The host's start is measured on the real process.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import torch

from ...completion.fim import Hole
from ...completion.settings import HostSettings
from ...host.engine.build import build_engine
from ...host.engine.engine import Engine
from ...host.engine.request import GenerateRequest, Summary
from ...host.models.load import load
from ...host.models.store import resolve
from ...host.process import physical_cores
from .. import machine
from ..errors import EvaluationError
from .host import host_process, host_ready, http
from .limits import bandwidth, peak, seconds

Say = Callable[[str], None]

_N_PAST, _N_PROMPT, _N_STEPS = 256, 1024, 60
_N_VERIFIED = (2, 4, 8)
_N_TYPED = 60
_FIRST_TOKEN_SECONDS = 120.0


async def measure(host: HostSettings, say: Say, n_starts: int = 2) -> dict[str, Any]:
    """Return the documented JSON. Raises EvaluationError or StoreError where the model can't be run."""
    say("starting the host")
    starts = [await _cold_start(host) for _ in range(n_starts)]
    cold_start, rss = min(starts)
    say("loading the model")
    torch.set_num_threads(host.threads or physical_cores())
    loaded = load(resolve(host.model), host.device, host.dtype, lambda detail: None)
    engine = build_engine(loaded, host.memory_mb, host.chunk_tokens)
    del loaded
    say("measuring")
    with torch.inference_mode():
        found = _passes(engine)
    return (
        found
        | _reencoded(engine)
        | {"cold_start_s": round(cold_start, 2), "cold_starts_s": [round(s, 2) for s, _ in starts]}
        | {"rss_mb": round(rss / 1e6, 1), "device": engine.device, "dtype": engine.dtype}
        | {"model": host.model, "machine": machine.describe()}
    )


def _passes(engine: Engine) -> dict[str, Any]:
    """Time passes of the model, each kind between two measurements of what the machine can do."""
    model = engine.models["line"]
    network = model.network
    cache = network.new_cache()
    prompt = [100 + n % 100 for n in range(_N_PROMPT)]
    memory, arithmetic = bandwidth(network.device), peak(network.device)
    chunk = _settled_chunk(engine, prompt)

    def read_prompt() -> None:
        cache.cut(0)
        for at in range(0, len(prompt), chunk):
            model.forward(prompt[at : at + chunk], cache)

    prompt_seconds = statistics.median(seconds(read_prompt, 3))
    cache.cut(0)
    model.forward(prompt[:_N_PAST], cache)

    def step(n: int) -> Callable[[], None]:
        def run() -> None:
            model.forward_all(prompt[:n], cache)
            if cache.can_be_cut:
                cache.cut(_N_PAST)

        return run

    steps = seconds(step(1), _N_STEPS)
    step_seconds = statistics.median(steps)
    verify = {str(n): round(statistics.median(seconds(step(n), 20)) * 1000, 2) for n in _N_VERIFIED}
    memory, arithmetic = max(memory, bandwidth(network.device)), max(arithmetic, peak(network.device))
    bound = memory / network.n_bytes
    flops = 2 * network.n_parameters * _N_PROMPT / prompt_seconds
    return {
        "decode_tok_s": round(1 / step_seconds, 1),
        "decode_step_ms": {"p50": round(step_seconds * 1000, 2), "least": round(min(steps) * 1000, 2)},
        "verify_ms": verify,
        "bytes_per_step": network.n_bytes,
        "bandwidth_gb_s": round(memory / 1e9, 2),
        "bandwidth_bound_tok_s": round(bound, 1),
        "decode_of_bound": round(1 / step_seconds / bound, 3),
        "prefill_tok_s": round(_N_PROMPT / prompt_seconds, 1),
        "prefill_chunk_tokens": chunk,
        "prefill_chunk_ms": round(prompt_seconds / _N_PROMPT * chunk * 1000, 1),
        "peak_gflop_s": round(arithmetic / 1e9, 1),
        "prefill_of_peak": round(flops / arithmetic, 3),
    }


def _settled_chunk(engine: Engine, prompt: list[int]) -> int:
    """Return how many tokens the engine reads at a time once it knows how long that takes."""
    model = engine.models["line"]
    for _ in range(6):
        cache = model.new_cache()
        model.read_chunk(prompt[: model.chunk_size()], cache)
    return model.chunk_size()


def _reencoded(engine: Engine) -> dict[str, Any]:
    """Type a line and return how many tokens are read for one more character."""
    before = "\n".join(f"def step_{n}(value):\n    return value + {n}\n" for n in range(30))
    typed = "    total = sum(step_1(value) for value in values)  # all"
    counts = []
    for end in range(_N_TYPED + 1):
        prefix = f"{before}\n\ndef run(values):\n{typed[:end]}"
        request = GenerateRequest(Hole(prefix, "\n    return total\n"), "line", max_tokens=1, session="typed")
        summary = next(event for event in engine.generate(request) if isinstance(event, Summary))
        counts.append(summary.prompt_tokens - summary.reused_tokens)
    return {"reencoded_tokens_median": statistics.median(counts[1:]), "reencoded_tokens_most": max(counts[1:])}


async def _cold_start(host: HostSettings) -> tuple[float, int]:
    """Return the seconds from the start of a host to the first token of an answer, and its memory then."""
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        socket = Path(folder) / "host.sock"
        began = time.perf_counter()
        async with host_process(host, socket) as process:
            await host_ready(process, socket)
            async with asyncio.timeout(_FIRST_TOKEN_SECONDS):
                await _first_token(socket)
            seconds = time.perf_counter() - began
            return seconds, psutil.Process(process.pid).memory_info().rss


async def _first_token(socket: Path) -> None:
    body = b'{"prompt": "def add(a, b):\\n    return a", "max_tokens": 1}'
    head = f"POST /v1/completions HTTP/1.1\r\nHost: midspan\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    answer = await http(socket, head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
    if b" 200 " not in answer.partition(b"\r\n")[0]:
        raise EvaluationError("The model host gave no answer. Run `midspan doctor`.")
