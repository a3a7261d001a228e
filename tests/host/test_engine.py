"""The generation loop on tiny models of every family: reuse, candidates, stops, deadlines, limits."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from engines import Answer, ask, check_same_but_for_ties, collect, engine, hole, new_engine, reference
from tiny_models import FAMILIES

from midspan.completion.fim import Hole, Snippet
from midspan.host.engine.decoder import Decoder
from midspan.host.engine.keys_values import KeysValues
from midspan.host.engine.model import Model
from midspan.host.engine.request import BadPrompt, DeviceLost, GenerateRequest, ModelBroken, Piece, Sampling, Summary

SOURCE = (
    "class Circle:\n    def __init__(self, radius):\n        self.radius = radius\n\n"
    "    def area(self):\n        return math.pi"
)
SUFFIX = "\n\n    def perimeter(self):\n        return 2 * math.pi * self.radius\n"
# As typed: letter by letter, a correction, a jump back, an edit in the middle, the same once more.
TYPED = [SOURCE[:40], SOURCE[:41], SOURCE[:42], SOURCE[:60], SOURCE[:58], SOURCE, SOURCE[:-3]]
TYPED += [SOURCE[:20] + "x" + SOURCE[20:]] * 2


def typed(prefix: str, session: str, max_tokens: int = 6) -> GenerateRequest:
    return GenerateRequest(Hole(prefix, SUFFIX), "block", max_tokens, session=session)


@pytest.mark.parametrize("family", FAMILIES)
def test_reuse_changes_no_token(family: str) -> None:
    of = engine(family)
    reused = 0
    for step, prefix in enumerate(TYPED):
        warm, cost = ask(of, typed(prefix, "typing"))
        cold, _ = ask(of, typed(prefix, f"fresh {step}"))
        check_same_but_for_ties(warm, cold)
        reused += cost.reused_tokens
    # A model with recurrent state can't go back; where nothing can be reused, it reads everything again.
    assert reused > 0 or not of.sessions.take("x", of.models["block"]).can_be_cut


@pytest.mark.parametrize("family", FAMILIES)
def test_tokens_are_those_of_the_model_itself(family: str) -> None:
    """Greedy against transformers' own forward pass over everything, without cache or chunks."""
    of = engine(family)
    request = hole(SOURCE, SUFFIX, max_tokens=5)
    prompt = of.prompts.build(request)
    answer, _ = ask(of, request)
    ids = list(prompt.ids)
    expected = Answer()
    forced = prompt.forced
    for token in answer.tokens:
        while True:
            with torch.inference_mode():
                logits = reference(family)(torch.tensor([ids]), use_cache=False).logits[0, -1].float()
            best = _best(of, logits[: len(of.vocabulary)], forced)
            ids.append(best)
            data = of.vocabulary.bytes_of(best)
            forced, shown = forced[len(data) :], data[len(forced) :]
            if shown:
                break
        assert shown.decode("utf-8", "replace") == token.text
        expected.text += token.text
    assert len(answer.tokens) > 0


def _best(of: object, logits: torch.Tensor, forced: bytes) -> int:
    if not forced:
        return int(logits.argmax())
    allowed = of.vocabulary.continuing(forced)  # type: ignore[attr-defined]
    return int(max(allowed, key=lambda token: float(logits[token])))


@pytest.mark.parametrize("family", ["qwen2", "lfm2"])
def test_several_candidates_begin_with_the_greedy_one_and_share_the_prompt(family: str) -> None:
    of = engine(family)
    request = GenerateRequest(Hole(SOURCE, SUFFIX), "block", 6, n=4, session="many")
    answers, cost = collect(of.generate(request))
    alone, _ = ask(of, hole(SOURCE, SUFFIX, max_tokens=6))
    assert len(answers) == 4
    check_same_but_for_ties(answers[0], alone)
    assert len({answer.text for answer in answers}) > 1
    again, _ = collect(of.generate(request))
    assert [answer.text for answer in again] == [answer.text for answer in answers]
    assert cost.generated_tokens >= sum(len(answer.tokens) for answer in answers)


def test_another_seed_gives_other_candidates_and_the_same_seed_the_same() -> None:
    def text(seed: int) -> str:
        sampling = Sampling(1.0, 0.95, seed)
        return ask(engine("qwen2"), GenerateRequest(Hole(SOURCE), max_tokens=12, sampling=sampling))[0].text

    assert text(1) == text(1)
    assert len({text(seed) for seed in range(4)}) > 1


def test_a_small_top_p_is_greedy() -> None:
    sampling = Sampling(1.0, 1e-9, 5)
    sampled, _ = ask(engine("qwen2"), GenerateRequest(Hole(SOURCE), max_tokens=6, sampling=sampling))
    check_same_but_for_ties(sampled, ask(engine("qwen2"), hole(SOURCE, max_tokens=6))[0])


