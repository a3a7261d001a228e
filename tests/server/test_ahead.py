"""What is read before anybody asks: when, where, and what calls it off."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from scripted_completer import Script, until

from midspan.evaluation.harness import RequestFailed
from midspan.server import ahead

URI = "file:///project/a.py"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(ahead, "LOOK_SECONDS", 0.1)


async def test_a_change_that_no_request_follows_is_read_ahead_at_its_end(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x = 1\n\nprint(x)\n")
    await session.complete(URI, 0, 0)  # the completer is there now
    session.change(URI, (1, 0), (1, 0), "y = x\nz = ")
    await until(lambda: len(script.read_ahead) == 1)
    (request,) = script.read_ahead
    assert request.document.text == "x = 1\ny = x\nz = \nprint(x)\n"
    assert request.document.text[: request.offset].endswith("z = ")


async def test_a_change_that_a_request_follows_is_not(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x = ")
    await session.complete(URI)
    session.type(URI, "1")
    await session.complete(URI)
    await asyncio.sleep(0.15)
    assert len(script.requests) == 2
    assert not script.read_ahead


async def test_a_request_calls_off_what_is_read_ahead(connect: Any, script: Script) -> None:
    script.reads = asyncio.Event().wait  # type: ignore[assignment]
    session = await connect()
    session.open(URI, "python", "x = ")
    await session.complete(URI)
    session.type(URI, "1")
    await until(lambda: len(script.read_ahead) == 1)
    assert await session.complete(URI)
    await until(lambda: script.n_cancelled == 1)


async def test_only_the_newest_text_is_read_and_none_of_a_closed_document(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x = ")
    await session.complete(URI)
    for letter in "123":
        session.type(URI, letter)
    await until(lambda: len(script.read_ahead) == 1)
    assert script.read_ahead[0].document.text == "x = 123"
    session.type(URI, "4")
    session.close_document(URI)
    await asyncio.sleep(0.15)
    assert len(script.read_ahead) == 1


async def test_what_follows_a_proposal_is_worked_out_while_it_is_looked_at(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x = ")
    await session.complete(URI)
    await until(lambda: len(script.gone_on) == 1)
    ((request, proposal),) = script.gone_on
    assert request.document.text == "x = "
    assert proposal.edits[0].text == "hello"
    await asyncio.sleep(0.15)
    assert len(script.gone_on) == 1


@pytest.mark.parametrize("what", ["a change", "a request", "closing"])
async def test_whatever_happens_calls_it_off(connect: Any, script: Script, what: str) -> None:
    script.reads = asyncio.Event().wait  # type: ignore[assignment]
    session = await connect()
    session.open(URI, "python", "x = ")
    await session.complete(URI)
    await until(lambda: len(script.gone_on) == 1)
    if what == "a change":
        session.type(URI, "1")
    elif what == "a request":
        await session.complete(URI)
    else:
        session.close_document(URI)
    await until(lambda: script.n_cancelled == 1)


async def test_who_types_on_does_not_look_at_it(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x = ")
    for letter in "abc":
        await session.complete(URI)
        session.type(URI, letter)
    await asyncio.sleep(0.2)
    assert not script.gone_on


async def test_a_proposal_that_is_put_away_is_told_to_the_completer(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x = ")
    await session.complete(URI)
    params = {"command": "midspan.rejected", "arguments": ["proposal-1"]}
    assert await session.request("workspace/executeCommand", params) is True
    assert script.rejected == ["proposal-1"]
    for odd in ([], [None], [1, 2], ["x" * 10_000]):
        await session.request("workspace/executeCommand", params | {"arguments": odd})
    assert script.rejected == ["proposal-1", "x" * 10_000]


async def test_snoozing_silences_what_nobody_asked_for(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x = ")
    await session.request("workspace/executeCommand", {"command": "midspan.snooze", "arguments": [30]})
    assert not await session.complete(URI)
    why = await session.request("midspan/why", {"textDocument": {"uri": URI}})
    assert why["verdict"] == "snoozed for 30 more minutes"
    assert await session.complete(URI, trigger=1)
    await session.request("workspace/executeCommand", {"command": "midspan.snooze", "arguments": [0]})
    assert await session.complete(URI)


@pytest.mark.parametrize("arguments", [[], [None], [-1], [1e9], ["5"], [True]])
async def test_snoozing_for_no_number_of_minutes_is_refused(connect: Any, arguments: list[object]) -> None:
    session = await connect()
    with pytest.raises(RequestFailed, match="minutes"):
        await session.request("workspace/executeCommand", {"command": "midspan.snooze", "arguments": arguments})
