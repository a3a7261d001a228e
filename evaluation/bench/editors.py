"""`midspan bench editors`: what an editor's user pays, and gets while typing without waiting, in real time.

Somebody who types fast (eight keys a second) goes on in files that were just opened; then somebody of average speed
types, and the processor's time is counted; then ten windows are open, and nothing is done at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from ...completion.settings import HostSettings
from .. import machine
from ..harness import INVOKED, LspSession
from ..typing import TYPISTS
from .figures import Key, cpu_seconds, rounded, rss
from .segments import Segment, segments
from .typed import SERVE, Midspan, midspan, typed

Say = Callable[[str], None]

_N_KEYS = 60
_LEAST_LINES = 300
_PAUSE_SECONDS = 0.25
_N_WINDOWS = 10
_IDLE_SECONDS = 10.0


async def measure(
    host: HostSettings, overrides: Mapping[str, object], n_segments: int, seed: int, say: Say
) -> dict[str, Any]:
    """Return the documented JSON. Raises EvaluationError where midspan can't be measured."""
    async with midspan(host, overrides) as ours:
        found = await _fast(ours, n_segments, seed, say) | await _average(ours, n_segments, seed, say)
        return found | await _windows(ours, say) | {"model": host.model, "machine": machine.describe()}


async def _fast(ours: Midspan, n_segments: int, seed: int, say: Say) -> dict[str, Any]:
    """Type in new files without waiting, and count the pauses at which a proposal stands there before the next key."""
    keys: list[Key] = []
    for number, segment in enumerate(_long_segments(n_segments, "fast", seed)):
        say(f"typing fast: {number + 1} of {n_segments}")
        keys += (await typed(ours, segment, waits=False, is_known=False)).keys
    pauses = [key for key in keys if key.pause >= _PAUSE_SECONDS]
    in_time = [key for key in pauses if key.latency is not None]
    return {
        "fast_keys": len(keys),
        "fast_pauses": len(pauses),
        "fast_pauses_shown": rounded(sum(key.is_shown for key in pauses) / max(1, len(pauses)), 3),
        "fast_pauses_answered": rounded(len(in_time) / max(1, len(pauses)), 3),
    }


async def _average(ours: Midspan, n_segments: int, seed: int, say: Say) -> dict[str, Any]:
    """Type at average speed, with pauses to think, and count the seconds of a core for each second."""
    seconds = used = 0.0
    for number, segment in enumerate(_long_segments(n_segments, "average", seed + 1)):
        say(f"typing: {number + 1} of {n_segments}")
        one = await typed(ours, segment, waits=False)
        seconds += one.keys[-1].at - one.keys[0].at
        used += cpu_seconds(ours.pids()) - one.cpu_before
    return {"typing_s": round(seconds, 1), "typing_core_share": round(used / seconds, 3)}


async def _windows(ours: Midspan, say: Say) -> dict[str, Any]:
    """Open ten windows, ask once in each, and look at their memory; then at what they do while nobody does anything."""
    say("opening windows")
    async with AsyncExitStack() as stack:
        pids = ours.pids()
        for number, segment in enumerate(_long_segments(_N_WINDOWS - 1, "average", seed=7)):
            window = await stack.enter_async_context(await LspSession.start(SERVE, env=ours.env))
            uri = f"file:///window{number}/{segment.name}"
            window.open(uri, segment.language_id, segment.text)
            await window.complete(uri, trigger=INVOKED)
            assert window.process is not None
            pids.append(window.process.pid)
        memory = rss(pids)
        await asyncio.sleep(_IDLE_SECONDS / 2)  # what was left of the last prompts is read
        before = cpu_seconds(pids)
        await asyncio.sleep(_IDLE_SECONDS)
        idle = (cpu_seconds(pids) - before) / _IDLE_SECONDS
        return {"windows": len(pids) - 1, "windows_rss_mb": round(memory / 1e6, 1), "idle_core_share": round(idle, 4)}


def _long_segments(n: int, typist: str, seed: int) -> Sequence[Segment]:
    """Return segments of files of 300 lines or more."""
    found = [one for one in segments((), 3 * n, _N_KEYS, TYPISTS[typist], seed) if one.text.count("\n") >= _LEAST_LINES]
    return found[:n]
