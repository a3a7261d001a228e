"""Measures the language server as an editor meets it: its start, its size, and one-line proposals while typing.

Every figure is taken from outside, through the headless client; the share of each step comes from the server's
own trace (`midspan/why`). The start is compared with a bare pygls server's, in turn, in the same run. What the server
itself takes is measured with a model server that answers at once, on files of 10 to 10,000 lines.
"""

from __future__ import annotations

import asyncio
import inspect
import random
import statistics
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from ...completion.report import STEPS
from ..harness import INVOKED, LspSession
from .instant import instant_endpoint

MIDSPAN = (sys.executable, "-P", "-m", "midspan.cli", "--stdio")
BARE = (sys.executable, "-P", "-m", "midspan.evaluation.bench.bare_server")

Progress = Callable[[str], None]


SIZES = (10, 100, 1_000, 10_000)
"""Lines of the files in which the server's own time is measured."""
_N_EDITS = 40
_INSTANT = "value + other"
_SOURCES = {
    "python": "def total(values, other):\n    result = sum(values)\n    return result + other\n\n\n",
    "javascript": "function total(values, other) {\n  const result = sum(values);\n  return result + other;\n}\n\n",
}


async def measure(n_starts: int, n_positions: int, seed: int, progress: Progress) -> dict[str, Any]:
    """Return the documented JSON of `bench server`, with ``n_starts`` starts and ``n_positions`` typed places.

    ``n_positions`` 0 leaves out what needs a model.
    """
    starts = await _starts(n_starts, progress)
    own = await _own_time(progress)
    return starts | own | (await _typing(n_positions, seed, progress) if n_positions else {})


async def _own_time(progress: Progress) -> dict[str, Any]:
    """Measure what the server itself takes, on files of several sizes, with a model server that answers at once."""
    by_lines: dict[str, dict[str, Any]] = {}
    async with instant_endpoint(_INSTANT) as endpoint:
        options = {"backend": {"kind": "openai", "endpoint": endpoint, "model": "none", "fim": "suffix"}}
        async with await LspSession.start(MIDSPAN, initialization_options=options) as session:
            for n_lines in SIZES:
                for language, source in _SOURCES.items():
                    progress(f"{n_lines} lines of {language}")
                    by_lines.setdefault(str(n_lines), {})[language] = await _edits(session, language, source, n_lines)
            assert session.process is not None
            rss = psutil.Process(session.process.pid).memory_info().rss
    largest = [one for sizes in by_lines.values() for one in sizes.values()]
    keys = ("did_change_p95_ms", "overhead_p95_ms", "gather_p50_ms", "gather_p95_ms", "typed_through_p99_ms")
    return {
        **{key: max((one[key] for one in largest if one[key] is not None), default=None) for key in keys},
        "rss_mb": rss / 1e6,
        "by_lines": by_lines,
    }


async def _edits(session: LspSession, language: str, source: str, n_lines: int) -> dict[str, Any]:
    """Edit the middle of a file of so many lines; time the change, the request, and a proposal that is typed along."""
    lines = (source * (n_lines // source.count("\n") + 1)).split("\n")[:n_lines]
    uri = f"file:///own-time/{n_lines}.{language}"
    session.open(uri, language, "\n".join(lines) + "\n")
    middle = next(i for i in range(n_lines // 2, n_lines) if "result" in lines[i] and "return" not in lines[i])
    why = {"textDocument": {"uri": uri}}
    changes, requests, along, contexts = [], [], [], []
    for i in range(_N_EDITS):
        idle = await _timed(lambda: session.request("midspan/why", why))
        session.change(uri, (middle, len(lines[middle])), (middle, len(lines[middle])), f"\n    x{i} = ")
        changes.append(max(0.0, await _timed(lambda: session.request("midspan/why", why)) - idle))
        began = time.perf_counter()
        items = await session.complete(uri, trigger=INVOKED)
        requests.append((time.perf_counter() - began) * 1000)
        trace = await session.request("midspan/why", why)
        contexts.append(trace["timing_ms"]["context"])
        if items:
            session.type(uri, _INSTANT[0])
            along.append(await _timed(lambda: session.complete(uri, trigger=INVOKED)))
    session.close_document(uri)
    return {
        "did_change_p95_ms": _percentile(changes, 95),
        "overhead_p50_ms": _percentile(requests, 50),
        "overhead_p95_ms": _percentile(requests, 95),
        "gather_p50_ms": _percentile(contexts, 50),
        "gather_p95_ms": _percentile(contexts, 95),
        "typed_through_p99_ms": _percentile(along, 99) if len(along) > 1 else None,
    }


async def _timed(action: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await action()
    return (time.perf_counter() - began) * 1000


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
    options = {"completion": {"invoked_deadline_ms": 60_000, "kind": "line", "candidates": 1}}
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
            "p50_ms": _percentile(waits, 50),
            "p95_ms": _percentile(waits, 95),
            "shown": shown / len(waits),
            "reused_share": statistics.mean(reused),
            "steps_p50_ms": {step: _percentile(values, 50) for step, values in steps.items()},
            "overhead_p95_ms": _percentile([w - m for w, m in zip(waits, steps["model"], strict=True)], 95),
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


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def run(n_starts: int, n_positions: int, seed: int, progress: Progress) -> dict[str, Any]:
    """Measure, in an event loop of its own."""
    return asyncio.run(measure(n_starts, n_positions, seed, progress))
