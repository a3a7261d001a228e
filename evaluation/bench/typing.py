"""`midspan bench typing`: real files typed at human pace through the whole server, and each peer given the same asks.

In real time, in turn, in one run: for each segment midspan is typed at first and what its host is asked for written
down; then each peer gets those prompts at the same moments, with the same limit, the same end of a line, and is
called off when the next key comes.

A key that comes before an answer says only that the answer takes longer than that, and so does an answer without text.
Taking the answered keys alone would flatter the slowest, so quantiles are Kaplan and Meier's (`stats.km_quantile`), for
all systems alike, over exactly the keys at which midspan's model was asked. Deadlines would cut off the slowest answers
of one system only: midspan's is lifted. Each segment begins with one answered request, as for somebody who has typed
nearby a moment ago.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from ...completion.backends.host_address import address_path
from ...completion.settings import HostSettings, Settings
from .. import machine, stats
from ..errors import EvaluationError, PeerMissing
from ..harness import INVOKED, LspSession, RequestFailed
from ..peers.base import Peer, PeerAnswer, PeerAsk
from ..subject import flat
from ..typing import TYPISTS
from .recording import Recorded, Recording, recording
from .segments import Segment, segments

SERVE = (sys.executable, "-P", "-m", "midspan.cli", "--stdio")
_LOOK_SECONDS, _LOOK_EVERY = 5.0, 10
"""At every tenth key the typist stops to look at what is offered: there no system is called off so soon."""
_READY_SECONDS = 120.0
_REST_SECONDS = 0.5
_NO_DEADLINE = {"completion.deadline_ms": 60_000, "completion.invoked_deadline_ms": 60_000}
_N_RESAMPLES = 300
_QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]
_Render = Callable[[Mapping[str, Any]], PeerAsk]


@dataclass(frozen=True, slots=True)
class Options:
    """What is typed (files, or Python's own library), by whom, and beside which peers."""

    settings: Settings
    overrides: Mapping[str, object]
    files: tuple[Path, ...] = ()
    against: tuple[str, ...] = ()
    typist: str = "average"
    n_segments: int = 6
    n_keys: int = 40
    seed: int = 1


@dataclass(slots=True)
class Key:
    """One key at which midspan was asked: when, for how long nobody pressed another, and what came of it.

    Instants are seconds from the segment's start, ``latency`` is seconds, None where the next key came first.
    """

    at: float
    until_next: float
    latency: float | None = None
    is_shown: bool = False
    request: Recorded | None = None


@dataclass(slots=True)
class System:
    """What was measured of one system: per key at which midspan's model was asked, its time and whether it answered."""

    version: str = ""
    times: list[float] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    cpu_seconds: float = 0.0
    rss_bytes: int = 0
    n_shown: int = 0
    n_computed: int = 0
    n_prompt: int = 0
    n_reused: int = 0
    missing: str = ""


async def measure(options: Options, say: Say, progress: Progress) -> dict[str, Any]:
    """Return the documented JSON. Raises EvaluationError or MidspanError where midspan itself can't be measured."""
    chosen = segments(options.files, options.n_segments + 1, options.n_keys, TYPISTS[options.typist], options.seed)
    before = machine.describe()
    keys: list[tuple[int, Key]] = []
    async with AsyncExitStack() as stack:
        systems, peers = await _peers(options, stack, say)
        midspan = systems["midspan"] = System("midspan " + str(before["versions"]))
        ours = await stack.enter_async_context(_midspan(options))
        render = await asyncio.to_thread(_renderer, options.settings.host)
        total = len(chosen) * (1 + len(peers))
        done = 0
        for number, segment in enumerate(chosen):
            # The first segment warms everything up and is not counted.
            counted = number > 0
            warm, typed = await _typed(ours, segment)
            if counted:
                keys += [(number, key) for key in typed]
                _count(midspan, ours.pids(), typed, number, ours)
            done += 1
            progress("typing", done, total)
            names = list(peers)
            for name in names[number % len(names) :] + names[: number % len(names)] if names else ():
                await asyncio.sleep(_REST_SECONDS)
                try:
                    await _replayed(peers[name], systems[name], warm, typed, render, number if counted else None)
                except PeerMissing as error:
                    systems[name].missing = str(error)
                    await peers.pop(name).stop()
                done += 1
                progress("typing", done, total)
    return _result(options, systems, keys, before)


@dataclass(slots=True)
class _Ours:
    """The language server with the host behind it, and the record of what it asks."""

    session: LspSession
    recorded: Recording
    host_pid: int
    cpu_before: float = 0.0

    def pids(self) -> list[int]:
        """Return the processes that do midspan's work."""
        assert self.session.process is not None
        return [self.session.process.pid, self.host_pid]

    def mark(self) -> None:
        """Count processor time from here on."""
        self.cpu_before = _cpu(self.pids())


@asynccontextmanager
async def _midspan(options: Options) -> AsyncIterator[_Ours]:
    """Give the real server process, whose requests to a real host of its own pass through a recording proxy."""
    host = options.settings.host
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        runtime, socket = Path(folder), Path(folder) / "real.sock"
        process = await asyncio.create_subprocess_exec(*_host_command(host, socket), stdin=asyncio.subprocess.DEVNULL)
        try:
            listen_at = runtime / "midspan" / address_path(host).name
            async with recording(listen_at, socket) as recorded:
                env = {"XDG_RUNTIME_DIR": str(runtime)}
                await _host_ready(process, socket)
                overrides = {**_NO_DEADLINE, **options.overrides}
                async with await LspSession.start(SERVE, env=env, initialization_options=overrides) as session:
                    session.open("file:///warm.py", "python", "def add(a, b):\n    return ")
                    await session.complete("file:///warm.py", trigger=INVOKED)
                    yield _Ours(session, recorded, process.pid)
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


def _host_command(host: HostSettings, socket: Path) -> list[str]:
    return [
        *(sys.executable, "-P", "-m", "midspan.host", "--socket", str(socket)),
        *("--model", host.model, "--device", host.device, "--dtype", host.dtype, "--threads", str(host.threads)),
        *("--memory-mb", str(host.memory_mb), "--fim", host.fim, "--chunk-tokens", str(host.chunk_tokens)),
    ]


async def _host_ready(process: asyncio.subprocess.Process, socket: Path) -> None:
    """Wait until the host has loaded its model. Raises EvaluationError."""
    give_up = time.monotonic() + _READY_SECONDS
    while time.monotonic() < give_up:
        if process.returncode is not None:
            raise EvaluationError(f"The model host ended ({process.returncode}). Run `midspan doctor`.")
        with suppress(OSError, ValueError):
            reader, writer = await asyncio.open_unix_connection(str(socket))
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: midspan\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            if json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == "ok":
                return
        await asyncio.sleep(0.1)
    raise EvaluationError("The model host was not ready in time. Run `midspan doctor`.")


async def _typed(ours: _Ours, segment: Segment) -> tuple[Key, list[Key]]:
    """Type a segment in real time; return the request before it, and its keys."""
    session, first_request = ours.session, len(ours.recorded.requests)
    uri = f"file:///segments/{time.time_ns()}/{segment.name}"
    session.open(uri, segment.language_id, segment.text)
    document = session.documents[uri]
    document.cursor = len(segment.text[: segment.offset].encode("utf-16-le", "surrogatepass")) // 2
    await session.complete(uri, trigger=INVOKED)
    ours.mark()
    warm = Key(-1.0, 0.0, request=ours.recorded.requests[-1] if len(ours.recorded.requests) > first_request else None)
    first_request = len(ours.recorded.requests)
    keys: list[Key] = []
    waiting: list[asyncio.Task[None]] = []
    start = time.perf_counter()
    at = start
    for number, (stroke, following) in enumerate(zip(segment.keys, [*segment.keys[1:], None], strict=True), 1):
        await _sleep_until(at)
        looks = following is None or number % _LOOK_EVERY == 0
        pause = max(_LOOK_SECONDS if looks else 0.0, following.pause_ms / 1000 if following else 0.0)
        if stroke.is_backspace:
            session.backspace(uri)
        else:
            session.type(uri, stroke.text)
        key = Key(time.perf_counter() - start, pause)
        keys.append(key)
        _, answer = session.ask("textDocument/inlineCompletion", session.completion_params(uri))
        waiting.append(asyncio.create_task(_noted(answer, key, start)))
        at += pause
    await asyncio.wait(waiting[-1:], timeout=_LOOK_SECONDS)
    session.close_document(uri)
    await asyncio.gather(*waiting)
    for request in ours.recorded.requests[first_request:]:
        _owner(keys, request.arrived - start).request = request
    for key in keys:
        if key.latency is not None and key.latency > key.until_next:
            key.latency, key.is_shown = None, False
    return warm, keys


async def _noted(answer: asyncio.Future[Any], key: Key, start: float) -> None:
    try:
        result = await answer
    except RequestFailed:
        return  # a newer request has overtaken it
    key.latency = time.perf_counter() - start - key.at
    key.is_shown = bool(result["items"])


def _owner(keys: Sequence[Key], at: float) -> Key:
    """Return the key that was pressed last before an instant."""
    return max((key for key in keys if key.at <= at), key=lambda key: key.at, default=keys[0])


async def _sleep_until(instant: float) -> None:
    await asyncio.sleep(max(0.0, instant - time.perf_counter()))


def _count(system: System, pids: Sequence[int], keys: Sequence[Key], number: int, ours: _Ours) -> None:
    """Add a segment that midspan was typed at."""
    for key in keys:
        if key.request is not None:
            system.times.append(1000 * (key.until_next if key.latency is None else key.latency))
            system.answered.append(key.is_shown)
            system.groups.append(number)
            system.n_prompt += key.request.n_prompt
            system.n_reused += key.request.n_reused
            system.n_computed += key.request.n_prompt - key.request.n_reused + key.request.n_written
        system.n_shown += key.is_shown
    system.cpu_seconds += _cpu(pids) - ours.cpu_before
    system.rss_bytes = max(system.rss_bytes, _rss(pids))


async def _peers(options: Options, stack: AsyncExitStack, say: Say) -> tuple[dict[str, System], dict[str, Peer]]:
    """Return an empty record for every peer, and those that could be started."""
    systems: dict[str, System] = {}
    peers: dict[str, Peer] = {}
    for name in options.against:
        systems[name] = System()
        try:
            from ..peers.make import open_peer  # late: it brings torch along, which may not be installed

            peer = await asyncio.to_thread(open_peer, name, options.settings.host.model, say)
            stack.push_async_callback(peer.stop)
            say(f"starting {name}")
            await peer.start()
        except (PeerMissing, ImportError) as error:
            systems[name].missing = str(error)
            say(f"{name}: {error}")
            continue
        systems[name].version = peer.version
        peers[name] = peer
    return systems, peers


async def _replayed(
    peer: Peer, system: System, warm: Key, keys: Sequence[Key], render: _Render, number: int | None
) -> None:
    """Give a peer a segment's prompts at the moments at which our host got them. Raises PeerMissing."""
    if warm.request is not None:
        await peer.answer(render(warm.request.body))
    cpu_before = _cpu(peer.pids())
    start = time.perf_counter()
    for key in keys:
        request = key.request
        if request is None or request.body.get("max_tokens") == 0:
            continue
        ask = render(request.body)
        due, next_key = start + key.at, start + key.at + key.until_next
        await _sleep_until(due)
        answer = None
        # Still busy with what was called off, when the next key comes: then this one was never begun.
        if time.perf_counter() < next_key:
            answer = await _answered(peer, ask, next_key)
        if number is not None:
            system.times.append(1000 * min(time.perf_counter() - due if answer else key.until_next, key.until_next))
            system.answered.append(answer is not None and bool(answer.text.strip()))
            system.groups.append(number)
            system.n_prompt += len(ask.ids)
            if answer is not None:
                system.n_shown += bool(answer.text.strip())
                system.n_computed += answer.n_prompt_computed + answer.n_written
                system.n_reused += len(ask.ids) - answer.n_prompt_computed
    if number is not None:
        system.cpu_seconds += _cpu(peer.pids()) - cpu_before
        system.rss_bytes = max(system.rss_bytes, _rss(peer.pids()))


async def _answered(peer: Peer, ask: PeerAsk, until: float) -> PeerAnswer | None:
    """Return a peer's answer if it is whole before an instant; else call it off, and wait until it has stopped."""
    work = asyncio.create_task(peer.answer(ask))
    await asyncio.wait({work}, timeout=max(0.0, until - time.perf_counter()))
    if not work.done():
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        return None
    return work.result()


def _renderer(host: HostSettings) -> _Render:
    from ..peers.render import renderer

    return renderer(host)


def _result(
    options: Options, systems: Mapping[str, System], keys: Sequence[tuple[int, Key]], before: Mapping[str, object]
) -> dict[str, Any]:
    n_keys, midspan = len(keys), systems["midspan"]
    ratios = {name: _ratio(midspan, system) for name, system in systems.items() if system is not midspan}
    return {
        "systems": {name: _figures(system, n_keys) for name, system in systems.items()},
        "ratio": ratios,
        "felt": _felt([key for _, key in keys]),
        "n": len(midspan.times),
        "n_keystrokes": n_keys,
        "model": options.settings.host.model,
        "settings": flat(options.settings),
        "typist": options.typist,
        "seed": options.seed,
        "machine": before,
    }


def _figures(system: System, n_keys: int) -> dict[str, Any]:
    if system.missing:
        return {"missing": system.missing, **dict.fromkeys(_QUANTILES)}
    return {
        **{name: _rounded(_quantile(system, share)) for name, share in _QUANTILES.items()},
        "answered_in_time": _rounded(sum(system.answered) / max(1, len(system.answered)), 4),
        "cpu_s": _rounded(system.cpu_seconds / max(1, system.n_shown), 3),
        "rss_mb": round(system.rss_bytes / 1e6, 1),
        "tokens_per_keystroke": _rounded(system.n_computed / max(1, n_keys), 2),
        "reused": _rounded(system.n_reused / max(1, system.n_prompt), 4),
        "version": system.version,
    }


def _quantile(system: System, share: float, groups: Sequence[int] | None = None) -> float | None:
    """Return a quantile of the times, over all segments or over those drawn (one may be drawn twice)."""
    if groups is None:
        return stats.km_quantile(system.times, system.answered, share)
    by_group: dict[int, list[tuple[float, bool]]] = {}
    for group, time_, answered in zip(system.groups, system.times, system.answered, strict=True):
        by_group.setdefault(group, []).append((time_, answered))
    drawn = [one for group in groups for one in by_group.get(group, ())]
    return stats.km_quantile([time_ for time_, _ in drawn], [answered for _, answered in drawn], share)


def _ratio(midspan: System, peer: System) -> dict[str, Any]:
    """Return midspan's time over the peer's (below 1: midspan is faster), with 95 % intervals over segments."""
    found: dict[str, Any] = {}
    chance = random.Random(1)
    groups = sorted(set(midspan.groups))
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        ours, theirs = _quantile(midspan, share), _quantile(peer, share)
        found[name] = _rounded(ours / theirs, 3) if ours and theirs else None
        drawn = [chance.choices(groups, k=len(groups)) for _ in range(_N_RESAMPLES)]
        pairs = [(_quantile(midspan, share, one), _quantile(peer, share, one)) for one in drawn]
        ratios = [ours / theirs for ours, theirs in pairs if ours and theirs]
        bounds = [stats.quantile(ratios, tail) for tail in (0.025, 0.975)]
        found[f"{name}_ci95"] = [_rounded(bound, 3) for bound in bounds] if found[name] else None
    return found


def _felt(keys: Sequence[Key]) -> dict[str, Any]:
    """Return what a user meets at every key, also where no model had to be asked."""
    times = [1000 * (key.until_next if key.latency is None else key.latency) for key in keys]
    answered = [key.is_shown for key in keys]
    shown = [key for key in keys if key.is_shown]
    return {
        "p50_ms": _rounded(stats.km_quantile(times, answered, 0.5)),
        "p95_ms": _rounded(stats.km_quantile(times, answered, 0.95)),
        "answered": _rounded(len(shown) / max(1, len(keys)), 4),
        "reused_share": _rounded(sum(key.request is None for key in shown) / max(1, len(shown)), 4),
    }


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)


def _cpu(pids: Sequence[int]) -> float:
    """Return the processor seconds that processes have used."""
    total = 0.0
    for pid in pids:
        with suppress(psutil.Error):
            times = psutil.Process(pid).cpu_times()
            total += times.user + times.system
    return total


def _rss(pids: Sequence[int]) -> int:
    total = 0
    for pid in pids:
        with suppress(psutil.Error):
            total += psutil.Process(pid).memory_info().rss
    return total
