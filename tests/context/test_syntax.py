"""The unit around a cursor; where statements and blocks end; which lines open blocks.

In the texts ``¦`` is the cursor and ``‖`` the end that is expected.
"""

from __future__ import annotations

import pytest
from language_samples import SAMPLES
from marks import dedent, parse_marks

from midspan.context import document as document_module
from midspan.context.document import Document
from midspan.context.language import Language
from midspan.context.languages import all_languages
from midspan.context.parse import Syntax
from midspan.context.syntax import (
    Place,
    block_end,
    enclosing_unit,
    open_brackets,
    opens_block,
    place,
    statement_end,
)


def parse_two_marks(marked: str) -> tuple[str, int, int | None]:
    """Return the text without ``¦`` and ``‖``, and their offsets; None for an end that isn't marked."""
    text, offset = parse_marks(dedent(marked).replace("‖", ""))
    end = dedent(marked).replace("¦", "").find("‖")
    return text, offset, end if end >= 0 else None


def opened(language_id: str, text: str) -> Document:
    return Document.open("file:///a", language_id, 1, text)


STATEMENTS = [
    ("python", "¦"),
    ("python", "x = ¦1‖\ny = 2\n"),
    ("python", "x = 1¦‖\ny = 2\n"),
    ("python", "x = foo(¦a,\n  b)‖\ny = 2\n"),
    ("python", "if a:\n    ¦x = (1,\n         2)‖\n    y = 2\n"),
    ("python", "if a:\n  ¦  x = 1‖\n    y = 2\n"),
    ("python", "if a¦:\n    x = 1‖\ny\n"),
    ("python", "x = foo(a, ¦[b‖\ny = 2\n"),
    ("python", "x = 'a¦‖\ny = 'b'\n"),
    ("python", "def f():\n    x = a.¦‖\n    return x\n"),
    ("python", "x = 1\n¦\ny = 2\n"),
    ("python", "x = 1\r\ny = 'é😀' + ¦z‖\r\n"),
    ("javascript", "foo(¦a,\n  b);‖\nbar();\n"),
    ("javascript", "function f() {\n  return {\n    a: ¦1,\n  };‖\n}\n"),
    ("javascript", "function f() {\n  const x = a.¦‖\n  return x;\n}\n"),
    ("javascript", "const x = foo(¦{\n  a: 1,\n  b: \n})‖\nbar(\n"),
    ("typescript", "class A {\n  get(¦‖\n}\n"),
    ("typescript", "interface A {\n  a: ¦string‖;\n}\n"),
    ("go", "package a\nfunc f() {\n\tx := foo(a,\n\t\t¦b)‖\n\ty()\n}\n"),
    ("go", "package a\nfunc f() {\n\tx := foo(¦‖\n\ty()\n}\n"),
    ("kotlin", "fun f() {\n    val x = g(¦a,\n        b)‖\n}\n"),
    ("swift", "func f() {\n    g(¦a,\n      b)‖\n}\n"),
    ("scala", "object A {\n  val x = ¦1‖\n}\n"),
    ("shellscript", "f() {\n  echo ¦a \\\n    b‖\n}\n"),
    ("lua", "if a then\n  f(¦b,\n    c)‖\nend\n"),
    ("sql", "SELECT a\nFROM ¦b\nWHERE c‖;\n"),
    ("html", "<p>\n  <b>a¦</b>‖\n</p>\n"),
    ("css", "a {\n  b: ¦c,\n    d;‖\n}\n"),
    ("json", '{\n  "a": [¦\n    1\n  ],\n  "b": 2\n}\n'.replace("],", "]‖,").replace("[¦", "¦[")),
    ("yaml", "a:\n  b: ¦c‖\n  d: e\n"),
    ("toml", "[a]\nb = ¦[\n  1,\n]‖\n"),
    ("markdown", "# A¦\n‖\nProse.\n"),
    ("markdown", "Prose ¦ goes on.\n"),
    ("plaintext", "foo (bar¦\nbaz) x‖\ny\n"),
    ("plaintext", "foo (bar¦‖\ny\n"),
]


