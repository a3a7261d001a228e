"""An answer told in plain words."""

from __future__ import annotations

import pytest
from ghost import answer_of

from midspan.completion.ask import Trigger
from midspan.completion.report import as_json
from midspan.completion.settings import CompletionSettings, Settings
from midspan.completion.why import in_words


@pytest.mark.parametrize(
    ("before", "reply", "sentences"),
    [
        (
            "x = ¦\n",
            "foo(a)",
            [
                "The place was looked at: wanted: one line",
                "scripted (scripted) was shown ",
                "One line is offered, which the model finds 81.9 % probable.",
                "All of it took",
            ],
        ),
        ("x = 1\n¦\nprint(x)\n", "print(x)", ["Not offered, for this reason:", "Nothing is offered."]),
        ("x = ¦\n", "foo(", ["Not offered, for this reason: leaves a bracket or a string open. It was 'foo("]),
    ],
)
def test_each_step_is_told(before: str, reply: str, sentences: list[str]) -> None:
    answer, document, _ = answer_of(before, reply)
    told = in_words(answer)
    for sentence in sentences:
        assert any(one.startswith(sentence) for one in told), told
    assert as_json(answer, document)["why"] == told


def test_why_no_model_was_asked() -> None:
    settings = Settings(completion=CompletionSettings(enabled=False))
    answer, _, model = answer_of("x = ¦\n", "foo", settings=settings)
    assert in_words(answer)[0].startswith("No model was asked: midspan is paused")
    assert model.asks == []
    answer, _, _ = answer_of("foo(a)¦\n", "b", trigger=Trigger.AUTOMATIC)
    assert in_words(answer)[0].startswith("No model was asked: the statement is finished")
