"""The benchmark of typing: what is recorded is what the host got, and peers get the same at the same time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from midspan.evaluation.bench import figures
from midspan.evaluation.bench import typing as bench
from midspan.evaluation.bench.figures import Asked, Key, System
from midspan.evaluation.bench.recording import Recorded, recording
from midspan.evaluation.bench.replayed import replayed
from midspan.evaluation.bench.segments import segments
from midspan.evaluation.bench.typed import SEEN_SECONDS, Typed, _questions
from midspan.evaluation.errors import EvaluationError, PeerMissing
from midspan.evaluation.peers.base import PeerAnswer, PeerAsk
from midspan.evaluation.typing import TYPISTS

EVENTS = [
    {"choices": [], "usage": {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 7}}},
    {"choices": [{"index": 0, "text": "a", "logprobs": {"tokens": ["a"]}}]},
    {"choices": [{"index": 0, "text": "b", "logprobs": {"tokens": ["b", "c"]}}]},
]


async def host(path: Path, pause: float, got: list[bytes]) -> asyncio.Server:
    """A host that answers every request by the events, with a pause between two of them."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(
                (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), 0
            )
            got.append(await reader.readexactly(length))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            for event in EVENTS:
                writer.write(f"data: {json.dumps(event)}\n\n".encode())
                await asyncio.sleep(pause)
            writer.write(b"data: [DONE]\n\n")

    return await asyncio.start_unix_server(connected, str(path))


