"""Types real text at human pace through the whole `serve` process, whose requests to its host are written down."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...completion.backends.host_address import address_path
from ...completion.settings import HostSettings
from ..client_text import to_units
from ..errors import EvaluationError
from ..harness import INVOKED, LspSession, RequestFailed, SessionFailed
from .figures import Key, cpu_seconds
from .host import host_process, host_ready
from .recording import Recorded, Recording, recording
from .segments import Segment

LOOK_EVERY = 4
"""At every fourth key the typist stops until there is an answer."""
LOOK_SECONDS, SEEN_SECONDS = 8.0, 0.4
"""How long the typist waits for an answer, and how long it is looked at."""
DEADLINE = {"completion.deadline_ms": 45_000, "completion.invoked_deadline_ms": 45_000}
"""A deadline would cut off the slowest answers of one system only."""

SERVE = (sys.executable, "-P", "-m", "midspan.cli", "--stdio")


@dataclass(slots=True)
class Midspan:
    """The language server with the host behind it, and the record of what it asks.

    ``env`` is for further servers that shall find the same host.
    """

    session: LspSession
    recorded: Recording
    host_pid: int
    env: Mapping[str, str]

    def pids(self) -> list[int]:
        """Return the processes that do midspan's work."""
        assert self.session.process is not None
        return [self.session.process.pid, self.host_pid]


@asynccontextmanager
async def midspan(host: HostSettings, overrides: Mapping[str, object]) -> AsyncIterator[Midspan]:
    """Give the real server process, whose requests to a real host of its own pass through a recording proxy.

    Raises EvaluationError where one of them fails.
    """
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        runtime, socket = Path(folder), Path(folder) / "real.sock"
        listen_at = runtime / "midspan" / address_path(host).name
        try:
            async with host_process(host, socket) as process, recording(listen_at, socket) as recorded:
                env = {"XDG_RUNTIME_DIR": str(runtime), "XDG_STATE_HOME": str(runtime)}
                await host_ready(process, socket)
                async with await LspSession.start(SERVE, env=env, initialization_options=overrides) as session:
                    session.open("file:///warm.py", "python", "def add(a, b):\n    return ")
                    await session.complete("file:///warm.py", trigger=INVOKED)
                    yield Midspan(session, recorded, process.pid, env)
        except SessionFailed as error:
            raise EvaluationError(f"The language server failed: {error}. Run `midspan doctor`.") from error


@dataclass(frozen=True, slots=True)
class Typed:
    """A segment that was typed: the requests before its first key, its keys, and the processor seconds used till then.

    A peer's are counted from its own first key on.
    """

    before: Sequence[Recorded]
    keys: tuple[Key, ...]
    cpu_before: float = 0.0


async def typed(ours: Midspan, segment: Segment, waits: bool = True, is_known: bool = True) -> Typed:
    """Type a segment in real time.

    A typist who ``waits`` looks for an answer now and then; else the keys come as they come. The file ``is_known`` when
    somebody has asked there a moment ago.
    """
    session, recorded = ours.session, ours.recorded.requests
    uri = f"file:///segments/{time.time_ns()}/{segment.name}"
    session.open(uri, segment.language_id, segment.text)
    document = session.documents[uri]
    document.cursor = len(to_units(segment.text[: segment.offset]))
    n_before = len(recorded)
    if is_known:
        await session.complete(uri, trigger=INVOKED)
    before, cpu_before = _questions(recorded[n_before:]), cpu_seconds(ours.pids())
    n_before = len(recorded)
    keys: list[Key] = []
    waiting: list[asyncio.Task[None]] = []
    start = at = time.perf_counter()
    for number, stroke in enumerate(segment.keys, 1):
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        if stroke.is_backspace:
            session.backspace(uri)
        else:
            session.type(uri, stroke.text)
        following = segment.keys[number].pause_ms / 1000 if number < len(segment.keys) else 0.0
        is_look = waits and (number % LOOK_EVERY == 0 or number == len(segment.keys))
        key = Key(time.perf_counter() - start, following, is_look)
        keys.append(key)
        _, answer = session.ask("textDocument/inlineCompletion", session.completion_params(uri))
        waiting.append(asyncio.create_task(_noted(answer, key, start)))
        at = await next_key_at(start + key.at, key, waiting[-1])
    session.close_document(uri)
    await asyncio.gather(*waiting)
    for key, following_key in zip(keys, [*keys[1:], None], strict=True):
        until = start + following_key.at if following_key else float("inf")
        key.requests = _questions([one for one in recorded[n_before:] if start + key.at <= one.arrived < until])
        if key.latency is not None and following_key is not None and key.at + key.latency > following_key.at:
            key.latency, key.is_shown = None, False
    return Typed(before, tuple(keys), cpu_before)


async def next_key_at(pressed: float, key: Key, answer: asyncio.Future[Any]) -> float:
    """Return the instant of the key after one that was pressed at an instant; where the typist looks, wait for that."""
    if not key.is_look:
        return pressed + key.pause
    await asyncio.wait({answer}, timeout=max(0.0, pressed + LOOK_SECONDS - time.perf_counter()))
    return max(pressed + key.pause, time.perf_counter() + SEEN_SECONDS)


async def _noted(answer: asyncio.Future[Any], key: Key, start: float) -> None:
    try:
        result = await answer
    except RequestFailed:
        return  # a newer request has overtaken it
    key.latency = time.perf_counter() - start - key.at
    key.is_shown = bool(result["items"])


def _questions(requests: Sequence[Recorded]) -> tuple[Recorded, ...]:
    """Return those of some requests that somebody waited for; what is read or written ahead answers nobody yet."""
    return tuple(one for one in requests if one.body.get("max_tokens") != 0 and not one.body["midspan"].get("ahead"))
