"""Token healing: what is taken back from the prompt is what the output begins with, byte by byte."""

from __future__ import annotations

import pytest
from engines import ask, engine
from hypothesis import given, settings
from hypothesis import strategies as st

from midspan.completion.fim import Hole
from midspan.host.engine.candidate import Candidate
from midspan.host.engine.healing import take_back
from midspan.host.engine.request import GenerateRequest, Sampling

FAMILIES = ["qwen2", "llama"]
PREFIXES = [
    "class Circle:\n    def area(self):\n        return mat",
    "class Circle:\n    def area(self):\n        ",
    "values = []\n",
    "x = 1  \n\n\n\t",
    "print(",
    "日",
    "naïve = 'é",
    "\r\n",
    " " * 300,
]


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=60)
@given(text=st.text(alphabet="ab_. \n\té日\U0001f600()", max_size=40))
def test_the_two_parts_are_the_text(family: str, text: str) -> None:
    kept, forced = take_back(text, engine(family).vocabulary)
    assert kept + forced == text
    assert forced or not text


@pytest.mark.parametrize("family", FAMILIES)
def test_all_white_space_is_taken_back_with_the_newline_before_it(family: str) -> None:
    assert take_back("if x:\n        ", engine(family).vocabulary) == ("if x:", "\n        ")


@pytest.mark.parametrize("family", FAMILIES)
def test_half_a_word_gives_back_its_last_token(family: str) -> None:
    vocabulary = engine(family).vocabulary
    kept, forced = take_back("import ma", vocabulary)
    assert vocabulary.encode("import ma") == vocabulary.encode(kept) + vocabulary.encode(forced)
    assert len(vocabulary.encode(forced)) == 1


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_the_output_begins_with_what_was_taken_back(family: str, prefix: str, temperature: float) -> None:
    """Decoded token by token at the level of bytes, with and without randomness."""
    of = engine(family, "none")
    request = GenerateRequest(Hole(prefix), max_tokens=6, sampling=Sampling(temperature, seed=3))
    prompt = of.prompts.build(request)
    assert prompt.forced
    candidate = Candidate(0, request, prompt, of.vocabulary)
    ids = list(prompt.ids)
    output = b""
    while True:
        n_before = candidate.n_tokens
        piece = candidate.step(of.models["block"].forward_all(ids)[-1])
        if candidate.n_tokens == n_before:  # a control token ended it
            break
        output += of.vocabulary.bytes_of(candidate.last_id)
        ids.append(candidate.last_id)
        if piece.finish:
            break
    assert output.startswith(prompt.forced)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_is_read_and_what_is_forced_make_the_prefix(prefix: str) -> None:
    of = engine("qwen2", "none")
    prompt = of.prompts.build(GenerateRequest(Hole(prefix)))
    read = of.vocabulary.decode(prompt.ids)  # for a prefix of white space alone: a control token, no text
    assert read + prompt.forced.decode() == prefix


def test_a_forced_token_has_the_probability_among_those_that_agree() -> None:
    """With one token that agrees with what is forced, taking it says nothing about the answer: it is certain."""
    of = engine("qwen2", "none")
    answer, _ = ask(of, GenerateRequest(Hole("x = 日"), max_tokens=4))
    assert all(token.logprob <= 0 for token in answer.tokens)
    only = of.vocabulary.continuing("日".encode())
    assert {of.vocabulary.bytes_of(token) for token in only} <= {"日".encode()[:n] for n in (1, 2, 3)}