@pytest.mark.parametrize(("language_id", "marked"), STATEMENTS)
def test_where_the_statement_at_a_cursor_ends(language_id: str, marked: str) -> None:
    text, offset, end = parse_two_marks(marked)
    assert statement_end(opened(language_id, text), offset) == end


BLOCKS = [
    ("python", "¦"),
    ("python", "x = ¦1\n"),
    ("python", "def f():\n    a = ¦1\n    b = 2‖\n\nc = 3\n"),
    ("python", "def f():\n    a = 1\n    ¦\n    b = 2‖\n\nc = 3\n"),
    ("python", "def f():\n    if a:\n        b = 1\n        ¦‖\n    c = 2\n"),
    ("python", "def f():\n    if a:\n        b = 1\n    ¦\n    c = 2‖\n"),
    ("python", "def f():\n    if a:\n        b = 1\n    # a comment\n    ¦c = 2‖\nd\n"),
    ("python", "def f():\n    ¦‖\n\ndef g():\n    pass\n"),
    ("python", 'def f():\n    a = b.¦\n    """\ntext\n    """\n    c = 1‖\nd\n'),
    ("python", "x = [\n    1,\n    ¦\n]\n"),
    ("python", "def f():\n    x = [\n        ¦\n    ]\n    return x‖\n"),
    ("python", "def f():\r\n\ta = 'é'\r\n\t¦\r\n\tb = 2‖\r\nc\r\n"),
    ("javascript", "x = {a: ¦1}\n"),
    ("javascript", "if (a) {¦ b(); }‖\nc();\n"),
    ("javascript", "function f() {\n  if (a) { b(); }\n  ¦c();\n}‖\nd();\n"),
    ("javascript", "function f() {\n  if (a) {\n    ¦\n  }‖\n"),
    ("javascript", "function f() {\n  x = {a: b.¦, c: [}\n}‖\nd();\n"),
    ("javascript", "foo(() => {\n  ¦\n})\n".replace("})", "}‖)")),
    ("javascript", "foo(() => {\n  ¦\n‖"),
    ("typescript", "export class A<T> {\n  private x = 1;\n  get(¦\n}‖\n"),
    ("go", "package a\nfunc f() {\n\tswitch x {\n\tcase 1:\n\t\t¦\n\t}‖\n}\n"),
    ("go", "package a\ntype A interface {\n\t¦\n}‖\n"),
    ("go", "package a\nfunc f() {\n\tif a {\n\t\tb(¦\n\t}‖\n}\n"),
    ("kotlin", "fun f() {\n    when (x) {\n        1 -> ¦2\n    }‖\n}\n"),
    ("swift", "func f() {\n    if a {\n        ¦b()\n    }‖ else {\n        c()\n    }\n}\n"),
    ("swift", "func f() {\n    do {\n        // why\n        ¦b()\n    }‖ catch {\n    }\n}\n"),
    ("scala", "class A {\n  def f = {\n    ¦\n  }‖\n}\n"),
    ("shellscript", "for a in b; do\n  ¦c\ndone‖\nd\n"),
    ("shellscript", "if a; then\n  ¦c\nfi‖\nd\n"),
    ("lua", "function f()\n  ¦g()\nend‖\n"),
    ("html", "<div>\n  ¦<p>a</p>\n</div>‖\n<p>b</p>\n"),
    ("css", "@media (a: 1px) {\n  b {\n    ¦\n  }‖\n}\n"),
    ("json", '{\n  "a": {\n    ¦"b": 1\n  }‖\n}\n'),
    ("yaml", "a:\n  b: 1\n  ¦\n  c: 2‖\nd: 3\n"),
    ("toml", "[a]\nb = ¦1\nc = 2\n‖[d]\n"),
    ("markdown", "# A\n\n¦B\n\n## C\n\nD\n‖# E\n"),
    ("plaintext", "fn main() {\n    ¦\n}‖\n"),
    ("plaintext", "no block ¦ here\n"),
]


@pytest.mark.parametrize(("language_id", "marked"), BLOCKS)
def test_where_the_block_at_a_cursor_ends(language_id: str, marked: str) -> None:
    text, offset, end = parse_two_marks(marked)
    assert block_end(opened(language_id, text), offset) == end


