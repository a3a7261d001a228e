"""A request under way answers the next one, too, where the model has already written what was typed since."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from marks import parse_marks
from scripted_model import ScriptedModel

from midspan.completion.ask import Ask, Deadline, Delta, Request, Trigger
from midspan.completion.completer import Completer
from midspan.completion.settings import Settings
from midspan.context.document import Document


class Slow(ScriptedModel):
    """Writes a piece whenever it is told to."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.may_write = asyncio.Semaphore(0)

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        self.asks.append(ask)
        try:
            for character in self._reply(ask):
                await self.may_write.acquire()
                self.n_sent += 1
                yield Delta(character, logprob=-0.1, n_tokens=1)
            yield Delta("", finish="stop")
        finally:
            self.n_closed += 1

    async def write(self, n: int) -> None:
        wanted = self.n_sent + n
        for _ in range(n):
            self.may_write.release()
        async with asyncio.timeout(5):
            while self.n_sent < wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.005)


def at(marked: str, trigger: Trigger = Trigger.AUTOMATIC) -> Request:
    text, offset = parse_marks(marked)
    return Request(Document.open("file:///a.py", "python", 1, text), offset, trigger)


async def texts(completer: Completer, request: Request) -> list[str]:
    answer = await completer.complete(request, Deadline.after(5000), "a.py")
    return [proposal.edits[0].text for proposal in answer.proposals]


async def cancelled(task: asyncio.Task[list[str]]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_is_written_already_is_not_asked_for_again() -> None:
    model = Slow("foo(a)")
    completer = Completer(Settings(), model)
    first = asyncio.create_task(texts(completer, at("import a\nx = ¦\n")))
    await model.write(3)
    await cancelled(first)  # the user has typed "fo"
    second = asyncio.create_task(texts(completer, at("import a\nx = fo¦\n")))
    await model.write(3)
    assert await second == ["o(a)"]
    assert len(model.asks) == 1


@pytest.mark.parametrize("now", ["x = fx¦\n", "x = foo(¦\n", "y = fo¦\n", "x = fo¦ + 1\n"])
async def test_where_something_else_was_typed_it_is_called_off_at_once(now: str) -> None:
    model = Slow("foo(a)")
    completer = Completer(Settings(), model)
    first = asyncio.create_task(texts(completer, at("import a\nx = ¦\n")))
    await model.write(3)
    await cancelled(first)
    second = asyncio.create_task(texts(completer, at(f"import a\n{now}")))
    await asyncio.sleep(0.005)
    assert (len(model.asks), model.n_closed) == (2, 1)
    await cancelled(second)


async def test_what_nobody_wants_ends_soon() -> None:
    model = Slow("foo(a)")
    completer = Completer(Settings(), model)
    first = asyncio.create_task(texts(completer, at("import a\nx = ¦\n")))
    await model.write(3)
    await cancelled(first)
    assert model.n_closed == 0
    await asyncio.sleep(0.1)
    assert model.n_closed == 1


async def test_a_key_asks_anew() -> None:
    model = Slow("foo(a)")
    completer = Completer(Settings(), model)
    first = asyncio.create_task(texts(completer, at("import a\nx = ¦\n")))
    await model.write(3)
    second = asyncio.create_task(texts(completer, at("import a\nx = fo¦\n", Trigger.INVOKED)))
    await asyncio.sleep(0.005)
    assert len(model.asks) == 2
    await cancelled(second)
    await asyncio.gather(first, return_exceptions=True)


async def test_closing_ends_everything() -> None:
    model = Slow("foo(a)")
    completer = Completer(Settings(), model)
    first = asyncio.create_task(texts(completer, at("import a\nx = ¦\n")))
    await model.write(3)
    await completer.close()
    assert model.n_closed == 1
    await asyncio.gather(first, return_exceptions=True)
