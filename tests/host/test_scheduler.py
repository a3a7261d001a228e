"""Who is served when: order within and between sessions, superseding, the full queue, calling off, failures."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from engines import new_engine

from midspan.completion.fim import Hole
from midspan.host.engine.engine import Engine
from midspan.host.engine.model import Model
from midspan.host.engine.request import BadPrompt, DeviceLost, GenerateRequest, Kind, Piece, Summary
from midspan.host.models.errors import ModelUnusable
from midspan.host.scheduler import Event, Failure, Job, QueueFull, Scheduler


class ScriptedEngine:
    """Answers each prompt with itself, one letter a unit of work, but only while its gate is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun: list[str] = []

    def generate(self, request: GenerateRequest) -> Generator[Piece | Summary, None, None]:
        prompt = cast(str, request.prompt)
        self.begun.append(prompt)
        for letter in prompt:
            self.gate.wait(10)
            if letter == "!":
                raise BadPrompt("no exclamation marks")
            if letter == "#":
                raise DeviceLost
            if letter == "?":
                raise RuntimeError(f"boom in {prompt}")
            yield Piece(text=letter)
        yield Piece(finish="stop")
        yield Summary(generated_tokens=len(prompt))


@asynccontextmanager
async def scheduling() -> AsyncIterator[tuple[Scheduler, ScriptedEngine]]:
    """A scheduler whose engine is busy with the prompt "first" and stands before a closed gate."""
    engine = ScriptedEngine()
    scheduler = Scheduler(lambda say: cast(Engine, engine))
    scheduler.start()
    scheduler.submit(job("first"))
    await until(lambda: engine.begun == ["first"])
    try:
        yield scheduler, engine
    finally:
        engine.gate.set()
        assert scheduler.stop(10)


def job(prompt: str, session: str = "", kind: Kind = "line") -> Job:
    return Job(GenerateRequest(prompt, kind, session=session), time.monotonic())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another thread
            await asyncio.sleep(0.005)


async def events_of(one: Job) -> list[Event]:
    """All events of a job."""
    events: list[Event] = []
    async with asyncio.timeout(10):
        while not events or isinstance(events[-1], Piece):
            events.append(await one.events.get())
    return events


async def text_of(one: Job) -> str:
    return "".join(event.text for event in await events_of(one) if isinstance(event, Piece))


async def test_a_job_gets_all_its_pieces_in_order() -> None:
    async with scheduling() as (scheduler, engine):
        asked = job("hello")
        scheduler.submit(asked)
        engine.gate.set()
        events = await events_of(asked)
        assert [event.text for event in events if isinstance(event, Piece)] == [*"hello", ""]
        assert isinstance(events[-1], Summary)
        assert asked.started >= asked.arrived


async def test_a_newer_request_of_the_session_supersedes_one_that_waits() -> None:
    async with scheduling() as (scheduler, engine):
        old, new = job("old", "doc"), job("new", "doc")
        scheduler.submit(old)
        scheduler.submit(new)
        assert await text_of(old) == ""
        engine.gate.set()
        assert await text_of(new) == "new"
        assert "old" not in engine.begun


@pytest.mark.parametrize(("session", "kind"), [("doc", "block"), ("other", "line"), ("", "line")])
async def test_other_kinds_and_sessions_are_left_in_the_queue(session: str, kind: Kind) -> None:
    async with scheduling() as (scheduler, engine):
        one = job("one", "doc" if session else "")
        other = job("other", session, kind)
        scheduler.submit(one)
        scheduler.submit(other)
        engine.gate.set()
        assert (await text_of(one), await text_of(other)) == ("one", "other")


async def test_the_newest_of_a_session_comes_first_and_sessions_by_their_oldest() -> None:
    async with scheduling() as (scheduler, engine):
        jobs = [job("a-line", "a"), job("b-line", "b"), job("a-block", "a", "block")]
        for one in jobs:
            scheduler.submit(one)
        engine.gate.set()
        for one in jobs:
            await events_of(one)
        assert engine.begun == ["first", "a-block", "a-line", "b-line"]


async def test_a_full_queue_refuses() -> None:
    async with scheduling() as (scheduler, _engine):
        jobs = [job(f"job {number}") for number in range(64)]
        for one in jobs:
            scheduler.submit(one)
        with pytest.raises(QueueFull):
            scheduler.submit(job("one too many"))
        jobs[3].cancel()
        scheduler.submit(job("in the place of one that was called off"))
        assert scheduler.n_waiting() == 64


async def test_a_job_that_is_called_off_while_it_waits_is_never_begun() -> None:
    async with scheduling() as (scheduler, engine):
        one, last = job("one"), job("last")
        scheduler.submit(one)
        scheduler.submit(last)
        one.cancel()
        engine.gate.set()
        await events_of(last)
        assert engine.begun == ["first", "last"]
        assert scheduler.counters.cancelled == 1


async def test_a_job_that_is_called_off_ends_within_one_unit() -> None:
    async with scheduling() as (scheduler, engine):
        long, last = job("x" * 10_000_000), job("last")
        scheduler.submit(long)
        scheduler.submit(last)
        engine.gate.set()
        await long.events.get()
        long.cancel()
        units = scheduler.counters.units
        await events_of(last)
        assert units < 10_000_000
        assert scheduler.counters.cancelled == 1


