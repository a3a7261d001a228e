"""What a careful reader would find wrong with a text in a document."""

from __future__ import annotations

import pytest
from marks import dedent, parse_marks

from midspan.context.document import Document
from midspan.evaluation.judge import Judgement, judge


def judged(marked: str, text: str, language: str = "python") -> Judgement:
    before, offset = parse_marks(dedent(marked))
    return judge(Document.open("file:///a", language, 1, before), offset, offset, text)


@pytest.mark.parametrize(
    ("marked", "text", "language", "is_bad"),
    [
        ("x = ¦\n", "f(1)", "python", False),
        ("y = 1\n¦\nz = 2\n", "x = f(1", "python", True),
        ("f(¦)\n", "1))", "python", True),
        ("function f() {\n  ¦\n}\n", "g();\n}", "javascript", True),
        ("function f() {\n  ¦\n}\n", "g();", "javascript", False),
    ],
)
def test_errors(marked: str, text: str, language: str, is_bad: bool) -> None:
    assert judged(marked, text, language).adds_error == is_bad


@pytest.mark.parametrize(
    ("marked", "text", "language", "is_bad"),
    [
        ("x = ¦\nprint(x)\n", "1\nprint(x)", "python", True),
        ("x = ¦\nprint(x)\n", "1", "python", False),
        ("x = ¦ + width\n", "height + width", "python", True),
        ("x = ¦ + width\n", "height", "python", False),
        ("f(¦)\n", "1)", "python", True),
        ("f(g(¦)\n", "1)", "python", False),
        ("function f() {\n  ¦\n}\n", "g();\n}", "javascript", True),
        ("function f() {\n  if (a) {\n    ¦\n}\n", "g();\n  }", "javascript", False),
        ("pri¦\nprint(x)\n", "nt(x)", "python", True),
    ],
)
def test_what_follows_is_said_twice(marked: str, text: str, language: str, is_bad: bool) -> None:
    assert judged(marked, text, language).repeats_suffix == is_bad


@pytest.mark.parametrize(
    ("marked", "text", "language", "is_bad"),
    [
        ("def f(a):\n    ¦\n", "b = a\n    return b", "python", False),
        ("def f(a):\n    ¦\n", "b = a\n        return b", "python", True),
        ("def f(a):\n    ¦\n", "if a:\n        return 1\n    return 2", "python", False),
        ("def f(a):\n    ¦\n", "if a:\n\t\treturn 1", "python", True),
        ("x = 1\n¦\n", "    y = 2", "python", True),
        ("x = f(¦)\n", "\n        a,\n    ", "python", False),
        ("x = ¦\n", '"""\n        text\n"""', "python", False),
        ("func f() {\n\t¦\n}\n", "a()\n\tb()", "go", False),
        ("func f() {\n\t¦\n}\n", "a()\n    b()", "go", True),
        ("func f() {\n\ta()\n    ¦\n}\n", "b()", "go", False),
        ("func f() {\n\ta()\n¦\n}\n", "    b()", "go", True),
        ("function f() {\n  ¦\n}\n", "a();\n      b();", "javascript", True),
        ("function f() {\n  ¦\n}\n", "a\n    .b();", "javascript", False),
    ],
)
def test_indentation(marked: str, text: str, language: str, is_bad: bool) -> None:
    assert judged(marked, text, language).is_misindented == is_bad


def test_names() -> None:
    found = judged("def f(width):\n    return ¦\n", "width * heigth")
    assert (found.n_names, found.n_unknown) == (2, 1)
