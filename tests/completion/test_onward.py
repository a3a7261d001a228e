"""What follows the acceptance of a proposal is worked out before it is taken."""

from __future__ import annotations

import pytest
from marks import parse_marks
from scripted_model import ScriptedModel

from midspan.completion.ask import Ask, Deadline, Edit, Kind, Proposal, Request, Trigger
from midspan.completion.completer import Completer
from midspan.completion.onward import onward
from midspan.completion.settings import Settings
from midspan.context.document import Document


def at(marked: str, language: str = "python") -> Request:
    text, offset = parse_marks(marked)
    return Request(Document.open("file:///a", language, 1, text), offset, Trigger.INVOKED)


def followers(marked: str, text: str, language: str = "python") -> list[str]:
    request = at(marked, language)
    proposal = Proposal("1", (Edit(request.offset, request.offset, text),), Kind.LINE)
    found = list(onward(request, proposal))
    assert all(one.trigger is Trigger.AUTOMATIC for one in found)
    return [f"{one.document.text[: one.offset]}¦{one.document.text[one.offset :]}" for one in found]


@pytest.mark.parametrize(
    ("marked", "text", "language", "expected"),
    [
        ("x = ¦\ny\n", "1", "python", ["x = 1¦\ny\n", "x = 1\n¦\ny\n"]),
        ("def f():\n    x = ¦\n", "1", "python", ["def f():\n    x = 1¦\n", "def f():\n    x = 1\n    ¦\n"]),
        ("if ¦", "a:", "python", ["if a:¦", "if a:\n    ¦"]),
        ("\tif ¦\r\n", "a {", "go", ["\tif a {¦\r\n", "\tif a {\r\n\t\t¦\r\n"]),
        ("f(¦)\n", "a", "python", ["f(a¦)\n"]),
    ],
)
def test_right_behind_it_or_on_the_next_line(marked: str, text: str, language: str, expected: list[str]) -> None:
    assert followers(marked, text, language) == expected


async def test_who_takes_it_finds_the_next_one_there() -> None:
    def reply(ask: Ask) -> str:
        return "foo(a)" if ask.hole.prefix.endswith("x = ") else "bar(b)"

    model = ScriptedModel(reply)
    completer = Completer(Settings(), model)
    request = at("import a\nx = ¦\n")
    answer = await completer.complete(request, Deadline.after(5000), n=1)
    await completer.go_on(request, answer.proposals[0], Deadline.after(5000))
    n_asked = len(model.asks)
    assert [ask.is_ahead for ask in model.asks] == [False, True]
    taken = Request(Document.open("file:///a", "python", 2, "import a\nx = foo(a)\n\n"), 20)
    following = await completer.complete(taken, Deadline.after(5000))
    assert [one.edits[0].text for one in following.proposals] == ["bar(b)"]
    assert following.trace.source == "reuse"
    assert len(model.asks) == n_asked == 2  # behind the statement nothing is asked for


async def test_where_reading_costs_money_nothing_is_worked_out() -> None:
    model = ScriptedModel("foo(a)")
    model.reads_ahead = False
    completer = Completer(Settings(), model)
    request = at("import a\nx = ¦\n")
    answer = await completer.complete(request, Deadline.after(5000), n=1)
    await completer.go_on(request, answer.proposals[0], Deadline.after(5000))
    assert len(model.asks) == 1
