"""An answer that is given: its log-probabilities are those of the model, whatever was encoded before."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from engines import ask, engine, hole, new_engine, reference
from tiny_models import FAMILIES

from midspan.host.engine.request import BadPrompt, GenerateRequest

SOURCE = "class Circle:\n    def area(self):\n        return math.pi"
SUFFIX = "\n\n    def perimeter(self):\n        return 2\n"
ANSWER = " * self.radius ** 2\n        print(index, value)"


def given(text: str, session: str = "", suffix: str = SUFFIX) -> GenerateRequest:
    return dataclasses.replace(hole(SOURCE, suffix), answer=text, session=session)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_token_has_the_models_own_log_probability(family: str) -> None:
    """Against one pass of the model over everything, without cache, chunks or our choice of tokens."""
    of = engine(family)
    request = given(ANSWER)
    prompt = of.prompts.build(request)
    answer, cost = ask(of, request)
    assert (answer.text, answer.finish) == (ANSWER, "stop")
    assert cost.generated_tokens == 0
    assert "".join(token.text for token in answer.tokens) == ANSWER

    ids = of.vocabulary.encode(prompt.forced.decode() + ANSWER)
    with torch.inference_mode():
        logits = reference(family)(torch.tensor([[*prompt.ids, *ids]]), use_cache=False).logits[0].float()
    expected, forced = [], prompt.forced
    for at, token in enumerate(ids, len(prompt.ids) - 1):
        row = logits[at][: len(of.vocabulary)].clone()
        if forced:
            others = sorted(set(range(len(row))) - set(of.vocabulary.continuing(forced)))
            row[others] = -torch.inf
        data = of.vocabulary.bytes_of(token)
        if len(data) > len(forced):
            expected.append(float(torch.log_softmax(row, -1)[token]))
        forced = forced[len(data) :]
    assert [token.logprob for token in answer.tokens] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_was_read_before_changes_nothing(family: str) -> None:
    of = new_engine(family)
    cold, _ = ask(of, given(ANSWER))
    for text in (ANSWER, ANSWER[:9], ANSWER):
        ask(of, dataclasses.replace(given(text, "same"), answer=None))
        warm, _ = ask(of, given(text, "same"))
    assert [token.logprob for token in warm.tokens] == pytest.approx([t.logprob for t in cold.tokens], abs=1e-3)


def test_the_models_own_answer_is_the_likeliest_of_its_length() -> None:
    of = engine("llama")
    written, _ = ask(of, hole(SOURCE, SUFFIX, max_tokens=6))
    read, _ = ask(of, given(written.text))
    if [token.text for token in read.tokens] == [token.text for token in written.tokens]:
        assert [t.logprob for t in read.tokens] == pytest.approx([t.logprob for t in written.tokens], abs=1e-3)
    other, _ = ask(of, given("zzzzqqqq"))
    assert sum(t.logprob for t in other.tokens) < sum(t.logprob for t in written.tokens)


def test_an_empty_answer_has_no_tokens() -> None:
    answer, _ = ask(engine("llama"), given(""))
    assert (answer.text, answer.tokens, answer.finish) == ("", [], "stop")


def test_an_answer_beyond_the_context_is_refused() -> None:
    of = engine("llama")
    with pytest.raises(BadPrompt, match="does not fit"):
        ask(of, given("x = 1\n" * 2000))


def test_out_of_time_is_said() -> None:
    answer, _ = ask(engine("llama"), dataclasses.replace(given(ANSWER), deadline=0.0))
    assert (answer.text, answer.finish) == ("", "length")


def test_a_fixed_chunk_is_kept() -> None:
    of = new_engine("llama", chunk_tokens=7)
    _, cost = ask(of, hole(SOURCE, SUFFIX))
    sizes = [of.models["block"].chunk_size() for _ in range(2)]
    assert sizes == [7, 7]
    assert cost.prompt_tokens > 14
