"""`midspan bench typing`: real files typed at human pace through the whole server, and each peer given the same asks.

In real time, in turn, in one run: for each segment midspan is typed at first and what its host is asked for written
down (`typed`); then each peer gets those prompts at the same keys, with the same limit and the same end, and is called
off when the next key comes (`replayed`). Each segment begins with one answered request, as for somebody who has
typed nearby a moment ago.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...completion.settings import Settings
from .. import machine
from ..errors import EvaluationError, PeerMissing
from ..peers.base import Peer
from ..subject import flat
from ..typing import TYPISTS
from . import figures
from .figures import Asked, Key, System
from .replayed import replayed
from .segments import segments
from .typed import DEADLINE, LOOK_SECONDS, midspan, typed

_REST_SECONDS = 0.5

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What is typed (files, or Python's own library), by whom, and beside which peers."""

    settings: Settings
    overrides: Mapping[str, object]
    files: tuple[Path, ...] = ()
    against: tuple[str, ...] = ()
    typist: str = "average"
    n_segments: int = 16
    n_keys: int = 40
    seed: int = 1


async def measure(options: Options, say: Say, progress: Progress) -> dict[str, Any]:
    """Return the documented JSON. Raises EvaluationError or MidspanError where midspan itself can't be measured."""
    chosen = segments(options.files, options.n_segments + 1, options.n_keys, TYPISTS[options.typist], options.seed)
    before = machine.describe()
    overrides = {**DEADLINE, **options.overrides}
    host = options.settings.host
    keys: list[Key] = []
    async with AsyncExitStack() as stack:
        systems = {"midspan": System(", ".join(f"{name} {version}" for name, version in machine.versions().items()))}
        peers = await _peers(options, systems, stack, say)
        if peers:
            from ..peers.render import renderer  # late, as the peers

            render = await asyncio.to_thread(renderer, host)
        ours = await stack.enter_async_context(midspan(host, overrides))
        total = len(chosen) * (1 + len(peers))
        done = 0
        for number, segment in enumerate(chosen):
            # The first segment warms everything up and is not counted.
            counted = number or None
            one = await typed(ours, segment)
            if counted is not None:
                keys += one.keys
                _count(systems["midspan"], one.keys, counted)
                systems["midspan"].add_use(ours.pids(), one.cpu_before)
            done += 1
            progress("typing", done, total)
            names = list(peers)
            first = number % max(1, len(names))
            for name in names[first:] + names[:first]:
                await asyncio.sleep(_REST_SECONDS)
                try:
                    await replayed(peers[name], systems[name], one, render, counted)
                except PeerMissing as error:
                    systems[name].missing = str(error)
                    await peers.pop(name).stop()
                done += 1
                progress("typing", done, total)
    if not systems["midspan"].asked:
        raise EvaluationError("midspan's model was asked at no key: are completions switched off in the settings?")
    return {
        "systems": {name: figures.of_system(system) for name, system in systems.items()},
        "ratio": {
            name: figures.ratio(systems["midspan"], system) for name, system in systems.items() if name != "midspan"
        },
        "felt": figures.felt(keys),
        "n": len(systems["midspan"].asked),
        "n_looks": sum(one.is_look for one in systems["midspan"].asked),
        "n_keystrokes": len(keys),
        "model": host.model,
        "settings": {**flat(options.settings), **overrides},
        "typist": options.typist,
        "seed": options.seed,
        "machine": before,
    }


def _count(system: System, keys: tuple[Key, ...], segment: int) -> None:
    """Count what midspan did at the keys of a segment, by the rules that hold for its peers."""
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        system.n_shown += key.is_shown
        if not key.requests:
            continue
        if key.latency is None:
            until = following.at - key.at if following is not None else LOOK_SECONDS
            system.asked.append(Asked(segment, key.is_look, 1000 * until, has_text=False))
            continue
        # Text that midspan wrote and then kept to itself counts as a peer's would, which is not looked at.
        has_text = any(request.has_text for request in key.requests)
        system.asked.append(Asked(segment, key.is_look, 1000 * key.latency, has_text))
        for request in key.requests:
            system.add_cost(request.n_prompt, request.n_reused, request.n_written)
            system.n_shortened += request.is_shortened


async def _peers(options: Options, systems: dict[str, System], stack: AsyncExitStack, say: Say) -> dict[str, Peer]:
    """Return the peers that could be started; every one gets its place among the systems."""
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
    return peers
