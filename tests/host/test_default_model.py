"""The engine with the real default model: its formats, its adapter, healing, reuse."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import pytest
import torch
from engines import Answer, ask, check_same_but_for_ties, hole

from midspan.completion.fim import Hole
from midspan.host.engine.build import build_engine
from midspan.host.engine.engine import Engine
from midspan.host.engine.request import GenerateRequest, Kind
from midspan.host.models.load import load
from midspan.host.models.store import ModelFiles, resolve

pytestmark = pytest.mark.default_model

PREFIX = (
    "import math\n\n\nclass Circle:\n    def __init__(self, radius):\n        self.radius = radius\n\n"
    "    def area(self):\n        return "
)
SUFFIX = "\n\n    def perimeter(self):\n        return 2 * math.pi * self.radius\n"


@cache
def engine() -> Engine:
    return build_engine(load(resolve("default"), "cpu", "float32", lambda detail: None), 256)


def test_lines_use_the_adapter_and_blocks_the_healed_prefix() -> None:
    formats = engine().prompts.formats
    assert (formats["line"].name, formats["block"].name) == ("midspan-v0", "none")
    prompt = engine().prompts.build(hole("a = ", "\nb", "line"))
    vocabulary = engine().vocabulary
    assert prompt.ids == (8, *vocabulary.encode("\nb"), 9, *vocabulary.encode("a = "))
    assert {0, 1, 2, 10} <= prompt.stop_ids
    assert vocabulary.bos == []


def test_a_line_is_completed_and_ends() -> None:
    answer, _ = ask(engine(), hole(PREFIX, SUFFIX, "line", 24))
    assert answer.finish == "stop"
    assert "self.radius" in answer.text
    assert "\n" not in answer.text


def test_a_block_after_a_newline_and_its_indentation_goes_on_at_that_indentation() -> None:
    prefix = "def largest(values):\n    best = values[0]\n    for value in values:\n        "
    answer, _ = ask(engine(), hole(prefix, "", "block", 24))
    first = answer.text.split("\n")[0]
    assert first == first.strip()
    assert first.startswith("if value")


def test_the_suffix_is_at_most_256_tokens() -> None:
    prompt = engine().prompts.build(hole("x = ", "y = 1\n" * 500, "line"))
    assert prompt.ids.index(9) - 1 <= 256


def test_special_tokens_in_text_are_text() -> None:
    vocabulary = engine().vocabulary
    text = "<issue_start><|endoftext|><issue_closed>"
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert vocabulary.control_ids.isdisjoint(vocabulary.encode(text))


def test_the_base_model_never_chooses_the_adapters_sentinels() -> None:
    logits = engine().models["block"].forward_all(engine().vocabulary.encode("x = 1"))
    assert torch.isinf(logits[:, [8, 9, 10]]).all()
    assert torch.isfinite(engine().models["line"].forward_all([5])[:, [8, 9, 10]]).all()


def test_the_gguf_file_itself_can_be_loaded_and_says_the_same() -> None:
    files = resolve("default")
    if files.gguf is None:
        pytest.skip("the store keeps no GGUF of the default model")
    direct = ModelFiles("gguf", files.gguf, fim_line="none", fim_block="none")
    of = build_engine(load(direct, "cpu", "float32", lambda detail: None), 64)
    request = hole("def area(self):\n    x = 100\n    return ", max_tokens=8)
    assert of.prompts.build(request).ids == engine().prompts.build(request).ids
    # The converted weights are rounded to bf16, the file's own are not.
    mine, theirs = ask(of, request)[0], ask(engine(), request)[0]
    assert mine.tokens[0].text == theirs.tokens[0].text
    assert abs(mine.tokens[0].logprob - theirs.tokens[0].logprob) < 0.05


@pytest.mark.parametrize("kind", ["line", "block"])
def test_reuse_changes_no_token_over_typed_text(kind: str) -> None:
    typed = [PREFIX[:-12], PREFIX[:-7], PREFIX, PREFIX + "m", PREFIX + "math.p", PREFIX + "mat", PREFIX[:-30]]
    reused = 0
    for step, prefix in enumerate(typed):
        warm, cost = _ask(prefix, kind, "typing")
        cold, _ = _ask(prefix, kind, f"fresh {step}")
        check_same_but_for_ties(warm, cold)
        reused += cost
    assert reused > 100


def _ask(prefix: str, kind: str, session: str) -> tuple[Answer, int]:
    request = GenerateRequest(Hole(prefix, SUFFIX), "line" if kind == "line" else "block", 5, session=session)
    answer, cost = ask(engine(), request)
    return answer, cost.reused_tokens


def test_another_format_for_lines_needs_the_weights_without_the_adapter() -> None:
    loaded = load(resolve("default"), "cpu", "float32", lambda detail: None)
    files = dataclasses.replace(loaded.files, fim_line="none", fim_block="midspan-v0")
    exchanged = build_engine(dataclasses.replace(loaded, files=files), 64).models
    ids = loaded.tokenizer(PREFIX)["input_ids"]
    modules: dict[Kind, Any] = {"line": loaded.module, "block": loaded.line_module()}
    for kind, module in modules.items():
        with torch.inference_mode():
            expected = module(torch.tensor([ids])).logits[0, :, 11:]
        assert torch.allclose(exchanged[kind].forward_all(ids)[:, 11:], expected, atol=1e-3)