async def test_an_error_ends_one_job_and_not_the_thread() -> None:
    async with scheduling() as (scheduler, engine):
        bad, broken, good = job("a!"), job("secret?"), job("good")
        for one in (bad, broken, good):
            scheduler.submit(one)
        engine.gate.set()
        assert (await events_of(bad))[-1] == Failure("no exclamation marks", is_request=True)
        failure = (await events_of(broken))[-1]
        assert isinstance(failure, Failure)
        assert not failure.is_request
        assert "secret" not in failure.message
        assert await text_of(good) == "good"


async def test_stopping_answers_those_who_wait() -> None:
    async with scheduling() as (scheduler, engine):
        waiting = job("waiting")
        scheduler.submit(waiting)
        engine.gate.set()
        assert scheduler.stop(10)
        assert isinstance((await events_of(waiting))[-1], Failure | Summary)


@pytest.mark.parametrize(
    ("error", "detail"), [(ModelUnusable("the file is damaged"), "the file is damaged"), (KeyError("x"), "KeyError")]
)
async def test_a_failed_load_is_said_to_all_who_wait(error: Exception, detail: str) -> None:
    gate = threading.Event()

    def load(say: Any) -> Engine:
        gate.wait(10)
        raise error

    scheduler = Scheduler(load)
    waiting = job("waiting")
    scheduler.start()
    scheduler.submit(waiting)
    gate.set()
    (failure,) = await events_of(waiting)
    assert isinstance(failure, Failure)
    assert detail in failure.message
    assert scheduler.status == "failed"
    assert scheduler.stop(10)


async def test_the_model_is_checked_only_while_nobody_waits() -> None:
    engine = ScriptedEngine()
    engine.gate.set()
    done: list[int] = []

    def check(_: Engine) -> Generator[None, None, str]:
        for step in range(5):
            done.append(step)
            yield
            if step == 1:
                scheduler.submit(asked)
        return "something is wrong"

    scheduler = Scheduler(lambda say: cast(Engine, engine), check)
    asked = job("asked")
    scheduler.start()
    assert await text_of(asked) == "asked"
    await until(lambda: scheduler.warning == "something is wrong")
    assert done == [0, 1, 2, 3, 4]
    assert "something is wrong" in scheduler.detail
    assert scheduler.stop(10)


async def test_a_check_that_breaks_leaves_the_host_working() -> None:
    engine = ScriptedEngine()
    engine.gate.set()

    def check(_: Engine) -> Generator[None, None, str]:
        yield
        raise RuntimeError

    scheduler = Scheduler(lambda say: cast(Engine, engine), check)
    scheduler.start()
    await until(lambda: "could not be checked" in scheduler.detail)
    asked = job("asked")
    scheduler.submit(asked)
    assert await text_of(asked) == "asked"
    assert scheduler.stop(10)


async def test_a_host_whose_device_is_lost_says_so_to_all_and_ends() -> None:
    async with scheduling() as (scheduler, engine):
        lost, waiting = job("a#"), job("b")
        scheduler.submit(lost)
        scheduler.submit(waiting)
        engine.gate.set()
        for one in (lost, waiting):
            failure = (await events_of(one))[-1]
            assert isinstance(failure, Failure)
            assert "device" in failure.message
        assert scheduler.status == "failed"
        assert engine.begun == ["first", "a#"]


def hole_job(deadline: float | None) -> Job:
    hole = Hole("def area(self):\n    return math.pi\n" * 6, "\n")
    return Job(GenerateRequest(hole, "line", 4, session="doc", deadline=deadline), time.monotonic())


@asynccontextmanager
async def with_real_engine() -> AsyncIterator[tuple[Scheduler, Engine]]:
    engine = new_engine("qwen2", chunk_tokens=4)
    scheduler = Scheduler(lambda say: engine)
    scheduler.start()
    try:
        yield scheduler, engine
    finally:
        assert scheduler.stop(10)


async def test_a_prompt_that_its_deadline_cut_off_is_read_while_nobody_waits() -> None:
    async with with_real_engine() as (scheduler, engine):
        late = hole_job(time.monotonic() - 1)
        scheduler.submit(late)
        assert await text_of(late) == ""
        n_prompt = len(engine.prompts.build(late.request).ids)
        encoded = engine.encoded(late.request, engine.prompts.build(late.request))
        await until(lambda: len(encoded.ids) == n_prompt - 1)
        again = hole_job(None)
        scheduler.submit(again)
        summary = (await events_of(again))[-1]
        assert isinstance(summary, Summary)
        assert summary.reused_tokens == n_prompt - 1


async def test_a_prompt_that_was_cut_for_want_of_time_is_read_whole_while_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Model, "readable", lambda self, seconds: 70)
    async with with_real_engine() as (scheduler, engine):
        asked = hole_job(time.monotonic() + 60)
        scheduler.submit(asked)
        cut = (await events_of(asked))[-1]
        assert isinstance(cut, Summary)
        assert not cut.is_whole
        prompt = engine.prompts.build(asked.request)
        await until(lambda: len(engine.encoded(asked.request, prompt).ids) == len(prompt.ids) - 1)


async def test_a_request_that_was_called_off_before_its_deadline_is_not_read_on() -> None:
    async with with_real_engine() as (scheduler, engine):
        asked = hole_job(time.monotonic() + 60)
        asked.cancel()
        scheduler.submit(asked)
        await until(lambda: scheduler.counters.cancelled == 1)
        await asyncio.sleep(0.1)
        assert not scheduler.is_busy()
        assert len(engine.encoded(asked.request, engine.prompts.build(asked.request)).ids) == 0
