"""What an index of a large repository costs, and what it gives: part of `midspan bench server`.

The repository is made of the files of installed packages, again and again with other names, until it is large enough.
"""

from __future__ import annotations

import json
import os
import random
import re
import site
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import psutil

from ...context.cursor import cursor_context
from ...context.document import Document
from ...context.gather import SOURCES, Gatherer
from ...context.index import Index, database_of, remove
from ...context.languages import for_path
from ...context.library import Library
from ...context.snippet import Budget
from ...context.walk import source_files
from ...context.window import WindowSizes
from ...context.workspace import Workspace
from ..harness import LspSession
from .instant import instant_endpoint
from .own_time import SOURCES as TYPED
from .own_time import edit, percentile, warm

_N_PLACES = 200
_N_SAVED = 20
_SIZES = WindowSizes(1024, 256)
_BUDGET = Budget(512, 1000.0)
_NAME = re.compile(rb"\b_?[a-z]+_[a-z]+\b")
_LARGEST = 300_000


async def index_figures(
    command: tuple[str, ...], n_files: int, seed: int, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Return the figures of an index of a repository of so many files, made for this and removed after."""
    with tempfile.TemporaryDirectory(prefix="midspan-index-") as name:
        folder, cache = Path(name) / "repository", Path(name) / "cache"
        progress(f"a repository of {n_files} files is made")
        make_repository(folder, n_files)
        before = os.environ.get("MIDSPAN_CACHE")
        os.environ["MIDSPAN_CACHE"] = str(cache)
        try:
            figures = _indexed(folder, progress)
            progress("gathering")
            figures |= _gathered(folder, seed)
            progress("typing beside an index that is whole, and beside one that is being made")
            whole = await _typed(command, folder)
            remove(database_of(folder))
            making = await _typed(command, folder)
        finally:
            if before is None:
                del os.environ["MIDSPAN_CACHE"]
            else:
                os.environ["MIDSPAN_CACHE"] = before
    ratio = making["overhead_p95_ms"] / whole["overhead_p95_ms"]
    return figures | {"typing_p95_while_indexing_ratio": ratio, "server_rss_mb": whole["rss_mb"]}


def make_repository(folder: Path, n_files: int) -> None:
    """Fill a folder with the installed packages' sources, each further time with other names in them."""
    installed = list(islice(_installed(), n_files))
    made = 0
    for turn in count():
        for root, path in installed:
            if made == n_files:
                return
            target = folder / f"part_{turn}" / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_bytes()
            target.write_bytes(_NAME.sub(rb"\g<0>_%d" % turn, text) if turn else text)
            made += 1


def _installed() -> Iterator[tuple[Path, Path]]:
    for root in map(Path, site.getsitepackages()):
        for path in sorted(root.rglob("*.*")):
            if for_path(path.name) is not None and path.is_file() and path.stat().st_size <= _LARGEST:
                yield root, path


def _indexed(folder: Path, progress: Callable[[str], None]) -> dict[str, Any]:
    """Have the folder indexed by the process that does it for an editor, on an otherwise idle machine."""
    command = [sys.executable, "-P", "-m", "midspan.context.index_service"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        first_seconds, rss = 0.0, 0
        process.stdin.write(json.dumps({"tasks": [{"folder": str(folder)}]}) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            said = json.loads(line)
            first_seconds = first_seconds or time.perf_counter() - began
            rss = max(rss, psutil.Process(process.pid).memory_info().rss)
            progress(f"{said['n_files']} files are indexed")
            if said["done"]:
                break
        seconds = time.perf_counter() - began
        saved = [_saved(process, folder, number) for number in range(_N_SAVED)]
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
    return {
        "files": said["n_files"],
        "seconds": seconds,
        "first_usable_seconds": first_seconds,
        "rss_mb": rss / 1e6,
        "database_mb": database_of(folder).stat().st_size / 1e6,
        "saved_file_ms": [statistics.median(saved), max(saved)],
    }


def _saved(process: subprocess.Popen[str], folder: Path, number: int) -> float:
    """Return the milliseconds until a file that was saved is found by a name in it."""
    path = folder / "saved.py"
    path.write_text(f"def saved_name_{number}(): pass\n")
    index = Index(folder)
    began = time.perf_counter()
    assert process.stdin is not None
    process.stdin.write(json.dumps({"changed": [str(path)]}) + "\n")
    process.stdin.flush()
    while not index.files_defining(f"saved_name_{number}", 1):
        time.sleep(0.0005)
    index.close()
    return (time.perf_counter() - began) * 1000


def _gathered(folder: Path, seed: int) -> dict[str, Any]:
    """Gather at places in the repository's own files, as at two keystrokes after one another."""
    library, chance = Library(folder), random.Random(seed)
    paths = chance.sample([found.path for found in source_files(folder)], _N_PLACES)
    first: list[float] = []
    warm_times: list[float] = []
    for path in paths:
        text = (folder / path).read_text("utf-8", "replace")
        if not text.strip():
            continue
        document = Document.open((folder / path).as_uri(), "", 1, text)
        line = chance.randrange(document.n_lines)
        cursor = cursor_context(document, document.line_end(line), _SIZES)
        for times in (first, warm_times):
            began = time.perf_counter()
            Gatherer().gather(cursor, Workspace.of(library, path), tuple(SOURCES), _BUDGET)
            times.append((time.perf_counter() - began) * 1000)
    library.close()
    return {
        "gather_ms": [percentile(warm_times, 50), percentile(warm_times, 95)],
        "gather_first_ms": [percentile(first, 50), percentile(first, 95)],
    }


async def _typed(command: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """Type in a file of the repository through the whole server; the model answers at once."""
    async with instant_endpoint("value + other") as endpoint:
        backend = {"kind": "openai", "endpoint": endpoint, "model": "none", "fim": "suffix"}
        options = {"backend": backend, "completion": {"deadline_ms": 60_000}}
        async with await LspSession.start(command, root=folder, initialization_options=options) as session:
            await warm(session)
            figures = await edit(session, "python", TYPED["python"], 1_000)
            assert session.process is not None
            return figures | {"rss_mb": psutil.Process(session.process.pid).memory_info().rss / 1e6}
