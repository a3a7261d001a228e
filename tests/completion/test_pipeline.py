"""The stages together: when the model is asked, what it is asked, what is reused, what is said when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest
from ghost import answer_of, complete, request
from marks import parse_marks
from scripted_model import ScriptedModel

from midspan.completion.ask import (
    Ask,
    Deadline,
    Delta,
    Did,
    Edit,
    Kind,
    Proposal,
    Request,
    SelectedItem,
    Trigger,
)
from midspan.completion.completer import Completer
from midspan.completion.errors import BackendUnreachable
from midspan.completion.flight import LINGER_SECONDS
from midspan.completion.report import as_json
from midspan.completion.settings import CompletionSettings, Settings
from midspan.context import parse
from midspan.context.document import Change, Document, Position
from midspan.context.snippet import Snippet


def typed(one: Request, text: str) -> Request:
    document = one.document.replace(one.offset, one.offset, text)
    return Request(document, one.offset + len(text), one.trigger)


async def test_the_ask_holds_both_sides_and_says_where() -> None:
    model = ScriptedModel("1")
    await complete(Completer(Settings(), model), request("x = 0\r\ny = ¦\r\nz = 2\r\n"))
    (ask,) = model.asks
    assert ask.hole.prefix == "x = 0\ny = "
    assert ask.hole.suffix == "\nz = 2\n"
    assert ask.hole.path == "a.py"
    assert ask.hole.language == "python"
    assert ask.kind is Kind.LINE


async def test_lone_surrogates_do_not_reach_the_model() -> None:
    model = ScriptedModel("1")
    await complete(Completer(Settings(), model), request("x = '\ud800'\ny = ¦"))
    assert model.asks[0].hole.prefix == "x = '\ufffd'\ny = "


async def test_typing_along_asks_nobody() -> None:
    model = ScriptedModel("foo(bar)")
    completer = Completer(Settings(), model)
    one = request("x = ¦\n")
    assert await complete(completer, one) == ["foo(bar)"]
    for n in range(1, len("foo(bar)")):
        assert await complete(completer, typed(one, "foo(bar)"[:n])) == ["foo(bar)"[n:]]
    assert len(model.asks) == 1
    assert await complete(completer, typed(one, "fooo")) == ["foo(bar)"]
    assert len(model.asks) == 2


async def test_a_proposal_keeps_its_id_while_it_is_typed() -> None:
    completer = Completer(Settings(), ScriptedModel("foo(bar)"))
    one = request("x = ¦\n")
    first = await completer.complete(one, Deadline.after(5000))
    second = await completer.complete(typed(one, "fo"), Deadline.after(5000))
    assert first.proposals[0].id == second.proposals[0].id
    assert second.trace.source == "reuse"


async def test_an_edit_elsewhere_asks_again() -> None:
    model = ScriptedModel("foo(bar)")
    completer = Completer(Settings(), model)
    one = request("x = ¦\nz = 1\n")
    await complete(completer, one)
    elsewhere = one.document.apply([Change("2", Position(1, 4), Position(1, 5))], 2)
    await complete(completer, Request(elsewhere, one.offset))
    assert len(model.asks) == 2


async def test_nothing_to_offer_is_remembered_until_a_key_asks() -> None:
    model = ScriptedModel("")
    completer = Completer(Settings(), model)
    await complete(completer, request("x = ¦\n"))
    await complete(completer, request("x = ¦\n"))
    assert len(model.asks) == 1
    await complete(completer, request("x = ¦\n", Trigger.INVOKED))
    assert len(model.asks) > 1


async def test_a_key_asks_for_several_candidates_and_typing_for_one() -> None:
    model = ScriptedModel(lambda ask: f"foo{ask.sample}(a)")
    completer = Completer(Settings(), model)
    assert await complete(completer, request("x = ¦\n")) == ["foo0(a)"]
    assert await complete(completer, request("x = ¦\n", Trigger.INVOKED)) == ["foo0(a)", "foo1(a)", "foo2(a)"]
    assert len(model.asks) == 4
    assert await complete(completer, request("x = ¦\n", Trigger.INVOKED)) == ["foo0(a)", "foo1(a)", "foo2(a)"]
    assert len(model.asks) == 4


async def test_a_line_is_closed_as_soon_as_it_is_whole() -> None:
    model = ScriptedModel("1\n" + "z = 0\n" * 1000)
    await complete(Completer(Settings(), model), request("x = ¦\n"))
    assert model.n_sent < 20
    assert model.n_closed == 1


@pytest.mark.parametrize(
    ("marked", "settings", "why"),
    [
        ("x = ¦\n", CompletionSettings(enabled=False), "midspan is paused"),
        ("x = ¦\n", CompletionSettings(automatic=False), "proposals only on request"),
        ("x = ¦\n", CompletionSettings(disabled_languages=("python",)), "the language is switched off"),
        ("x = fo¦o\n", CompletionSettings(), "in the middle of a word"),
        ("x = \0¦\n", CompletionSettings(), "the document is binary"),
        ("#" * 2_000_001 + "¦", CompletionSettings(), "the document is too large"),
    ],
)
def test_silence(marked: str, settings: CompletionSettings, why: str) -> None:
    answer, _, model = answer_of(marked, "1", trigger=Trigger.AUTOMATIC, settings=Settings(completion=settings))
    assert answer.proposals == ()
    assert answer.trace.verdict == why
    assert model.asks == []


@pytest.mark.parametrize(
    ("marked", "kind"),
    [
        ("def f():\n    ¦\n", Kind.BLOCK),
        ("def f():\n    ¦\n    return 1\n", Kind.LINE),
        ("def f():\n    x = 1\n    ¦\n", Kind.LINE),
        ("class A:\n    def f(self):\n        ¦\n\n    def g(self): ...\n", Kind.BLOCK),
        ("x = ¦\n", Kind.LINE),
        ("¦", Kind.LINE),
    ],
)
def test_line_or_block_by_syntax(marked: str, kind: Kind) -> None:
    _, _, model = answer_of(marked, "pass")
    assert model.asks[0].kind is kind


def test_line_or_block_by_setting() -> None:
    settings = Settings(completion=CompletionSettings(kind="block", max_block_tokens=77))
    _, _, model = answer_of("x = ¦\n", "1", settings=settings)
    assert model.asks[0].kind is Kind.BLOCK
    assert model.asks[0].max_tokens == 77


def test_a_block_has_at_most_the_lines_that_the_setting_allows() -> None:
    text = "a = 1\n    b = 2\n    c = 3\nd = 4"
    for most, expected in ((2, "a = 1\n    b = 2"), (3, "a = 1\n    b = 2\n    c = 3"), (1, "a = 1")):
        settings = Settings(completion=CompletionSettings(max_lines=most))
        answer, _, _ = answer_of("def f():\n    ¦\n", text, settings=settings)
        assert [proposal.edits[0].text for proposal in answer.proposals] == [expected]


def test_no_lines_are_no_proposals_for_a_key_neither() -> None:
    settings = Settings(completion=CompletionSettings(max_lines=0))
    answer, _, model = answer_of("x = ¦\n", "1", settings=settings)
    assert (answer.proposals, model.asks) == ((), [])


async def test_snippets_that_the_request_brings_reach_the_model() -> None:
    model = ScriptedModel("1")
    brought = replace(request("x = ¦\n"), snippets=(Snippet("b.py", "y = 2\n"),))
    await complete(Completer(Settings(), model), brought)
    assert model.asks[0].hole.snippets == (Snippet("b.py", "y = 2\n"),)


def test_candidates_are_ranked_and_equal_ones_shown_once() -> None:
    answer, _, _ = answer_of("x = ¦\n", ["worst", "worst ", "foo(a)"])
    assert [proposal.edits[0].text for proposal in answer.proposals] == ["worst", "foo(a)"]
    scores = [proposal.score or 0.0 for proposal in answer.proposals]
    assert scores == sorted(scores, reverse=True)
    assert answer.trace.dropped[0].why == "the same as another proposal"


async def test_the_popups_entry_is_extended() -> None:
    model = ScriptedModel("(path)")
    text, offset = parse_marks("x = json.lo¦\n")
    document = Document.open("file:///a.py", "python", 1, text)
    selected = SelectedItem(offset - 2, offset, "loads")
    answer = await Completer(Settings(), model).complete(
        Request(document, offset, selected=selected), Deadline.after(5000)
    )
    assert model.asks[0].hole.prefix == "x = json.loads"
    (edit,) = answer.proposals[0].edits
    assert (edit.start, edit.end, edit.text) == (offset - 2, offset, "loads(path)")


class Failing(ScriptedModel):
    """A model server that says nothing but an error."""

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        self.asks.append(ask)
        raise BackendUnreachable("Nobody is there.")
        yield Delta("")


class Slow(ScriptedModel):
    """A model server that sends the first piece and then nothing."""

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        try:
            yield Delta("b = a\n    ret", n_tokens=3)
            await asyncio.sleep(60)
        finally:
            self.n_closed += 1


async def test_a_server_that_fails_gives_an_empty_answer_and_the_error() -> None:
    answer = await Completer(Settings(), Failing("")).complete(request("x = ¦\n"), Deadline.after(5000))
    assert answer.proposals == ()
    assert str(answer.trace.error) == "Nobody is there."


async def test_a_failure_is_not_remembered() -> None:
    model = Failing("")
    completer = Completer(Settings(), model)
    await complete(completer, request("x = ¦\n"))
    await complete(completer, request("x = ¦\n"))
    assert len(model.asks) == 2


async def test_at_the_deadline_what_is_whole_is_offered() -> None:
    model = Slow("")
    assert await complete(Completer(Settings(), model), request("def f(a):\n    ¦\n"), ms=100) == ["b = a"]
    assert model.n_closed == 1


async def test_cancelling_closes_the_stream() -> None:
    model = Slow("")
    task = asyncio.create_task(complete(Completer(Settings(), model), request("def f(a):\n    ¦\n"), ms=60_000))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(2 * LINGER_SECONDS)
    assert model.n_closed == 1


def test_the_documented_json() -> None:
    answer, document, _ = answer_of('s = "𝔘"; x = foo(¦)\n', "a)")
    report: dict[str, Any] = as_json(answer, document)
    (item,) = report["items"]
    assert item["text"] == "a"
    place = {"line": 0, "character": len('s = "𝔘"; x = foo(') + 1}
    assert item["range"] == {"start": place, "end": place}
    assert item["kind"] == "line"
    assert set(report["timing_ms"]) == {"context", "prompt", "first_token", "model", "shape", "rank", "total"}
    assert report["tokens"] == {"prompt": 7, "reused": 0, "generated": 3, "shortened": False, "wasted": 0}
    assert report["dropped"] == []


def test_a_model_that_is_shown_no_suffix_still_says_nothing_twice() -> None:
    settings = Settings(completion=CompletionSettings(suffix_tokens=0, prefix_tokens=16))
    answer, _, model = answer_of("fn main() { foo(¦) }\n", "a)", language="rust", settings=settings)
    assert model.asks[0].hole.suffix == ""
    assert [proposal.edits[0].text for proposal in answer.proposals] == ["a"]


def test_a_large_document_is_judged_around_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "TIMEOUT_MICROSECONDS", 10_000_000)  # whatever else runs on this machine
    filler = "x = 1\n" * 20_000
    answer, _, _ = answer_of(f"{filler}y = foo(¦)\n{filler}", "a)")
    assert [proposal.edits[0].text for proposal in answer.proposals] == ["a"]
    answer, _, _ = answer_of(f"{filler}¦\n{filler}", "def (:::")
    assert answer.trace.dropped[0].why == "breaks the syntax"


async def test_reading_ahead_shows_the_model_what_a_request_would_and_wants_no_text() -> None:
    model = ScriptedModel("foo")
    completer = Completer(Settings(), model)
    one = request("x = ¦\n")
    await completer.read_ahead(one, Deadline.after(1000), "a.py")
    await complete(completer, one)
    ahead, asked = model.asks
    assert ahead.max_tokens == 0
    assert (ahead.hole, ahead.session) == (asked.hole, asked.session)
    await completer.read_ahead(one, Deadline.after(1000), "a.py")
    assert len(model.asks) == 2  # it would be answered from memory


async def test_nothing_is_read_ahead_where_nothing_would_be_asked_or_reading_costs_money() -> None:
    model = ScriptedModel("foo")
    off = Completer(Settings(completion=CompletionSettings(automatic=False)), model)
    await off.read_ahead(request("x = ¦\n"), Deadline.after(1000))
    model.reads_ahead = False
    await Completer(Settings(), model).read_ahead(request("x = ¦\n"), Deadline.after(1000))
    assert not model.asks


async def test_after_a_backspace_only_what_is_known_comes_back() -> None:
    model = ScriptedModel("foo(bar)")
    completer = Completer(Settings(), model)
    one = request("import a\nx = fo¦\n")
    completer.memory.store(one, (Proposal("1", (Edit(one.offset, one.offset, "o(bar)"),), Kind.LINE),), 1)
    back = request("import a\nx = f¦\n")
    assert await complete(completer, replace(back, did=Did.DELETED)) == ["oo(bar)"]
    elsewhere = replace(request("import a\ny = f¦\n"), did=Did.DELETED)
    assert await complete(completer, elsewhere) == []
    assert model.asks == []
    assert await complete(completer, replace(elsewhere, did=Did.TYPED)) == ["foo(bar)"]


async def test_what_was_rejected_is_dropped_though_the_model_says_it_again() -> None:
    model = ScriptedModel("foo(bar)")
    completer = Completer(Settings(), model)
    one = request("import a\nx = ¦\n")
    answer = await completer.complete(one, Deadline.after(5000), "a.py")
    completer.reject(answer.proposals[0].id)
    again = await completer.complete(typed(one, "f"), Deadline.after(5000), "a.py")
    assert again.proposals == ()
    model._reply = lambda ask: "foo(bar)"[len(ask.hole.prefix.rsplit(" ", 1)[1]) :]
    moved = replace(one, document=one.document.replace(0, 0, "import b\n"), offset=one.offset + 9)
    answer = await completer.complete(moved, Deadline.after(5000), "a.py")
    assert answer.proposals == ()