async def asked(path: Path, body: dict[str, Any]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    data = json.dumps(body).encode()
    writer.write(b"POST /v1/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data))
    return reader, writer


async def test_what_passes_through_is_written_down(short_dir: Path) -> None:
    got: list[bytes] = []
    server = await host(short_dir / "host.sock", 0.0, got)
    async with recording(short_dir / "r" / "proxy.sock", short_dir / "host.sock") as noted:
        reader, writer = await asked(short_dir / "r" / "proxy.sock", {"prompt": "x"})
        answer = await reader.readuntil(b"[DONE]\n\n")
        writer.close()
        await asyncio.sleep(0.05)
    server.close()
    assert answer.count(b"data: ") == 4
    (request,) = noted.requests
    assert request.body == {"prompt": "x"} == json.loads(got[0])
    assert (request.is_whole, request.n_prompt, request.n_reused, request.n_written) == (True, 9, 7, 3)
    assert request.has_text
    assert request.ended is not None
    assert request.ended >= request.arrived


async def test_a_request_that_is_called_off_is_noted_as_such(short_dir: Path) -> None:
    server = await host(short_dir / "host.sock", 5.0, [])
    async with recording(short_dir / "r" / "proxy.sock", short_dir / "host.sock") as noted:
        reader, writer = await asked(short_dir / "r" / "proxy.sock", {"prompt": "x"})
        await reader.readuntil(b"cached_tokens")
        writer.close()
        await asyncio.sleep(0.05)
    server.close()
    (request,) = noted.requests
    assert (request.is_whole, request.n_prompt) == (False, 9)
    assert request.ended is not None


class Echo:
    """A peer that takes some time for each answer."""

    name, version = "echo", "1"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asks: list[tuple[float, PeerAsk]] = []
        self.n_cancelled = 0

    async def start(self) -> None: ...

    async def answer(self, ask: PeerAsk) -> PeerAnswer:
        self.asks.append((asyncio.get_running_loop().time(), ask))
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.n_cancelled += 1
            raise
        return PeerAnswer("text", 3, 2)

    def pids(self) -> Sequence[int]:
        return []

    async def stop(self) -> None: ...


def keys(*pauses: float, looks: Sequence[int] = ()) -> tuple[Key, ...]:
    at, made = 0.0, []
    for i, pause in enumerate(pauses):
        made.append(Key(at, pause, i in looks, requests=(Recorded({"prompt": f"p{i}", "max_tokens": 5}, 0.0),)))
        at += pause
    return tuple(made)


def render(body: Any) -> PeerAsk:
    return PeerAsk((1, 2, 3, 4), "line", body["max_tokens"], frozenset({0}))


async def test_a_peer_gets_each_prompt_and_is_called_off_by_the_next_key() -> None:
    peer, system = Echo(0.15), System()
    await replayed(peer, system, Typed((), keys(0.05, 0.6, 0.6)), render, 1)
    assert len(peer.asks) == 3
    assert peer.n_cancelled == 1
    assert [one.has_text for one in system.asked] == [False, True, True]
    assert system.asked[0].milliseconds == pytest.approx(50)
    assert system.asked[1].milliseconds >= 150
    assert (system.n_shown, system.n_computed, system.n_prompt, system.n_reused) == (2, 10, 8, 2)
    moments = [at - peer.asks[0][0] for at, _ in peer.asks]
    assert moments[1] >= 0.045
    assert moments[2] >= 0.6


async def test_where_the_typist_looks_nothing_is_overtaken() -> None:
    peer, system = Echo(0.3), System()
    await replayed(peer, system, Typed((), keys(0.05, 0.05, looks=[0])), render, 1)
    assert [(one.is_look, one.has_text) for one in system.asked] == [(True, True), (False, False)]
    (first, _), (second, _) = peer.asks
    assert second - first >= 0.3 + SEEN_SECONDS - 0.01


async def test_an_answer_that_midspan_cut_short_is_cut_short_for_peers() -> None:
    some = keys(0.1, 0.1, 0.1, 0.1)
    for key, latency, n_written, is_whole in zip(
        some, (0.05, 0.05, None, None), (3, 3, 3, 0), (False, True, False, False), strict=True
    ):
        key.latency, key.requests[0].n_written, key.requests[0].is_whole = latency, n_written, is_whole
    peer = Echo(0.0)
    await replayed(peer, System(), Typed((), some), render, None)
    assert [ask.max_tokens for _, ask in peer.asks] == [3, 5, 5, 5]


async def test_what_comes_before_a_segment_and_what_asked_nobody_is_not_counted() -> None:
    some = keys(0.02, 0.02, 0.02)
    some[0].requests = ()
    peer, system = Echo(0.0), System()
    await replayed(peer, system, Typed((Recorded({"max_tokens": 7}, 0.0),), some), render, 2)
    assert [ask.max_tokens for _, ask in peer.asks] == [7, 5, 5]
    assert [one.segment for one in system.asked] == [2, 2]


def test_text_that_midspan_keeps_to_itself_counts_as_a_peers() -> None:
    system = System()
    some = keys(1.0, 1.0, 1.0, 0.0)
    for key, latency, has_text in zip(some, (0.3, 0.2, None, 0.1), (True, False, True, True), strict=True):
        key.latency, key.requests[0].has_text = latency, has_text
    bench._count(system, some, 1)
    told = [(one.milliseconds, one.has_text) for one in system.asked]
    assert told == [(300, True), (200, False), (1000, False), (100, True)]
    assert (system.n_shown, system.n_whole) == (0, 3)


def test_ratios_are_midspans_time_over_the_peers() -> None:
    quick, slow, never = (
        System(asked=[Asked(1 + i // 6, True, factor * (100.0 + 10 * (i % 3)), has_text) for i in range(12)])
        for factor, has_text in ((1, True), (2, True), (1, False))
    )
    ratio = figures.ratio(quick, slow)
    assert ratio["p50"] == ratio["p95"] == 0.5
    assert ratio["p50_ci95"][0] <= 0.5 <= ratio["p50_ci95"][1]
    assert figures.ratio(quick, never)["p50"] is None
    assert figures.of_system(System(missing="not built"))["missing"] == "not built"


def test_overtaken_answers_count_as_such_and_for_no_time() -> None:
    some = [Asked(1, True, 100.0, True), *(Asked(1, False, 20.0, False) for _ in range(3))]
    told = figures.of_system(System(asked=some))
    assert (told["p50_ms"], told["answered_in_time"]) == (100, 0.25)


def test_what_is_felt_counts_every_key() -> None:
    some = [
        Key(0, 1, True, latency=0.01, is_shown=True),
        Key(0, 1, True, latency=0.3, is_shown=True, requests=(Recorded({}, 0.0),)),
        Key(0, 0.1),
        Key(0, 1, latency=0.2),
    ]
    felt = figures.felt(some)
    assert (felt["answered"], felt["reused_share"]) == (0.5, 0.5)
    assert felt["p50_ms"] == pytest.approx(155, abs=1)


def test_segments_are_typed_again_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "steps.py"
    path.write_text("".join(f"def step_{i}(value):\n    return value + {i}\n" for i in range(30)))
    chosen = segments([path], 4, 1000, TYPISTS["fast"], 1)
    assert chosen == segments([path], 4, 1000, TYPISTS["fast"], 1)
    for one in chosen:
        typed = "".join(key.text for key in one.keys if not key.is_wrong)
        assert one.text[: one.offset] + typed + one.text[one.offset :] == path.read_text()
        assert one.language_id == "python"
    short = tmp_path / "short.py"
    short.write_text("x = 1\n")
    with pytest.raises(EvaluationError, match="24 lines"):
        segments([short], 1, 10, TYPISTS["fast"], 1)
    short.write_text("x = 1\n" * 100_000)
    with pytest.raises(EvaluationError, match="larger than 400 kB"):
        segments([short], 1, 10, TYPISTS["fast"], 1)


async def test_a_peer_that_cannot_be_had_is_a_column_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import AsyncExitStack

    from midspan.completion.settings import Settings
    from midspan.evaluation.peers import make

    def missing(name: str, model: str, say: Any) -> Any:
        raise PeerMissing("llama.cpp is not built here")

    monkeypatch.setattr(make, "open_peer", missing)
    options = bench.Options(Settings(), {}, against=("llama.cpp",))
    systems: dict[str, System] = {}
    async with AsyncExitStack() as stack:
        peers = await bench._peers(options, systems, stack, lambda text: None)
    assert peers == {}
    assert systems["llama.cpp"].missing == "llama.cpp is not built here"


def test_what_nobody_waits_for_is_no_question() -> None:
    asked = Recorded({"max_tokens": 5, "midspan": {"ahead": False}}, 0.0)
    read = Recorded({"max_tokens": 0, "midspan": {"ahead": False}}, 0.0)
    ahead = Recorded({"max_tokens": 5, "midspan": {"ahead": True}}, 0.0)
    assert _questions([asked, read, ahead]) == (asked,)
