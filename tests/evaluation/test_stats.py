"""Intervals, paired differences and quantiles against cases whose answer is known."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.evaluation.stats import km_quantile, mean, paired_mean, paired_ratio, quantile, ratio


def names(n: int) -> list[str]:
    return [str(i) for i in range(n)]


def test_a_mean_and_its_interval() -> None:
    values = [float(i % 2) for i in range(400)]
    found = mean(values, names(400))
    assert found.value == 0.5
    half_width = 1.96 * 0.5 / math.sqrt(400)
    assert found.low == pytest.approx(0.5 - half_width, abs=0.01)
    assert found.high == pytest.approx(0.5 + half_width, abs=0.01)
    assert mean(values, names(400)) == found


def test_items_of_one_group_count_as_one_draw() -> None:
    values = [float(i % 2) for i in range(40) for _ in range(10)]
    groups = [str(i) for i in range(40) for _ in range(10)]
    alone, together = mean(values, names(400)), mean(values, groups)
    assert alone.value == together.value
    assert together.high - together.low > 2.5 * (alone.high - alone.low)


def test_a_ratio_weighs_by_its_denominator() -> None:
    assert ratio([10.0, 0.0], [10.0, 90.0], names(2)).value == 0.1


@pytest.mark.parametrize("values", [[], [0.0, 0.0]])
def test_nothing_to_divide_by(values: list[float]) -> None:
    with pytest.raises(ValueError, match="nothing to divide by"):
        ratio(values, values, names(len(values)))


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values of 3 items"):
        mean([1.0, 2.0], names(3))


def test_intervals_cover_what_they_should() -> None:
    chance = random.Random(1)
    covered = 0
    for seed in range(100):
        values = [float(chance.random() < 0.3) for _ in range(80)]
        found = mean(values, names(80), seed)
        covered += found.low <= 0.3 <= found.high
    assert 88 <= covered <= 100


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(1, 5))
def test_the_value_lies_in_its_interval_and_nothing_is_nan(values: list[float], n_groups: int) -> None:
    found = mean(values, [str(i % n_groups) for i in range(len(values))])
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found.value == pytest.approx(sum(values) / len(values))


def test_a_difference_of_pairs_is_surer_than_that_of_strangers() -> None:
    chance = random.Random(2)
    base = [chance.gauss(0, 10) for _ in range(100)]
    better = [value + 0.5 + chance.gauss(0, 0.5) for value in base]
    found = paired_mean(base, better, names(100))
    assert found.difference == pytest.approx(sum(better) / 100 - sum(base) / 100)
    assert 0.3 < found.low < found.difference < found.high < 0.7
    assert found.p < 0.01
    assert found.n == 100


def test_no_difference_is_none() -> None:
    values = [float(i % 3 == 0) for i in range(60)]
    found = paired_mean(values, values, names(60))
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_chance_alone_is_rarely_called_a_difference() -> None:
    chance = random.Random(3)
    n_found = 0
    for seed in range(60):
        a, b = ([float(chance.random() < 0.5) for _ in range(50)] for _ in range(2))
        n_found += paired_mean(a, b, names(50), seed).p < 0.05
    assert n_found <= 8


def test_ratios_are_paired_by_group() -> None:
    found = paired_ratio([5, 5], [10, 10], [2, 2], [10, 10], names(2))
    assert (found.a, found.b) == (0.5, 0.2)
    assert found.difference == pytest.approx(-0.3)


def test_quantiles() -> None:
    assert quantile([], 0.5) is None
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0


def test_kaplan_meier_without_censoring_is_the_plain_quantile() -> None:
    times = [float(i) for i in range(1, 101)]
    assert km_quantile(times, [True] * 100, 0.5) == pytest.approx(50.5, abs=0.1)
    assert km_quantile(times, [True] * 100, 0.95) == pytest.approx(95.5, abs=0.5)


def test_kaplan_meier_on_a_textbook_case() -> None:
    """Remission times of 21 patients with 6-MP (Freireich et al. 1963): S(22) = 0.538, S(23) = 0.448."""
    answered = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    times = [*map(float, answered), *map(float, censored)]
    flags = [True] * len(answered) + [False] * len(censored)
    assert km_quantile(times, flags, 0.55) is not None
    assert km_quantile(times, flags, 0.5) == pytest.approx(23, rel=0.12)
    assert km_quantile(times, flags, 0.25) == pytest.approx(13, rel=0.12)
    assert km_quantile(times, flags, 0.56) is None
    assert km_quantile([], [], 0.5) is None


def test_kaplan_meier_finds_the_truth_behind_the_censoring() -> None:
    chance = random.Random(4)
    true_times = [chance.expovariate(1 / 300) for _ in range(4000)]
    patience = [chance.lognormvariate(5.2, 0.8) for _ in range(4000)]
    seen = [min(pair) for pair in zip(true_times, patience, strict=True)]
    flags = [t <= c for t, c in zip(true_times, patience, strict=True)]
    found = km_quantile(seen, flags, 0.5)
    assert found == pytest.approx(300 * math.log(2), rel=0.1)
