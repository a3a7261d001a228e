"""The order of candidates."""

from __future__ import annotations

import json
from importlib import resources

from marks import parse_marks

from midspan import completion
from midspan.completion import rank
from midspan.completion.ask import Candidate
from midspan.completion.trace import Trace
from midspan.context.cursor import Cursor, cursor_context
from midspan.context.document import Document
from midspan.context.window import WindowSizes


def cursor(marked: str = "import os\nx = ¦\n") -> Cursor:
    text, offset = parse_marks(marked)
    return cursor_context(Document.open("file:///a.py", "python", 1, text), offset, WindowSizes(100, 100))


def texts(*candidates: Candidate) -> list[str]:
    return [one.text for one in rank.order(candidates, cursor(), Trace())]


def test_the_most_probable_text_is_first_not_that_of_the_most_probable_tokens() -> None:
    long, short = Candidate("os.path.join(os.sep)", -3.0, 10), Candidate("os", -1.5, 2)
    assert long.score is not None
    assert short.score is not None
    assert long.score > short.score
    assert texts(long, short) == ["os", "os.path.join(os.sep)"]


def test_of_equal_ones_that_whose_names_exist() -> None:
    assert texts(Candidate("nowhere(1)", -2.0, 4), Candidate("len(x)", -2.0, 4)) == ["len(x)", "nowhere(1)"]


def test_without_probabilities_as_they_came() -> None:
    assert texts(Candidate("b", None, 1), Candidate("a", -0.1, 1), Candidate("b ", None, 1)) == ["b", "a"]


def test_every_weight_is_used_and_documented() -> None:
    weights = json.loads(resources.files(completion).joinpath("ranking.json").read_text("utf-8"))
    assert len(weights.pop("about")) > 100
    assert weights.keys() == rank._features(Candidate("a", -1.0, 1), cursor()).keys()