UNITS = [
    ("python", "¦", None),
    ("python", "x = ¦1\n", None),
    ("python", "class A:\n    def f(self):\n        a = ¦1\n", ("function", "f", "def f", "a = 1")),
    ("python", "class A:\n    def f(self):\n        a = 1\n        ¦\n", ("function", "f", "def f", "a = 1")),
    ("python", "class A:\n    def f(self):\n        a = 1\n    ¦\n", ("class", "A", "class A", "def f")),
    ("python", "class A:\n    def f(self):\n        a = 1\n¦\n", None),
    (
        "python",
        "class A:\n    def f(self):\n        ¦\n    def g(self):\n        pass\n",
        ("function", "f", "def f", None),
    ),
    ("python", "def f(a):\n    x = foo(a, [b¦\n    y = 2\nz = 1\n", ("function", "f", "def f", "x = foo")),
    ("python", "async def é(a):\n    '😀'\n    retu¦rn\n", ("function", "é", "async def", "'😀'")),
    ("javascript", "function f() {\n  ¦\n}\n", ("function", "f", "function", "{")),
    ("javascript", "class A {\n  m() {\n    return ¦1;\n  }\n}\n", ("method", "m", "m()", "{\n    return")),
    ("javascript", "const f = async (a) => {\n  ¦\n};\n", ("function", "f", "f = async", "{")),
    ("javascript", "const f = async (a) => {\n  ¦\n", ("function", "f", "const f", None)),
    ("javascript", "class A {\n  m(a) {\n    if (a) {\n      b(¦\n", ("method", "m", "m(a)", None)),
    ("javascript", "function f() {}¦\n", None),
    ("typescript", "interface A {\n  ¦\n}\n", ("class", "A", "interface", "{")),
    ("go", "package a\nfunc (r *T) f() {\n\t¦\n}\n", ("method", "f", "func", "{")),
    ("go", "package a\nfunc (r *T) f() {\n\tif x {\n\t\ty(¦\n", ("method", "f", "func", None)),
    ("plaintext", "def f():\n    ¦\n", None),
]


@pytest.mark.parametrize(("language_id", "marked", "expected"), UNITS)
def test_the_unit_around_a_cursor(
    language_id: str, marked: str, expected: tuple[str, str, str, str | None] | None
) -> None:
    text, offset = parse_marks(marked)
    unit = enclosing_unit(opened(language_id, text), offset)
    if expected is None or unit is None:
        assert (unit is None) == (expected is None)
        return
    kind, name, starts_with, body_starts_with = expected
    assert (unit.kind, unit.name) == (kind, name)
    assert text[unit.start :].startswith(starts_with)
    assert unit.start < unit.body_start <= max(unit.end, offset)
    if body_starts_with is not None:
        assert text[unit.body_start :].lstrip().startswith(body_starts_with)


