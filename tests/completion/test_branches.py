"""Other candidates begin where the likeliest text might well have gone another way."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator

from ghost import request

from midspan.completion.ask import Ask, Deadline, Delta, Likelihood, Token, Trigger
from midspan.completion.branches import Branches
from midspan.completion.completer import Completer
from midspan.completion.settings import Settings


def token(text: str, logprob: float, **others: float) -> Token:
    return Token(text, logprob, (Token(text, logprob), *(Token(other, value) for other, value in others.items())))


def texts(branches: Branches) -> list[str]:
    found = []
    while branch := branches.likeliest():
        found.append(branch.text)
    return found


def test_the_likeliest_other_way_comes_first() -> None:
    branches = Branches()
    branches.add([token("foo", -0.5, bar=-1.0), token(".x", -0.1, y=-0.4)], "foo.x")
    first = branches.likeliest()
    assert first is not None
    assert (first.text, round(first.logprob, 6), len(first.tokens)) == ("fooy", -0.9, 2)
    assert texts(branches) == ["bar"]


def test_each_way_is_gone_once_and_none_that_a_candidate_has_begun_with() -> None:
    branches = Branches()
    branches.add([token("foo", -0.5, bar=-1.0, baz=-2.0)], "foo")
    branches.add([token("bar", -1.0, foo=-0.5), token("(", -0.1, x=-3.0)], "bar(")
    assert texts(branches) == ["baz", "barx"]


def test_what_is_written_beyond_the_useful_end_is_no_place_to_part() -> None:
    branches = Branches()
    branches.add([token("foo", -0.5), token("\n", -0.1, bar=-0.2)], "foo")
    assert texts(branches) == []


def test_a_token_that_says_the_same_in_other_pieces_is_no_other_way() -> None:
    branches = Branches()
    branches.add([token("fo", -0.5, foo=-0.6, f=-0.7), token("o", -0.1)], "foo")
    assert texts(branches) == []


def test_half_characters_white_space_and_a_formats_own_tokens_are_no_text() -> None:
    branches = Branches()
    others = {"\ufffd": -0.1, "  ": -0.2, "<|endoftext|>": -0.3, "": -0.4}
    branches.add([token("foo", -0.5, **others)], "foo")
    assert texts(branches) == []


def test_tokens_that_do_not_spell_the_text_are_left_alone() -> None:
    branches = Branches()
    branches.add([token("    foo", -0.5), token("()", -0.5, bar=-1.0)], "foo()")
    assert texts(branches) == []


class Grammar:
    """A model server whose model knows what may follow each text, with probabilities."""

    name = model = "grammar"
    reads_ahead = True
    follows = {
        "": {"alpha": 0.6, "beta": 0.3, "gamma": 0.1},
        "alpha": {"(1)": 0.5, "(2)": 0.4, "(3)": 0.1},
        "beta": {"(1)": 0.9, "(2)": 0.1},
        "gamma": {"(1)": 1.0},
    }

    def __init__(self, *, tells: bool = True) -> None:
        self.asks: list[Ask] = []
        self._tells = tells

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Write the likeliest; drawing finds the same."""
        self.asks.append(ask)
        text = ask.hole.prefix.removeprefix("x = ")
        while choices := self.follows.get(text):
            likeliest = tuple(Token(word, math.log(p)) for word, p in choices.items())
            best = Token(likeliest[0].text, likeliest[0].logprob, likeliest[: ask.n_likeliest])
            text += best.text
            yield Delta(best.text, best.logprob, 1, (best,) if ask.n_likeliest and self._tells else ())
        yield Delta("", finish="stop")

    async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
        """Tell nothing."""
        return None

    async def prepare(self, progress: object) -> None:
        """Nothing to make ready."""

    async def close(self) -> None:
        """Nothing to let go of."""


async def offered(model: Grammar, n: int) -> list[tuple[str, float]]:
    one = request("x = ¦\n", Trigger.INVOKED)
    answer = await Completer(Settings(), model).complete(one, Deadline.after(5000), "a.py", n=n)
    return [(proposal.edits[0].text, round(proposal.probability or 0.0, 6)) for proposal in answer.proposals]


async def test_candidates_are_the_likeliest_texts_each_once_with_their_probability() -> None:
    assert await offered(Grammar(), 4) == [
        ("alpha(1)", 0.3),
        ("beta(1)", 0.27),
        ("alpha(2)", 0.24),
        ("gamma(1)", 0.1),
    ]


async def test_only_what_follows_a_branch_is_asked_for() -> None:
    model = Grammar()
    await offered(model, 3)
    assert [ask.hole.prefix for ask in model.asks] == ["x = ", "x = beta", "x = alpha(2)"]
    assert [ask.sample for ask in model.asks] == [0, 0, 0]


async def test_of_a_server_that_does_not_tell_candidates_are_drawn() -> None:
    model = Grammar(tells=False)
    assert len(await offered(model, 3)) == 1
    assert [ask.sample for ask in model.asks] == [0, 1, 2]


async def test_one_candidate_needs_no_other_tokens() -> None:
    model = Grammar()
    await offered(model, 1)
    assert [ask.n_likeliest for ask in model.asks] == [0]