def test_a_stop_string_ends_the_answer_and_is_not_in_it() -> None:
    of = engine("qwen2")
    whole, _ = ask(of, hole(SOURCE, max_tokens=12))
    stop = whole.text[4:6]
    cut, _ = ask(of, GenerateRequest(Hole(SOURCE), max_tokens=12, stop=(stop,)))
    assert cut.text == whole.text.split(stop)[0]
    assert cut.finish == "stop"


def test_max_tokens_ends_the_answer() -> None:
    answer, cost = ask(engine("qwen2", "none"), hole(SOURCE, max_tokens=3))
    assert answer.finish == "length"
    assert len(answer.tokens) <= 3 <= cost.generated_tokens


def test_no_tokens_only_reads_the_prompt() -> None:
    of = new_engine("qwen2")
    answer, first = ask(of, typed(SOURCE, "warm", max_tokens=0))
    assert (answer.text, answer.finish, first.generated_tokens) == ("", "length", 0)
    _, second = ask(of, typed(SOURCE, "warm"))
    assert second.reused_tokens == second.prompt_tokens - 1


def test_a_deadline_that_has_passed_gives_nothing_but_an_end() -> None:
    request = GenerateRequest(Hole(SOURCE), n=2, deadline=time.monotonic() - 1)
    answers, cost = collect(engine("qwen2").generate(request))
    assert [(answer.text, answer.finish) for answer in answers] == [("", "length")] * 2
    assert cost.generated_tokens == 0


def test_a_deadline_ends_an_answer_on_the_way() -> None:
    of = engine("qwen2", "none")
    endless, _ = ask(of, hole(SOURCE, max_tokens=4))
    assert endless.finish == "length", "the tiny model has to have more to say"
    deadline = time.monotonic() + 1
    steps = of.generate(GenerateRequest(Hole(SOURCE), max_tokens=400, deadline=deadline))
    pieces = [next(steps) for _ in range(3)]
    time.sleep(max(0.0, deadline - time.monotonic()))
    answers, cost = collect([*pieces, *steps])
    assert answers[0].finish == "length"
    assert cost.generated_tokens <= 4


def test_what_was_read_before_a_cancel_is_reused() -> None:
    of = new_engine("qwen2")
    long = "value = compute(1)\n" * 12
    steps = of.generate(typed(long, "cancelled"))
    assert next(steps) == Piece()
    next(steps)
    steps.close()
    _, cost = ask(of, typed(long, "cancelled"))
    assert 0 < cost.reused_tokens < cost.prompt_tokens


def test_a_prompt_that_is_too_long_loses_its_left_and_keeps_its_edge_while_typing() -> None:
    of = new_engine("qwen2")
    line = "value = compute(value, index)\n"
    reused = []
    for typed_text in ("", "r", "re", "ret", "retu"):
        _, cost = ask(of, typed(line * 200 + typed_text, "long", max_tokens=2))
        assert cost.prompt_tokens + 2 <= of.models["block"].n_context
        reused.append(cost.reused_tokens / cost.prompt_tokens)
    # With PSM the suffix is read again, and nothing before it.
    assert all(share > 0.5 for share in reused[1:])


def test_a_prompt_that_there_is_no_time_for_is_cut_to_what_is_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "readable", lambda self, seconds: int(100 * seconds))
    of = new_engine("qwen2", chunk_tokens=8)
    before = SOURCE + SUFFIX * 12

    def asked(prefix: str, seconds: float | None) -> Summary:
        deadline = None if seconds is None else time.monotonic() + seconds
        return ask(of, replace(typed(prefix, "doc"), deadline=deadline))[1]

    short = asked(before + "\n    def", 2)
    assert not short.is_whole
    assert 32 < short.prompt_tokens < 120
    assert short.generated_tokens > 0
    typed_on = asked(before + "\n    def a", 2)
    assert not typed_on.is_whole
    assert typed_on.reused_tokens > typed_on.prompt_tokens / 2  # the suffix comes last, and is read again
    for _ in of.read_ahead(typed(before + "\n    def a", "doc")):
        pass
    known = asked(before + "\n    def ar", 2)
    assert known.is_whole
    assert known.prompt_tokens > 120
    assert known.reused_tokens > known.prompt_tokens / 2
    # Where there is time for all of it, or not even for a short one, nothing is cut.
    assert asked("x" + before, None).prompt_tokens > 120
    assert asked("y" + before, 0.2).prompt_tokens > 120


def test_snippets_and_suffix_are_cut_before_the_prefix_is_lost() -> None:
    of = engine("qwen2")
    many = tuple(Snippet(f"file{n}.py", "def helper(value):\n    return value\n" * 3) for n in range(30))
    request = GenerateRequest(Hole(SOURCE, "x = 1\n" * 500, many, "main.py"), max_tokens=8)
    prompt = of.prompts.build(request)
    text = of.vocabulary.decode(prompt.ids)
    assert len(prompt.ids) + 8 <= of.models["block"].n_context
    assert "file0.py" in text
    assert "file29.py" not in text
    assert "def area(self):\n        return math.pi" in text


