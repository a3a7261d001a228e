"""The order of proposals: by their own probability, and by that of what stands after the cursor behind each."""

from __future__ import annotations

import asyncio
import json
from importlib import resources

import pytest
from ghost import request
from scripted_model import ScriptedModel

from midspan import completion
from midspan.completion import rank
from midspan.completion.ask import Ask, Deadline, Edit, Kind, Likelihood, Proposal, Trigger
from midspan.completion.completer import Completer
from midspan.completion.errors import BackendFailed
from midspan.completion.settings import Settings


def proposal(text: str, logprob: float | None, n_tokens: int = 1) -> Proposal:
    score = None if logprob is None else logprob / n_tokens
    return Proposal(text, (Edit(0, 0, text),), Kind.LINE, score, logprob)


def order(*proposals: Proposal, **follow: float) -> list[str]:
    return [one.id for one in rank.order(proposals, follow)]


def test_the_most_probable_text_is_first_not_that_of_the_most_probable_tokens() -> None:
    assert order(proposal("long", -3.0, 10), proposal("short", -1.5, 2)) == ["short", "long"]


def test_what_the_rest_of_the_file_follows_from_is_first() -> None:
    assert order(proposal("a", -1.0), proposal("b", -2.0), a=-30.0, b=-20.0) == ["b", "a"]
    assert order(proposal("a", -1.0), proposal("b", -8.0), a=-20.5, b=-20.0) == ["a", "b"]


def test_one_that_was_too_unlikely_to_be_looked_at_stays_behind() -> None:
    assert order(proposal("a", -1.0), proposal("b", -9.0), proposal("c", -2.0), a=-20.0, c=-20.0) == ["a", "c", "b"]


def test_without_probabilities_as_they_came() -> None:
    assert order(proposal("b", None), proposal("a", -0.1)) == ["b", "a"]


def test_every_weight_is_used_and_documented() -> None:
    weights = json.loads(resources.files(completion).joinpath("ranking.json").read_text("utf-8"))
    assert len(weights.pop("about")) > 100
    assert weights.keys() == rank._features(proposal("a", -1.0), {}).keys()


class Judging(ScriptedModel):
    """Finds the rest of the file likely after ``wanted`` only; remembers what it was shown for that."""

    def __init__(self, reply: list[str], wanted: str, takes: float = 0.0) -> None:
        super().__init__(lambda _: reply)
        self.wanted = wanted
        self.takes = takes
        self.judged: list[tuple[str, str]] = []

    async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
        assert ask.hole.suffix == ""
        self.judged.append((ask.hole.prefix, answer))
        await asyncio.sleep(self.takes)
        if ask.deadline.seconds_left() <= 0:
            raise BackendFailed("The model host had no time to read the answer.")
        return Likelihood(-1.0 if ask.hole.prefix.endswith(self.wanted) else -20.0, 5)


async def best(model: Judging, marked: str, trigger: Trigger = Trigger.INVOKED, ms: float = 5000) -> str:
    n = 2 if trigger is Trigger.INVOKED else None
    answer = await Completer(Settings(), model).complete(request(marked, trigger), Deadline.after(ms), "a.py", n)
    return answer.proposals[0].edits[0].text


async def test_the_model_is_shown_each_proposal_and_then_what_stands_after_the_cursor() -> None:
    model = Judging(["first(a)", "second(a)"], "second(a)")
    assert await best(model, "x = ¦\n\ny = x.rest\nz = 1\n") == "second(a)"
    assert model.judged == [("x = first(a)", "\ny = x.rest"), ("x = second(a)", "\ny = x.rest")]


async def test_the_rest_of_the_line_is_part_of_what_follows() -> None:
    model = Judging(["first", "second"], "second")
    assert await best(model, "call(¦, other)\ny = 1\n") == "second"
    assert model.judged[0][1] == ", other)\ny = 1"


@pytest.mark.parametrize(
    ("marked", "trigger"),
    [("x = ¦\n", Trigger.INVOKED), ("x = ¦\ny = 1\n", Trigger.AUTOMATIC)],
    ids=["nothing follows", "one candidate"],
)
async def test_where_there_is_nothing_to_judge_nobody_is_asked(marked: str, trigger: Trigger) -> None:
    model = Judging(["first", "second"], "second")
    assert await best(model, marked, trigger) == "first"
    assert model.judged == []


async def test_without_time_the_order_is_that_of_the_texts_alone() -> None:
    model = Judging(["first", "second"], "second", takes=0.3)
    assert await best(model, "x = ¦\ny = 1\n", ms=200) == "first"
    assert len(model.judged) == 1


async def test_a_server_that_costs_money_is_not_asked() -> None:
    model = Judging(["first", "second"], "second")
    model.reads_ahead = False
    assert await best(model, "x = ¦\ny = 1\n") == "first"
    assert model.judged == []
