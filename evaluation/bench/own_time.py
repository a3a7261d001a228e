"""Measures what the language server itself takes at a keystroke, on files of 10 to 10,000 lines.

Everything is real but the model: its server answers at once. Its HTTP is part of the figures, as it is our own side
of it; so is the client's JSON.
"""

from __future__ import annotations

import asyncio
import heapq
import inspect
import re
import statistics
import textwrap
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import psutil

from ..errors import EvaluationError
from ..harness import LspSession, RequestFailed
from ..json_rpc import PATIENCE
from .instant import instant_endpoint

SIZES = (10, 100, 1_000, 10_000)
"""Lines of the files."""
N_EDITS = 60
"""Lines that are begun in each file."""

_PROPOSAL = "value + other"
_PYTHON = "\n\n".join(map(inspect.getsource, (heapq._siftdown, heapq._siftup, textwrap.TextWrapper)))  # type: ignore[attr-defined]
_JAVASCRIPT = """\
export class Cart {
  constructor(currency = "EUR") {
    this.currency = currency;
    this.lines = [];
  }

  add(line) {
    const existing = this.lines.find((other) => other.sku === line.sku);
    if (existing) {
      existing.quantity += line.quantity;
      return;
    }
    this.lines.push({ ...line, addedAt: Date.now() });
  }

  subtotal() {
    return this.lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0);
  }

  total(discount) {
    const subtotal = this.subtotal();
    if (!discount || subtotal < discount.minimum) {
      return subtotal;
    }
    return subtotal * (1 - discount.percent / 100);
  }
}

export async function load(url, { retries = 3, signal } = {}) {
  for (let attempt = 0; attempt < retries; attempt++) {
    const response = await fetch(url, { signal });
    if (response.ok) {
      const { lines, currency } = await response.json();
      const cart = new Cart(currency);
      lines.forEach((line) => cart.add(line));
      return cart;
    }
    await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
  }
  throw new Error(`cannot load ${url} after ${retries} attempts`);
}

"""
SOURCES = {"python": _PYTHON, "javascript": _JAVASCRIPT}
_STATEMENT = re.compile(r"( +)(?:const )?\w+ = \w.*[\w)\];]")

Progress = Callable[[str], None]


async def own_time(command: Sequence[str], progress: Progress) -> dict[str, Any]:
    """Return the figures of `bench server` that need no model; those at the top are the largest of all files."""
    by_lines: dict[str, dict[str, Any]] = {}
    async with instant_endpoint(_PROPOSAL) as endpoint:
        backend = {"kind": "openai", "endpoint": endpoint, "model": "none", "fim": "suffix"}
        # A deadline would hide the slowest answers.
        options = {"backend": backend, "completion": {"deadline_ms": 60_000}}
        async with await LspSession.start(command, initialization_options=options) as session:
            await warm(session)
            for n_lines in SIZES:
                for language, source in SOURCES.items():
                    progress(f"{n_lines} lines of {language}")
                    by_lines.setdefault(str(n_lines), {})[language] = await edit(session, language, source, n_lines)
            assert session.process is not None
            rss = psutil.Process(session.process.pid).memory_info().rss
    files = [figures for languages in by_lines.values() for figures in languages.values()]
    return {**{key: max(one[key] for one in files) for key in files[0]}, "rss_mb": rss / 1e6, "by_lines": by_lines}


async def warm(session: LspSession) -> None:
    """Ask until there is an answer: with the first requests the pipeline is loaded and settings come into effect."""
    uri = "file:///own-time/warm.py"
    session.open(uri, "python", "x = ")
    items: list[Any] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while not items:
                with suppress(RequestFailed):  # what is under way while settings change is cancelled
                    items = await session.complete(uri)
                await asyncio.sleep(0.05)
    session.close_document(uri)


async def edit(session: LspSession, language: str, source: str, n_lines: int) -> dict[str, Any]:
    """Begin a new line in the middle of a file, again and again.

    Times how long the change takes the server (until it answers something trivial, less what that takes anyway), then
    a request that the model server answers, then one for a character that is typed along with the proposal.
    """
    lines = (source * (n_lines // source.count("\n") + 1)).split("\n")[:n_lines]
    middle, indentation = _statement_after(lines, n_lines // 2)
    uri = f"file:///own-time/{n_lines}.{language}"
    why = {"textDocument": {"uri": uri}}
    end = (middle, len(lines[middle]))
    changes, requests, contexts, along = [], [], [], []
    session.open(uri, language, "\n".join(lines) + "\n")
    for i in range(N_EDITS):
        begun = f"{indentation}name_{i} = "
        trivial = await _timed(lambda: session.request("midspan/why", why))
        session.change(uri, end, end, f"\n{begun}")
        changes.append(max(0.0, await _timed(lambda: session.request("midspan/why", why)) - trivial))
        requests.append(await _timed(lambda: session.complete(uri)))
        contexts.append((await _trace(session, uri, "model"))["timing_ms"]["context"])
        session.type(uri, _PROPOSAL[0])
        along.append(await _timed(lambda: session.complete(uri)))
        await _trace(session, uri, "reuse")
        session.change(uri, end, (middle + 1, len(begun) + 1), "")
    session.close_document(uri)
    return {
        "did_change_p95_ms": percentile(changes, 95),
        "overhead_p50_ms": percentile(requests, 50),
        "overhead_p95_ms": percentile(requests, 95),
        "gather_p50_ms": percentile(contexts, 50),
        "gather_p95_ms": percentile(contexts, 95),
        "typed_through_p99_ms": percentile(along, 99),
    }


async def _trace(session: LspSession, uri: str, source: str) -> dict[str, Any]:
    """Return how the last answer came about, which has to be a proposal from that source."""
    trace: dict[str, Any] = await session.request("midspan/why", {"textDocument": {"uri": uri}})
    if not trace or trace["source"] != source or not trace["items"]:
        raise EvaluationError(f"The server's own time can't be measured: no proposal of {source}, but {trace}.")
    return trace


def _statement_after(lines: Sequence[str], at: int) -> tuple[int, str]:
    """Return the first line from a place on that is a simple statement, and its indentation."""
    for number in range(at, len(lines)):
        if found := _STATEMENT.fullmatch(lines[number]):
            return number, found[1]
    raise ValueError("there is no simple statement in that half of the file")


async def _timed(action: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await action()
    return (time.perf_counter() - began) * 1000


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of at least two values, interpolated."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
