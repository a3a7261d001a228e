"""Measures the language server as an editor meets it: its start, its size, and one-line proposals while typing.

Every figure is taken from outside, through the headless client; the share of each step comes from the server's
own trace (`midspan/why`). The start is compared with a bare pygls server's, in turn, in the same run. What the server
itself takes, without any model, is measured by `own_time`.
"""

from __future__ import annotations

import asyncio
import inspect
import random
import statistics
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from ...completion.report import STEPS
from ..harness import INVOKED, LspSession
from .indexing import index_figures
from .own_time import own_time, percentile

MIDSPAN = (sys.executable, "-P", "-m", "midspan.cli", "--stdio")
BARE = (sys.executable, "-P", "-m", "midspan.evaluation.bench.bare_server")

Progress = Callable[[str], None]


async def measure(
    n_starts: int, n_positions: int, seed: int, progress: Progress, *, n_indexed: int = 0
) -> dict[str, Any]:
    """Return the documented JSON of `bench server`, with ``n_starts`` starts and ``n_positions`` typed places.

    ``n_positions`` 0 leaves out what needs a model, ``n_indexed`` 0 the index of a repository of so many files.
    """
    starts = await _starts(n_starts, progress)
    own = await own_time(MIDSPAN, progress)
    index = {"index": await index_figures(MIDSPAN, n_indexed, seed, progress)} if n_indexed else {}
    return starts | own | index | (await _typing(n_positions, seed, progress) if n_positions else {})


async def _starts(n: int, progress: Progress) -> dict[str, Any]:
    ours, bare = [], []
    for i in range(n + 1):
        progress(f"start {i} of {n}")
        ours.append(await _initialize_ms(MIDSPAN))
        bare.append(await _initialize_ms(BARE))
    del ours[0], bare[0]  # the first pair warms the disk's cache
    return {
        "initialize_ms": statistics.median(ours),
        "bare_initialize_ms": statistics.median(bare),
        "initialize_over_bare_ms": statistics.median(a - b for a, b in zip(ours, bare, strict=True)),
        "initialize_spread_ms": [min(ours), max(ours)],
    }


async def _initialize_ms(command: Sequence[str]) -> float:
    began = time.perf_counter()
    session = await LspSession.start(command)
    milliseconds = (time.perf_counter() - began) * 1000
    await session.kill()
    return milliseconds


async def _typing(n: int, seed: int, progress: Progress) -> dict[str, Any]:
    """Type at random places of a real file; ask after each character, and count the asks that a model answered."""
    text = inspect.getsource(textwrap)
    uri = Path(textwrap.__file__).as_uri()
    waits: list[float] = []
    steps: dict[str, list[float]] = {step: [] for step in STEPS}
    reused: list[float] = []
    shown = 0
    # Deadlines would hide the slowest answers: they are counted as they are.
    completion = {"invoked_deadline_ms": 60_000, "kind": "line", "candidates": 1}
    options = {"completion": completion, "outcomes": {"keep": False}}
    async with await LspSession.start(MIDSPAN, initialization_options=options) as session:
        session.open(uri, "python", text)
        await session.complete(uri, 0, 0, trigger=INVOKED)  # loads the model
        for done, (line, cut) in enumerate(_places(text, n, seed)):
            progress(f"place {done} of {n}")
            for trace, wait in await _type_at(session, uri, text, line, cut):
                waits.append(wait)
                shown += bool(trace["items"])
                reused.append(trace["tokens"]["reused"] / max(1, trace["tokens"]["prompt"]))
                for step in STEPS:
                    steps[step].append(trace["timing_ms"][step])
        assert session.process is not None
        rss = psutil.Process(session.process.pid).memory_info().rss
    return {
        "rss_with_model_mb": rss / 1e6,
        "proposal": {
            "n": len(waits),
            "p50_ms": percentile(waits, 50),
            "p95_ms": percentile(waits, 95),
            "shown": shown / len(waits),
            "reused_share": statistics.mean(reused),
            "steps_p50_ms": {step: percentile(values, 50) for step, values in steps.items()},
            "overhead_p95_ms": percentile([w - m for w, m in zip(waits, steps["model"], strict=True)], 95),
        },
    }


async def _type_at(session: LspSession, uri: str, text: str, line: int, cut: int) -> list[tuple[dict[str, Any], float]]:
    """Cut a line off in its middle, type the next character of it, ask; and put the text back."""
    session.set_text(uri, text)
    row = text.split("\n")[line]
    session.change(uri, (line, cut), (line, len(row)), "")
    await session.complete(uri, line, cut, trigger=INVOKED)  # the session's tokens are warm from here on
    session.type(uri, row[cut])
    began = time.perf_counter()
    await session.complete(uri, line, cut + 1, trigger=INVOKED)
    wait = (time.perf_counter() - began) * 1000
    trace = await session.request("midspan/why", {"textDocument": {"uri": uri}})
    return [(trace, wait)] if trace["source"] == "model" else []


def _places(text: str, n: int, seed: int) -> list[tuple[int, int]]:
    """Return lines and columns in the middle of a word or after one."""
    lines = text.split("\n")
    places = [
        (line, column)
        for line, row in enumerate(lines)
        for column in range(len(row) - len(row.lstrip()) + 2, len(row) - 3)
        if row[column].isalnum() and not row.lstrip().startswith("#")
    ]
    return random.Random(seed).sample(places, n)


def run(n_starts: int, n_positions: int, seed: int, progress: Progress, *, n_indexed: int = 0) -> dict[str, Any]:
    """Measure, in an event loop of its own."""
    return asyncio.run(measure(n_starts, n_positions, seed, progress, n_indexed=n_indexed))
