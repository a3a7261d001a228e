"""What files define and import, and how definitions are jotted down."""

from __future__ import annotations

import pytest

from midspan.context.definitions import definitions, head, imports, jotted
from midspan.context.document import Document

PYTHON = '''\
from .base import Base as Root, thing
import os.path

LIMIT = 3


class Cart(Root):
    """What somebody buys.

    More about it.
    """

    currency: str = "EUR"

    def total(self, tax: float = 0.2) -> float:
        """Return what all of it costs."""
        local = 1
        return local * tax * self.count + self.shipping + self.wrapping - self.discount * self.happy_customers

    def __len__(self): return 0


def load(path): return path
'''


def opened(text: str, path: str = "a.py") -> Document:
    return Document.open(path, "", 1, text)


def test_definitions_with_what_is_around_them() -> None:
    known = definitions(opened(PYTHON))
    assert [(one.kind, one.name, known[one.parent].name if one.parent is not None else None) for one in known] == [
        ("constant", "LIMIT", None),
        ("class", "Cart", None),
        ("field", "currency", "Cart"),
        ("method", "total", "Cart"),
        ("method", "__len__", "Cart"),
        ("function", "load", None),
    ]
    assert definitions(opened("x = 1", "a.txt")) == ()
    assert definitions(opened("")) == ()


def test_imports_up_to_an_offset() -> None:
    found = imports(opened(PYTHON), len(PYTHON))
    assert [(one.path, one.names) for one in found] == [
        (".base", ("Base", "Root")),
        (".base", ("thing",)),
        ("os.path", ()),
    ]
    assert [one.path for one in imports(opened(PYTHON), 5)] == [".base", ".base"]
    include = imports(opened('#include "shapes/circle.h"\n#include <math.h>\n', "a.c"), 100)
    assert [one.path for one in include] == ["shapes/circle.h", "math.h"]


def test_short_ones_are_jotted_whole_and_long_ones_by_their_head() -> None:
    document = opened(PYTHON)
    by_name = {one.name: one for one in definitions(document)}
    assert jotted(document, by_name["LIMIT"]) == "LIMIT = 3"
    assert jotted(document, by_name["load"]) == "def load(path): return path"
    assert jotted(document, by_name["Cart"]) == ('class Cart(Root):\n    """What somebody buys.\n\n    More about it.')
    assert head(document, by_name["total"]) == (
        '    def total(self, tax: float = 0.2) -> float:\n        """Return what all of it costs."""'
    )
    assert head(document, by_name["total"], short=True) == "    def total(self, tax: float = 0.2) -> float: ..."


@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        (
            "a.ts",
            "export function go(a: string): number {\n" + "  f();\n" * 60 + "}\n",
            "export function go(a: string): number { ... }",
        ),
        (
            "a.go",
            "func (r *Repo) Find(id int) (*Item, error) {\n" + "\tf()\n" * 60 + "}\n",
            "func (r *Repo) Find(id int) (*Item, error) { ... }",
        ),
        ("a.c", "#define MAX(a, b) ((a) > (b) ? (a) : (b))\n", "#define MAX(a, b) ((a) > (b) ? (a) : (b))"),
        ("a.rb", "def go(a)\n" + "  f\n" * 100 + "end\n", "def go(a) ..."),
    ],
)
def test_heads_in_other_languages(path: str, text: str, wanted: str) -> None:
    document = opened(text, path)
    assert jotted(document, definitions(document)[0]).strip() == wanted


def test_positions_beyond_ascii_and_broken_text() -> None:
    document = opened("größe = '😀'\n\n\nclass Größe:\n    def messen(self, 名前): return 1\n\n\ndef (:\n")
    assert [(one.name, document.text[one.start : one.start + 5]) for one in definitions(document)] == [
        ("größe", "größe"),
        ("Größe", "class"),
        ("messen", "def m"),
    ]
