"""Copies of what stands nearby."""

from __future__ import annotations

import pytest
from marks import parse_marks

from midspan.completion.ask import Ask, Deadline, Kind
from midspan.completion.fim import Hole
from midspan.context.snippet import Snippet
from midspan.evaluation.baselines import BASELINES, CopyBackend, continuation
from midspan.evaluation.tasks import Task


def copied(marked: str, *snippets: str) -> str:
    text, offset = parse_marks(marked)
    return continuation(text[:offset], text[offset:], [Snippet("other.py", snippet) for snippet in snippets])


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("self.width = width\nself.height = height\nself.wid¦\n", "th = width"),
        ("self.wid¦\nself.width = width\n", "th = width"),
        # the longest tail wins, then the nearest place
        ("a.append(1)\nb.append(2)\nb.app¦\n", "end(2)"),
        ("f(1)\nf(2)\nf¦\nf(3)\n", ""),
        ("foo(1)\nfoo(2)\nfoo¦\n\n\n\n\n\n\n\n\nfoo(3)\n", "(2)"),
        ("foo(1)\n\n\n\n\n\nfoo¦\nfoo(3)\n", "(3)"),
        ("foo(bar(1))\nfoo(ba¦)\n", "r(1)"),
        # at the start of a line: what follows the line most like the one above
        ("for a in b:\n    print(a)\n\nfor c in b:\n    ¦\n", "print(a)"),
        ("x = 1\ny = 2\nz = 3\nx = 1\n¦\n", "y = 2"),
        ("if a:\n    ¦\n\nif a:\n    return\n", "return"),
        ("¦", ""),
        ("\n\n¦", ""),
        ("zzz¦", ""),
    ],
)
def test_what_is_copied(marked: str, expected: str) -> None:
    assert copied(marked) == expected


def test_a_snippet_is_looked_at_last() -> None:
    assert copied("foo¦\n", "x = 1\nfoo(9)\n") == "(9)"
    assert copied("foo(1)\nfoo¦\n", "foo(9)\n") == "(1)"
    assert copied("x = 1\n¦", "x = 1\ny = 5\n") == "y = 5"


def test_a_tasks_own_snippets_are_used() -> None:
    task = Task("a", "python", "foo", "\n", "(9)", context=(Snippet("b.py", "foo(9)"),))
    assert BASELINES["copy"](task) == "(9)"
    assert BASELINES["empty"](task) == ""


async def test_as_a_backend() -> None:
    ask = Ask(Hole("foo(1)\nfoo", "\n"), Kind.LINE, 10, Deadline.after(1000))
    deltas = [delta async for delta in CopyBackend().stream(ask)]
    assert [(delta.text, delta.finish) for delta in deltas] == [("(1)", "stop")]
    assert await CopyBackend().likelihood(ask, "(1)") is None
