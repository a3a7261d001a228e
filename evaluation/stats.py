"""How sure a figure is: bootstrap intervals over groups, paired differences, quantiles.

Tasks of one problem or repository resemble each other, so whole groups are drawn, not single tasks (the cluster
bootstrap: Field and Welsh 2007); the 95 % intervals are percentiles of that distribution (Efron 1979). Everything is
seeded: the same input gives the same figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import EvaluationError

try:
    import numpy as np
    from numpy.typing import NDArray
except ImportError as error:
    raise EvaluationError("Measuring needs numpy: pip install 'midspan[eval]'.") from error

_N_RESAMPLES = 2000
_TAIL_PERCENT = 2.5
_BATCH = 250

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """``b`` − ``a`` of ``n`` pairs with its 95 % interval, and how likely one so large is where there is none."""

    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float
    n: int


def mean(values: Sequence[float], groups: Sequence[str], seed: int = 1) -> Interval:
    """Return the mean of values. Raises ValueError where there are none."""
    return ratio(values, [1.0] * len(values), groups, seed)


def ratio(numerators: Sequence[float], denominators: Sequence[float], groups: Sequence[str], seed: int = 1) -> Interval:
    """Return the sum of numerators over the sum of denominators (bits over characters, keys over keys).

    Raises ValueError where there are none, or where the denominators add up to nothing.
    """
    tops, bottoms = _by_group(numerators, groups), _by_group(denominators, groups)
    _check(bottoms)
    drawn = _drawn(len(tops), seed)
    low, high = _percentiles(_quotients(drawn @ tops, drawn @ bottoms))
    return Interval(float(tops.sum() / bottoms.sum()), low, high)


def paired_mean(a: Sequence[float], b: Sequence[float], groups: Sequence[str], seed: int = 1) -> Difference:
    """Return how much higher the mean of ``b`` is than that of ``a``, item by item. Raises ValueError."""
    ones = [1.0] * len(a)
    return paired_ratio(a, ones, b, ones, groups, seed)


def paired_ratio(
    a_numerators: Sequence[float],
    a_denominators: Sequence[float],
    b_numerators: Sequence[float],
    b_denominators: Sequence[float],
    groups: Sequence[str],
    seed: int = 1,
) -> Difference:
    """Return how much larger the ratio of ``b`` is than that of ``a``, both over the same items in the same order.

    ``p`` is two-sided, of the test that exchanges a and b within randomly chosen groups. Raises ValueError.
    """
    parts = [_by_group(part, groups) for part in (a_numerators, a_denominators, b_numerators, b_denominators)]
    a_top, a_bottom, b_top, b_bottom = parts
    _check(a_bottom)
    _check(b_bottom)
    a, b = float(a_top.sum() / a_bottom.sum()), float(b_top.sum() / b_bottom.sum())
    drawn = _drawn(len(a_top), seed)
    low, high = _percentiles(_quotients(drawn @ b_top, drawn @ b_bottom) - _quotients(drawn @ a_top, drawn @ a_bottom))
    return Difference(a, b, b - a, low, high, _p_of_exchange(parts, b - a, seed), len(a_numerators))


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which a share of them lies (interpolated), None where there are none."""
    return float(np.quantile(values, share)) if len(values) else None


def km_quantile(times: Sequence[float], is_answered: Sequence[bool], share: float) -> float | None:
    """Return a quantile of waiting times of which some are only known to be longer than a time; None if not reached.

    Kaplan and Meier's estimator ("Nonparametric Estimation from Incomplete Observations", JASA 1958) says how much
    each answered time counts, and Harrell and Davis's ("A new distribution-free quantile estimator", Biometrika 1982)
    takes the mean of those around the quantile: with tens of answers, a single one of them would be chance.
    """
    # At equal times the answered ones come first: the others are known to be longer.
    ordered = sorted(zip(times, is_answered, strict=True), key=lambda one: (one[0], not one[1]))
    at, reached, left = [], [0.0], 1.0
    for i, (time, answered) in enumerate(ordered):
        if answered:
            left *= 1 - 1 / (len(ordered) - i)
            at.append(time)
            reached.append(1 - left)
    if reached[-1] < share - 1e-12:
        return None
    if reached[-1] < 1:  # What is longer than everything that was seen counts as the longest.
        at.append(ordered[-1][0])
        reached.append(1.0)
    return float(np.diff(_beta_cdf(reached, share, len(at) + 1)) @ np.array(at))


def _beta_cdf(values: Sequence[float], mean: float, n: int) -> Floats:
    """Return the distribution function of Beta(n · mean, n · (1 - mean)), with an error below 0.001."""
    x = (np.arange(20_000) + 0.5) / 20_000
    logs = (n * mean - 1) * np.log(x) + (n * (1 - mean) - 1) * np.log1p(-x)
    density = np.exp(logs - logs.max())
    cumulative = np.concatenate(([0.0], np.cumsum(density))) / density.sum()
    at: Floats = np.interp(values, np.linspace(0, 1, 20_001), cumulative)
    return at


def _by_group(values: Sequence[float], groups: Sequence[str]) -> Floats:
    """Add up the values of each group, groups in the order of their first item. Raises ValueError."""
    if len(values) != len(groups):
        raise ValueError(f"{len(values)} values of {len(groups)} items")
    if not np.isfinite(values).all():
        raise ValueError("a value is not a number")
    index = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    sums: Floats = np.bincount([index[name] for name in groups], weights=values, minlength=len(index)).astype(
        np.float64
    )
    return sums


def _check(denominators: Floats) -> None:
    if not len(denominators) or denominators.sum() <= 0:
        raise ValueError("there is nothing to divide by")


def _drawn(n_groups: int, seed: int) -> Floats:
    """Return how often each group is drawn in each resample, [resamples, groups]."""
    chance = np.random.default_rng(seed)
    return chance.multinomial(n_groups, [1 / n_groups] * n_groups, size=_N_RESAMPLES).astype(np.float64)


def _quotients(tops: Floats, bottoms: Floats) -> Floats:
    """Divide; a resample with nothing to divide by is left out (NaN)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotients: Floats = np.where(bottoms > 0, tops / bottoms, np.nan)
    return quotients


def _percentiles(values: Floats) -> tuple[float, float]:
    low, high = np.nanpercentile(values, [_TAIL_PERCENT, 100 - _TAIL_PERCENT])
    return float(low), float(high)


def _p_of_exchange(parts: Sequence[Floats], difference: float, seed: int) -> float:
    a_top, a_bottom, b_top, b_bottom = parts
    chance = np.random.default_rng(seed + 1)
    n_as_large = 0
    for _ in range(_N_RESAMPLES // _BATCH):
        swapped = chance.random((_BATCH, len(a_top))) < 0.5
        a = _quotients(np.where(swapped, b_top, a_top).sum(1), np.where(swapped, b_bottom, a_bottom).sum(1))
        b = _quotients(np.where(swapped, a_top, b_top).sum(1), np.where(swapped, a_bottom, b_bottom).sum(1))
        # Where one side has nothing to divide by, nothing speaks against chance.
        n_as_large += int((~(np.abs(b - a) < abs(difference) - 1e-12)).sum())
    return (n_as_large + 1) / (_N_RESAMPLES + 1)
