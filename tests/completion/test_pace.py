"""The wait before a model is asked follows the user's rhythm and the server's speed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from marks import parse_marks
from scripted_model import ScriptedModel

from midspan.completion.ask import Deadline, Did, Request
from midspan.completion.completer import Completer
from midspan.completion.pace import Pace
from midspan.completion.settings import Settings
from midspan.context.document import Document


def pace(gaps: list[float], answers: list[float]) -> Pace:
    found, now = Pace(), 100.0
    found.key(now)
    for gap in gaps:
        now += gap
        found.key(now)
    for seconds in answers:
        found.answered(seconds)
    return found


@pytest.mark.parametrize(
    ("gaps", "answers", "least", "most"),
    [
        ([0.12] * 10, [0.05] * 5, 0, 0),  # answers come before the next key
        ([0.12] * 10, [0.5] * 5, 0.12, 0.13),
        ([0.1, 0.12, 0.14, 0.2] * 3, [0.5] * 5, 0.14, 0.2),
        ([0.8] * 10, [2.0] * 5, 0.3, 0.3),  # nobody waits for longer
        ([0.12] * 2, [0.5] * 5, 0, 0),  # too little is known
        ([0.12] * 10, [0.5], 0, 0),
        ([5.0] * 10, [0.5] * 5, 0, 0),  # not typing
        ([-3.0, 0.0] * 5, [0.5] * 5, 0, 0),  # a clock that jumps
    ],
)
def test_the_wait(gaps: list[float], answers: list[float], least: float, most: float) -> None:
    assert least <= pace(gaps, answers).wait() <= most


async def ask(completer: Completer, marked: str) -> list[str]:
    text, offset = parse_marks(marked)
    request = replace(Request(Document.open("file:///a.py", "python", 1, text), offset), did=Did.TYPED)
    answer = await completer.complete(request, Deadline.after(5000))
    return [proposal.edits[0].text for proposal in answer.proposals]


async def test_who_types_on_is_not_asked_for_where_asking_costs() -> None:
    model = ScriptedModel("foo(a)")
    model.reads_ahead = False
    completer = Completer(Settings(), model)
    completer.pace = pace([0.12] * 10, [0.5] * 5)
    work = asyncio.create_task(ask(completer, "import a\nx = ¦\n"))
    await asyncio.sleep(0.03)
    work.cancel()  # as the server does when the next request comes
    await asyncio.gather(work, return_exceptions=True)
    assert model.asks == []
    assert await ask(completer, "import a\nx = ¦\n") == ["foo(a)"]
    assert len(model.asks) == 1


async def test_our_own_host_is_asked_at_once() -> None:
    model = ScriptedModel("foo(a)")
    completer = Completer(Settings(), model)
    completer.pace = pace([0.12] * 10, [0.5] * 5)
    work = asyncio.create_task(ask(completer, "import a\nx = ¦\n"))
    await asyncio.sleep(0.05)
    assert len(model.asks) == 1
    await work