def test_an_empty_hole_is_answered() -> None:
    answer, cost = ask(engine("qwen2", "none"), hole("", max_tokens=2))
    assert cost.prompt_tokens == 1
    assert answer.finish is not None


def test_the_model_stops_where_it_can_read_no_more() -> None:
    of = engine("qwen2", "none")
    answer, cost = ask(of, GenerateRequest(Hole("x ="), max_tokens=4000))
    assert answer.finish is not None
    assert cost.prompt_tokens + cost.generated_tokens <= of.models["block"].n_context + 1


def test_raw_text_and_raw_ids_are_continued_alike() -> None:
    of = engine("llama")
    ids = tuple(of.vocabulary.bos + of.vocabulary.encode("for index"))
    by_text, _ = ask(of, GenerateRequest("for index", max_tokens=5))
    by_ids, _ = ask(of, GenerateRequest(ids, max_tokens=5))
    check_same_but_for_ties(by_text, by_ids)


def test_an_id_outside_of_the_vocabulary_is_refused() -> None:
    with pytest.raises(BadPrompt, match="vocabulary"):
        ask(engine("qwen2"), GenerateRequest((1, 2, 99_999)))


def test_the_oldest_session_goes_when_memory_is_short() -> None:
    of = new_engine("qwen2", memory_mb=0)
    for session in ("a", "b", "c"):
        ask(of, typed(SOURCE, session))
    assert len(of.sessions) == 1
    _, kept = ask(of, typed(SOURCE, "c"))
    _, gone = ask(of, typed(SOURCE, "a"))
    assert kept.reused_tokens > 0
    assert gone.reused_tokens == 0


def test_a_pass_that_breaks_off_leaves_nothing_wrong_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of memory between two layers can't be caused here on purpose: the second layer is made to fail."""
    of = new_engine("qwen2")
    ask(of, typed(SOURCE[:60], "broken"))
    decoder = of.models["block"].network
    assert isinstance(decoder, Decoder)
    with monkeypatch.context() as patch:
        patch.setattr(
            decoder, "_layers", [decoder._layers[0], replace(decoder._layers[1], fall=cast(Any, _out_of_memory))]
        )
        with pytest.raises(MemoryError):
            ask(of, typed(SOURCE, "broken"))
    after, _ = ask(of, typed(SOURCE, "broken"))
    check_same_but_for_ties(after, ask(of, typed(SOURCE, "whole"))[0])


def _out_of_memory(*args: object, **kwargs: object) -> None:
    raise MemoryError


def test_a_device_that_vanishes_is_told_from_other_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is none here that could vanish: torch's error is made."""
    of = new_engine("qwen2")
    for text, expected in (("CUDA error: device not ready\nCUDA kernel errors", DeviceLost), ("shape", RuntimeError)):

        def fails(*args: object, text: str = text) -> torch.Tensor:
            raise RuntimeError(text)

        monkeypatch.setattr(of.models["block"].network, "run", fails)
        with pytest.raises(RuntimeError) as found:
            ask(of, typed(SOURCE, "lost"))
        assert found.type is expected


def test_numbers_that_are_none_are_an_error_and_not_kept() -> None:
    of = new_engine("qwen2")
    model = of.models["block"]
    assert isinstance(model.network, Decoder)
    whole = model.network._head
    model.network._head = lambda x: whole(x) * float("nan")  # type: ignore[assignment]
    with pytest.raises(ModelBroken):
        ask(of, typed(SOURCE, "broken"))
    model.network._head = whole
    again, cost = ask(of, typed(SOURCE, "broken"))
    assert cost.reused_tokens == 0
    check_same_but_for_ties(again, ask(of, typed(SOURCE, "whole"))[0])


def test_a_cache_that_finds_no_memory_is_an_error_and_everything_else_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More tokens than any machine has memory for: torch itself refuses."""
    of = new_engine("qwen2")
    ask(of, typed(SOURCE, "other"))
    with monkeypatch.context() as patch:
        patch.setattr(KeysValues, "reserve", lambda self, n: self.keys.new_empty((2**50,)))
        with pytest.raises(MemoryError):
            ask(of, typed(SOURCE, "large"))
    assert len(of.sessions) == 0
    check_same_but_for_ties(ask(of, typed(SOURCE, "large"))[0], ask(of, typed(SOURCE, "whole"))[0])


def test_a_request_that_does_not_fit_costs_nobody_else_anything() -> None:
    of = new_engine("qwen2")
    ask(of, typed(SOURCE, "mine"))
    with pytest.raises(BadPrompt):
        ask(of, GenerateRequest(Hole(SOURCE, SUFFIX), session="theirs", answer="value = 1\n" * 300))
    assert ask(of, typed(SOURCE, "mine"))[1].reused_tokens > 0
