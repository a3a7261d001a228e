"""Gives a peer the questions that midspan's host was asked, at the same moments, and calls it off at the same keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..peers.base import Peer, PeerAnswer, PeerAsk
from .figures import Key, System, cpu_seconds
from .recording import Recorded
from .typed import Typed

Render = Callable[[Mapping[str, Any]], PeerAsk]


async def replayed(peer: Peer, system: System, typed: Typed, render: Render, group: int | None) -> None:
    """Ask a peer what was asked while a segment was typed; count it if the segment has a group.

    Raises PeerMissing where the peer has gone.
    """
    asks = [(key, _as_asked(key, key.request, render)) for key in typed.keys if key.request is not None]
    if typed.before is not None:
        await peer.answer(render(typed.before.body))
    cpu_before = cpu_seconds(peer.pids())
    start = time.perf_counter()
    for key, ask in asks:
        due, next_key = start + key.at, start + key.at + key.until_next
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        answer = None
        # Still busy with what was called off, when the next key comes: then this one was never begun.
        if time.perf_counter() < next_key:
            answer = await _answered(peer, ask, next_key)
        took = min(time.perf_counter() - due, key.until_next) if answer else key.until_next
        if group is None:
            continue
        has_text = answer is not None and bool(answer.text.strip())
        system.add(group, 1000 * took, has_text)
        system.n_shown += has_text
        if answer is not None:
            system.add_cost(len(ask.ids), len(ask.ids) - answer.n_prompt_computed, answer.n_written)
    if group is not None:
        system.add_use(peer.pids(), cpu_before)


def _as_asked(key: Key, request: Recorded, render: Render) -> PeerAsk:
    """Return a request for a peer. Where midspan had seen enough before the answer's end, the peer stops there too."""
    ask = render(request.body)
    if key.latency is not None and not request.is_whole and request.n_written:
        return replace(ask, max_tokens=min(ask.max_tokens, request.n_written))
    return ask


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