OPENERS = [
    ("python", "def f():", True),
    ("python", "if x:  # why", True),
    ("python", "    else:", True),
    ("python", "def f(\n    a,\n):", True),
    ("python", "for x in (1, 2", False),
    ("python", 'd = {\n    "a":', False),
    ("python", "x = lambda:", False),
    ("python", "# if x:", False),
    ("python", "if 'a:", False),
    ("python", "x: int = 1", False),
    ("python", "x = {", False),
    ("python", "", False),
    ("javascript", "if (x) {", True),
    ("javascript", "if(x){ // why", True),
    ("javascript", "} else {", True),
    ("javascript", "const f = (a) => {", True),
    ("javascript", "foo(a, function () {", True),
    ("javascript", "class A{", True),
    ("javascript", "switch (x) {\n  case 1:", True),
    ("javascript", "const x = {", False),
    ("javascript", "foo({", False),
    ("javascript", "return {", False),
    ("javascript", "import {", False),
    ("javascript", "x = `${", False),
    ("javascript", "// if (x) {", False),
    ("typescript", "interface A {", True),
    ("typescript", "export abstract class A<T> extends B {", True),
    ("typescript", "type A = {", False),
    ("go", "package a\nfunc f() error {", True),
    ("go", "package a\ntype A struct {", True),
    ("go", "package a\nfunc f() {\n\tx := []int{", False),
    ("go", "package a\nfunc f() {\n\tx := T{", False),
    ("go", "package a\nfunc f() {\n\tselect {", True),
    ("go", "package a\nfunc f() {\n\tswitch {\n\tdefault:", True),
    ("kotlin", "fun f(a: Int): Int {", True),
    ("kotlin", "list.map {", True),
    ("swift", "if let a = b {", True),
    ("swift", "switch a {\ncase 1:", True),
    ("scala", "def f(a: Int): Int = {", True),
    ("scala", "a match {", True),
    ("shellscript", "if a; then", True),
    ("shellscript", "for a in b; do  # why", True),
    ("shellscript", "f() {", True),
    ("shellscript", "echo then", True),  # by its words alone
    ("shellscript", "x=${", False),
    ("lua", "local function f(a, b)", True),
    ("lua", "if a then", True),
    ("lua", "f(function()", True),
    ("lua", "x = {", False),
    ("sql", "BEGIN", True),
    ("html", '<div class="a">', True),
    ("html", "<br>", False),
    ("html", "<br />", False),
    ("html", "<p>a</p>", False),
    ("html", "</div>", False),
    ("css", "a:hover {", True),
    ("json", '{"a": {}, "b": {', True),
    ("yaml", "a:", True),
    ("yaml", "- a:  # why", True),
    ("yaml", "a: b", False),
    ("toml", "[a]", False),
    ("markdown", "as follows:", False),
    ("markdown", "## A {", False),
    ("plaintext", "fn f() {", True),
    ("plaintext", "as follows:", False),
]


@pytest.mark.parametrize(("language_id", "text", "expected"), OPENERS)
def test_whether_a_last_line_opens_a_block(language_id: str, text: str, expected: bool) -> None:
    document = opened(language_id, text)
    assert opens_block(document, document.n_lines - 1) is expected


@pytest.mark.parametrize(("language_id", "text", "expected"), OPENERS)
def test_whether_a_line_opens_a_block_is_seen_in_code_that_follows_it_and_without_a_tree(
    language_id: str, text: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = text.count("\n")
    assert opens_block(opened(language_id, text + "\n\n"), line) is expected
    monkeypatch.setattr(document_module, "Syntax", lambda _: Syntax(None))
    document = opened(language_id, text + "\n\n")
    assert document.tree is None
    assert opens_block(document, line) is expected


@pytest.mark.parametrize("language", all_languages(), ids=lambda language: language.name)
def test_every_question_has_an_answer_while_a_file_is_typed(language: Language) -> None:
    sample = SAMPLES[language.name]
    document = opened(language.language_ids[0], "")
    for end in range(5, len(sample) + 5, 5):  # as many characters at once, to save time
        document = document.replace(len(document.text), len(document.text), sample[len(document.text) : end])
        ask_everything(document, len(document.text))
    for offset in range(0, len(sample), 3):
        ask_everything(document, offset)


@pytest.mark.parametrize("language", [None, *all_languages()], ids=lambda language: language.name if language else "no")
def test_every_question_has_an_answer_everywhere_in_broken_text(language: Language | None) -> None:
    text = "def f(a, {[\n  'x\r\n\tif (`${ é😀 {\n}) => {\r\n  # // /* '''\nfunc g() {\n  return (\n"
    document = opened(language.language_ids[0] if language else "plaintext", text)
    for offset in range(len(text) + 1):
        ask_everything(document, offset)


def ask_everything(document: Document, offset: int) -> None:
    n = len(document.text)
    for end in (statement_end(document, offset), block_end(document, offset)):
        assert end is None or 0 <= end <= n
    unit = enclosing_unit(document, offset)
    assert unit is None or 0 <= unit.start <= unit.end <= n
    assert isinstance(place(document, offset), Place)
    assert set(open_brackets(document, offset)) <= set("([{")
    assert opens_block(document, document.line_at(offset)) in (True, False)
