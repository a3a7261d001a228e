"""Asks a peer what midspan's host was asked, typed at the same pace, and calls it off at the same keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..peers.base import Peer, PeerAnswer, PeerAsk
from .figures import Asked, Key, System, cpu_seconds
from .recording import Recorded
from .typed import Typed, next_key_at

Render = Callable[[Mapping[str, Any]], PeerAsk]


async def replayed(peer: Peer, system: System, typed: Typed, render: Render, segment: int | None) -> None:
    """Ask a peer what was asked while a segment was typed; count it if the segment has a number.

    Raises PeerMissing where the peer has gone.
    """
    asks = [[_as_asked(key, request, render) for request in key.requests] for key in typed.keys]
    await _answers(peer, [render(request.body) for request in typed.before])
    cpu_before = cpu_seconds(peer.pids())
    pressed = time.perf_counter()
    for key, questions in zip(typed.keys, asks, strict=True):
        await asyncio.sleep(max(0.0, pressed - time.perf_counter()))
        work = asyncio.create_task(_answers(peer, questions))
        next_key = await next_key_at(pressed, key, work)
        answers, done_at = await _by(next_key, work)
        if questions and segment is not None:
            has_text = any(answer.text.strip() for answer in answers)
            system.asked.append(Asked(segment, key.is_look, 1000 * (done_at - pressed), has_text))
            system.n_shown += has_text
            for ask, answer in zip(questions, answers, strict=False):
                system.add_cost(len(ask.ids), len(ask.ids) - answer.n_prompt_computed, answer.n_written)
        pressed = next_key
    if segment is not None:
        system.add_use(peer.pids(), cpu_before)


def _as_asked(key: Key, request: Recorded, render: Render) -> PeerAsk:
    """Return a request for a peer. Where midspan had seen enough before the answer's end, the peer stops there too."""
    ask = render(request.body)
    if key.latency is not None and not request.is_whole and request.n_written:
        return replace(ask, max_tokens=min(ask.max_tokens, request.n_written))
    return ask


async def _answers(peer: Peer, asks: Sequence[PeerAsk]) -> tuple[list[PeerAnswer], float]:
    """Return the answers to some questions, one after the other, and the instant at which the last was whole."""
    answers = [await peer.answer(ask) for ask in asks]
    return answers, time.perf_counter()


async def _by(instant: float, work: asyncio.Task[tuple[list[PeerAnswer], float]]) -> tuple[list[PeerAnswer], float]:
    """Return what is whole before an instant; else call it off, wait until it has stopped, and return nothing."""
    await asyncio.wait({work}, timeout=max(0.0, instant - time.perf_counter()))
    if work.done():
        return work.result()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    return [], instant
