"""Who wants to be shown only what is likely right is shown less."""

from __future__ import annotations

import pytest
from ghost import answer_of

from midspan.completion.ask import Trigger
from midspan.completion.confidence import least_probability
from midspan.completion.settings import CompletionSettings, Settings


@pytest.mark.parametrize(
    ("precision", "least"), [(0.0, 0.0), (0.2, 0.0), (0.3, 0.02), (0.35, 0.0475), (0.5, 0.2), (0.8, 0.75)]
)
def test_the_threshold_follows_the_measured_curve(precision: float, least: float) -> None:
    assert least_probability(CompletionSettings(precision=precision)) == pytest.approx(least)


def test_it_rises_with_what_is_wanted() -> None:
    found = [least_probability(CompletionSettings(precision=n / 100)) for n in range(81)]
    assert found == sorted(found)


def test_who_wants_little_is_shown_what_is_likely() -> None:
    assert least_probability(CompletionSettings(eagerness="low")) == pytest.approx(0.02)
    assert least_probability(CompletionSettings(eagerness="low", precision=0.5)) == pytest.approx(0.2)
    assert least_probability(CompletionSettings(eagerness="high")) == 0


@pytest.mark.parametrize(("trigger", "is_shown"), [(Trigger.AUTOMATIC, False), (Trigger.INVOKED, True)])
def test_unsure_texts_are_shown_by_key_only(trigger: Trigger, is_shown: bool) -> None:
    settings = Settings(completion=CompletionSettings(precision=0.8))
    text = "a_long_name + another_long_name"  # 11 pieces with log-probability -0.1: e^-1.1 = 0.33
    answer, _, _ = answer_of("import a\nx = ¦\n", text, trigger=trigger, settings=settings)
    assert bool(answer.proposals) == is_shown
    if not is_shown:
        assert answer.trace.dropped[0].why.startswith("too unsure")
    sure, _, _ = answer_of("import a\nx = ¦\n", "a", trigger=trigger, settings=settings)
    assert sure.proposals
