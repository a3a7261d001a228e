"""The simulated typist: the right text, human pauses, mistakes that are taken back."""

from __future__ import annotations

import inspect
import math
import statistics
import textwrap
from itertools import pairwise, zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.evaluation.typing import TYPISTS, strokes

LONG = inspect.getsource(textwrap)


@given(st.text(st.sampled_from("ab (\n\r\t:;Ä\U0001f600"), max_size=60), st.integers(0, 5))
def test_the_right_keys_give_the_text(text: str, seed: int) -> None:
    keys = strokes(text, TYPISTS["average"], seed)
    at = 0
    for key, following in zip_longest(keys, keys[1:]):
        assert key.pause_ms > 0
        assert key.start == at
        if key.is_wrong:
            assert following is not None
            assert following.is_backspace
            assert len(key.text) == 1
        elif not key.is_backspace:
            assert text.startswith(key.text, at)
            at += len(key.text)
    assert at == len(text)


def test_enter_brings_the_indentation_along() -> None:
    keys = strokes("if a:\n    b\r\n\tc\n\n", TYPISTS["fast"], 1)
    right = [key.text for key in keys if not key.is_wrong and not key.is_backspace]
    assert right == [*"if a:", "\n    ", "b", "\r\n\t", "c", "\n", "\n"]


@pytest.mark.parametrize("name", TYPISTS)
def test_pauses_between_keys_have_the_typists_mean_and_a_log_normal_shape(name: str) -> None:
    typist = TYPISTS[name]
    pauses = [key.pause_ms for key in strokes("ab" * 10_000, typist, 1) if not key.is_wrong]
    plain = sorted(pauses)[: int(0.97 * len(pauses))]  # without corrections
    assert statistics.mean(pauses) == pytest.approx(typist.mean_ms, rel=0.05)
    logs = [math.log(pause) for pause in plain]
    assert statistics.stdev(logs) == pytest.approx(0.45, abs=0.08)


def test_people_stop_to_think_before_lines_and_make_mistakes() -> None:
    keys = strokes(LONG, TYPISTS["average"], 1)
    after_enter = [b.pause_ms for a, b in pairwise(keys) if a.text.startswith("\n")]
    within = [b.pause_ms for a, b in pairwise(keys) if (a.text + b.text).isalpha()]
    assert statistics.median(after_enter) > 2 * statistics.median(within)
    wrong = sum(key.is_wrong for key in keys)
    assert 0.01 < wrong / len(keys) < 0.04
    assert wrong == sum(key.is_backspace for key in keys)


def test_the_same_seed_gives_the_same_keys_everywhere() -> None:
    assert strokes(LONG, TYPISTS["fast"], 7) == strokes(LONG, TYPISTS["fast"], 7)
    assert strokes(LONG, TYPISTS["fast"], 7) != strokes(LONG, TYPISTS["fast"], 8)
    first, second = strokes("ab", TYPISTS["fast"], 1)
    assert [first.text, second.text] == ["a", "b"]
    assert [first.pause_ms, second.pause_ms] == pytest.approx([85.58018471235903, 97.52581857667538])
