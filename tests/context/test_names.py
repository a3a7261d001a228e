"""Which names in new code exist."""

from __future__ import annotations

import pytest
from marks import parse_marks

from midspan.context.document import Document
from midspan.context.names import names_between, unknown_names


def unknown(marked: str, text: str, language: str = "python", others: tuple[str, ...] = ()) -> list[str]:
    before, offset = parse_marks(marked)
    document = Document.open("file:///a", language, 1, before[:offset] + text + before[offset:])
    return unknown_names(document, offset, offset + len(text), others)


@pytest.mark.parametrize(
    ("marked", "text", "language", "expected"),
    [
        ("import os\nx = ¦\n", "os.path.join(a, len(b))", "python", ["a", "b"]),
        ("def f(width, height):\n    return ¦\n", "width * heigth", "python", ["heigth"]),
        ("def f(a):\n    ¦\n", "total = 0\n    for x in a:\n        total += x\n    return total", "python", []),
        ("def f(a):\n    ¦\n", 'with open(a) as file:\n        print(f"{file} {other}")', "python", ["other"]),
        ("x = ¦\n", "[y for y in range(3)]", "python", []),
        ("x = ¦\n", '"text of words"  # a comment', "python", []),
        ("x = f(¦)\nf = 1\n", "key=f", "python", []),
        ("const f = (a) => {\n  ¦\n};\n", "const b = a.length;\n  console.log(c);", "javascript", ["c"]),
        ("package p\n\nfunc f(a int) {\n\t¦\n}\n", "b, err := g(a)", "go", ["g"]),
        ("fn f(a: &str) {\n    ¦\n}\n", 'let b = a.len();\n    println!("{}", c);', "rust", ["c"]),
        ("int f(int a) {\n    ¦\n}\n", "int b = a + c;\n    printf(d);", "c", ["c", "d"]),
        ("class A {\n    void f(int a) {\n        ¦\n    }\n}\n", "String b = g(a);", "java", ["g"]),
        ("<?php\nfunction f($a) {\n    ¦\n}\n", "return strlen($a) + g($b);", "php", ["g", "$b"]),
        ("def f(a)\n  ¦\nend\n", "puts(a, b)", "ruby", ["b"]),
    ],
)
def test_names_that_exist_nowhere(marked: str, text: str, language: str, expected: list[str]) -> None:
    assert unknown(marked, text, language) == expected


def test_names_of_other_texts_exist() -> None:
    assert unknown("x = ¦\n", "helper(other)", others=("def helper(): pass",)) == ["other"]


def test_every_name_counts_as_often_as_it_stands_there() -> None:
    document = Document.open("file:///a.py", "python", 1, "x = a + b.c + a")
    assert names_between(document, 4, 15) == ["a", "b", "a"]


def test_plain_text_has_no_names() -> None:
    assert unknown("x ¦\n", "some words", "plaintext") == []
