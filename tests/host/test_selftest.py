"""The check of a model's FIM format: random weights don't know theirs; a prefix-only format needs no check."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from engines import engine

from midspan.host.engine.selftest import check_formats


def run(check: Generator[None, None, str]) -> tuple[int, str]:
    """Units of work, and the warning."""
    units = 0
    while True:
        try:
            next(check)
        except StopIteration as end:
            return units, end.value
        units += 1


@pytest.mark.parametrize("family", ["qwen2", "starcoder2"])
def test_random_weights_are_warned_of_once(family: str) -> None:
    units, warning = run(check_formats(engine(family)))
    assert units == 8
    assert warning.count("FIM format") == 1


def test_a_prefix_alone_has_no_order_to_check() -> None:
    assert run(check_formats(engine("qwen2", "none"))) == (0, "")
