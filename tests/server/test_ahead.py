"""What is read before anybody asks: when, where, and what calls it off."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from scripted_completer import Script, until

from midspan.server import ahead

URI = "file:///project/a.py"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "WAIT_SECONDS", 0.05)


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
