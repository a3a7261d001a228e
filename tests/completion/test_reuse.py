"""Proposals that come back: typed along, gone back from, moved by edits above, closed by the editor, put away."""

from __future__ import annotations

import itertools

import pytest
from marks import parse_marks

from midspan.completion.ask import Edit, Kind, Proposal, Request, Trigger
from midspan.completion.reuse import KEPT, Memory
from midspan.context.document import Document

ids = itertools.count()
ABOVE = "".join(f"value_{n} = {n}\n" for n in range(40))
BELOW = "".join(f"other_{n} = {n}\n" for n in range(40))


def at(marked: str, trigger: Trigger = Trigger.AUTOMATIC) -> Request:
    text, offset = parse_marks(marked)
    return Request(Document.open("file:///a.py", "python", 1, text), offset, trigger)


def proposal(request: Request, text: str, covers: int = 0) -> Proposal:
    edit = Edit(request.offset, request.offset + covers, text)
    return Proposal(str(next(ids)), (edit,), Kind.LINE)


def shown(marked: str, *texts: str, covers: int = 0) -> Memory:
    memory, request = Memory(), at(marked)
    memory.store(request, tuple(proposal(request, text, covers) for text in texts), 1)
    return memory


def held(memory: Memory, marked: str, trigger: Trigger = Trigger.AUTOMATIC) -> list[str] | None:
    """What holds, each as the text that would stand there once it is taken, from the cursor's line on."""
    request = at(marked, trigger)
    found = memory.lookup(request, 1)
    if found is None:
        return None
    text, line_start = request.document.text, request.document.text.rfind("\n", 0, request.offset) + 1
    taken = [text[: one.edits[0].start] + one.edits[0].text + text[one.edits[0].end :] for one in found]
    assert all(one.edits[0].start == request.offset for one in found)
    return [one[line_start:] for one in taken]


@pytest.mark.parametrize("typed", ["", "s", "sum(", "sum(a, "])
def test_typing_along_keeps_it(typed: str) -> None:
    memory = shown(ABOVE + "x = ¦\n" + BELOW, "sum(a, b)")
    assert held(memory, ABOVE + f"x = {typed}¦\n" + BELOW) == ["x = sum(a, b)\n" + BELOW]


@pytest.mark.parametrize("typed", ["t", "sam", "sum(a, b)", "sum(a, b)c"])
def test_typing_something_else_or_all_of_it_ends_it(typed: str) -> None:
    memory = shown(ABOVE + "x = ¦\n" + BELOW, "sum(a, b)")
    assert held(memory, ABOVE + f"x = {typed}¦\n" + BELOW) is None


@pytest.mark.parametrize(("typed", "closed"), [("sum(", ")"), ("sum([", "])"), ("sum([a, ", "])"), ('sum(["', '"])')])
def test_brackets_and_quotes_that_the_editor_closes_do_not_end_it(typed: str, closed: str) -> None:
    text = 'sum(["a"])' if '"' in typed else "sum([a, b])"
    memory = shown(ABOVE + "x = ¦\n" + BELOW, text)
    assert held(memory, ABOVE + f"x = {typed}¦{closed}\n" + BELOW) == [f"x = {text}\n" + BELOW]


def test_a_closing_bracket_that_is_typed_over_does_not_end_it() -> None:
    memory = shown(ABOVE + "x = ¦\n" + BELOW, "sum(a) + 1")
    assert held(memory, ABOVE + "x = sum(a)¦\n" + BELOW) == ["x = sum(a) + 1\n" + BELOW]


def test_what_the_proposal_covers_is_still_covered() -> None:
    memory = shown(ABOVE + "x = f(¦)\n" + BELOW, "a) + 1", covers=1)
    assert held(memory, ABOVE + "x = f(a¦)\n" + BELOW) == ["x = f(a) + 1\n" + BELOW]


def test_a_brace_that_the_editor_closes_on_a_line_of_its_own() -> None:
    memory = shown(ABOVE + "if (a) ¦\n" + BELOW, "{\n    go();\n}")
    assert held(memory, ABOVE + "if (a) {\n    ¦\n}\n" + BELOW) == ["    go();\n}\n" + BELOW]


def test_a_bracket_that_nobody_opened_ends_it() -> None:
    memory = shown(ABOVE + "x = ¦\n" + BELOW, "sum(a, b)")
    assert held(memory, ABOVE + "x = s¦)\n" + BELOW) is None


