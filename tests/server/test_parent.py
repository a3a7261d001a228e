"""The end of another process is noticed, told by the kernel or looked for."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from midspan.server import parent

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
WAYS = [pytest.param(True, id="told"), pytest.param(False, id="looked for")]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "EVERY_SECONDS", 0.05)


@pytest.fixture
def end_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, bool], Awaitable[None]]:
    def wait(process_id: int, is_told: bool) -> Awaitable[None]:
        if is_told and not hasattr(os, "pidfd_open"):
            pytest.skip("this system tells nothing")
        if not is_told:
            monkeypatch.delattr(os, "pidfd_open", raising=False)
        return parent.end_of_process(process_id)

    return wait


@pytest.mark.parametrize("is_told", WAYS)
async def test_the_end_is_noticed(end_of: Callable[[int, bool], Awaitable[None]], is_told: bool) -> None:
    process = subprocess.Popen(SLEEPER)  # noqa: ASYNC220
    try:
        waiting = asyncio.ensure_future(end_of(process.pid, is_told))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        process.kill()  # it stays a zombie: nobody waits for it
        await asyncio.wait_for(waiting, 5)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("is_told", WAYS)
async def test_a_process_that_cannot_be_seen_never_ends(
    end_of: Callable[[int, bool], Awaitable[None]], is_told: bool
) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(end_of(2**22 + 12345, is_told), 0.2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(end_of(-5, is_told), 0.2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(end_of(2**70, is_told), 0.2)


@pytest.mark.parametrize("is_told", WAYS)
async def test_the_one_that_started_us_has_ended_if_it_cannot_be_seen(
    end_of: Callable[[int, bool], Awaitable[None]], is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "PARENT_AT_START", 2**22 + 12345)
    await asyncio.wait_for(end_of(2**22 + 12345, is_told), 2)