@pytest.mark.parametrize("gone", [1, 2, 5])
def test_it_comes_back_after_a_backspace(gone: int) -> None:
    memory = shown(ABOVE + "x = foo.b¦\n" + BELOW, "ar()")
    line = "x = foo.b"[:-gone]
    assert held(memory, ABOVE + f"{line}¦\n" + BELOW) == ["x = foo.bar()\n" + BELOW]


def test_a_line_that_is_gone_takes_it_along() -> None:
    memory = shown(ABOVE + "x = foo.b¦\n" + BELOW, "ar()")
    assert held(memory, ABOVE[:-5] + "¦\n" + BELOW) is None


def test_after_typing_and_going_back_it_is_there_again() -> None:
    memory = shown("x = ¦\n", "sum(a, b)")
    assert held(memory, "x = sx¦\n") is None
    assert held(memory, "x = s¦\n") == ["x = sum(a, b)\n"]


@pytest.mark.parametrize("above", ["import os\n" + ABOVE, ABOVE[10:], ABOVE.replace("value_2 ", "value_two ")])
def test_edits_further_up_only_move_it(above: str) -> None:
    memory = shown(ABOVE + "x = ¦\n" + BELOW, "sum(a, b)")
    assert held(memory, above + "x = su¦\n" + BELOW) == ["x = sum(a, b)\n" + BELOW]


@pytest.mark.parametrize(
    "marked", [ABOVE.replace("39", "99") + "x = ¦\n" + BELOW, ABOVE + "y = ¦\n" + BELOW, ABOVE + "x = ¦\n\n" + BELOW]
)
def test_edits_next_to_it_end_it(marked: str) -> None:
    assert held(shown(ABOVE + "x = ¦\n" + BELOW, "sum(a, b)"), marked) is None


def test_the_same_few_words_elsewhere_are_another_place() -> None:
    memory = shown("x = ¦\n", "1")
    assert held(memory, "if a:\n    x = ¦\n") is None


def test_an_empty_file_is_a_place_too() -> None:
    memory = shown("¦", "import os")
    assert held(memory, "imp¦") == ["import os"]
    assert held(memory, "jmp¦") is None


def test_nothing_to_offer_holds_only_there() -> None:
    memory = shown(ABOVE + "x = ¦\n")
    assert held(memory, ABOVE + "x = ¦\n") == []
    assert held(memory, ABOVE + "x = 1¦\n") is None
    assert held(memory, ABOVE + "x =¦\n") is None
    assert held(memory, ABOVE + "x = ¦\n", Trigger.INVOKED) is None


def test_of_several_those_that_fit_are_left() -> None:
    memory = shown("x = ¦\n", "foo(a)", "bar(b)", "foo(c)")
    assert held(memory, "x = f¦\n") == ["x = foo(a)\n", "x = foo(c)\n"]


def test_what_was_put_away_is_not_offered_again_at_its_place() -> None:
    memory = shown(ABOVE + "x = ¦\n", "foo(a)", "bar(b)")
    (first, _) = memory.lookup(at(ABOVE + "x = ¦\n"), 1) or ()
    memory.reject(first.id)
    assert held(memory, ABOVE + "x = ¦\n") == ["x = bar(b)\n"]
    assert held(memory, ABOVE + "x = f¦\n") == []
    elsewhere, here = at(ABOVE + "y = ¦\n"), at(ABOVE + "x = fo¦\n")
    assert memory.was_rejected(here, proposal(here, "o(a)"))
    assert not memory.was_rejected(here, proposal(here, "o(b)"))
    assert not memory.was_rejected(elsewhere, proposal(elsewhere, "foo(a)"))
    memory.reject("an id that nobody gave")
    memory.forget("file:///a.py")
    assert not memory.was_rejected(here, proposal(here, "o(a)"))


def test_only_the_last_places_are_remembered_and_little_of_their_text() -> None:
    memory = Memory()
    for n in range(3 * KEPT):
        request = at(ABOVE * 100 + f"x_{n} = ¦\n" + BELOW * 100)
        memory.store(request, (proposal(request, "1"),), 1)
    (places,) = memory._shown.values()
    assert len(places) == KEPT
    assert all(len(one.before) + len(one.after) <= 400 for one in places)
