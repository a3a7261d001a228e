"""Code, string or comment; open brackets; errors: in sound text, in half-typed text, and without a tree."""

from __future__ import annotations

import pytest
from marks import dedent, parse_marks

from midspan.context import document as document_module
from midspan.context.document import Document
from midspan.context.parse import Syntax
from midspan.context.syntax import Place, errors, open_brackets, place

CODE, STRING, COMMENT = Place.CODE, Place.STRING, Place.COMMENT


def at_mark(language_id: str, marked: str) -> tuple[Document, int]:
    text, offset = parse_marks(marked)
    return Document.open("file:///a", language_id, 1, text), offset


PLACES = [
    ("python", "¦", CODE),
    ("python", "\n¦", CODE),
    ("python", "x = ¦'a'", CODE),
    ("python", "x = '¦a'", STRING),
    ("python", "x = 'a¦'", STRING),
    ("python", "x = 'a'¦", CODE),
    ("python", "x = ''¦", CODE),
    ("python", "x = '¦'", STRING),
    ("python", "x = 'it\\'s¦", STRING),
    ("python", "x = 'é😀¦'", STRING),
    ("python", "x = 'a¦\ny = 'b'\n", STRING),
    ("python", "x = 'a\ny = b¦\n", CODE),
    ("python", "foo('a¦)\nbar('b')\n", STRING),
    ("python", "foo('a')¦)\n", CODE),
    ("python", '"""a\nb ¦\n"""\n', STRING),
    ("python", '"""a\nit\'s ¦\n', STRING),
    ("python", 'def f():\n    """¦\n    return 1\n', STRING),
    ("python", "x = f'a¦{b}c'", STRING),
    ("python", "x = f'a{¦b}c'", CODE),
    ("python", "x = f'a{b¦}c'", CODE),
    ("python", "x = f'a{b}¦c'", STRING),
    ("python", "x = f'a{b¦", CODE),
    ("python", "x = f'a{{b¦", STRING),
    ("python", "x = f'a{b}c¦", STRING),
    ("python", "x = 'a{b¦", STRING),
    ("python", "x = f'{d[\"k¦", STRING),
    ("python", "x = rf'{a¦", CODE),
    ("python", "# a¦", COMMENT),
    ("python", "# a¦\n", COMMENT),
    ("python", "# a¦\r\nb", COMMENT),
    ("python", "# a\n¦", CODE),
    ("python", "¦# a", CODE),
    ("python", "x = '#¦'", STRING),
    ("python", "x = (1  # it's ¦\n", COMMENT),
    ("python", "x = '# a'¦ + (", CODE),
    ("javascript", "// a¦", COMMENT),
    ("javascript", "/* a¦ */", COMMENT),
    ("javascript", "/* a */¦", CODE),
    ("javascript", "function f() { /* it's ¦", COMMENT),
    ("javascript", "x = /['\"`]/.test(¦)", CODE),
    ("javascript", "x = /['\"`]/.test(¦", CODE),
    ("javascript", "x = `a¦`", STRING),
    ("javascript", "x = `a\nb¦\n", STRING),
    ("javascript", "x = `a¦${b}`", STRING),
    ("javascript", "x = `a$¦{b}`", STRING),
    ("javascript", "x = `a${¦b}`", CODE),
    ("javascript", "x = `a${b¦", CODE),
    ("javascript", "x = `a${f({b: 1})¦", CODE),
    ("javascript", "x = `a${b}c¦", STRING),
    ("javascript", "foo('a¦)\nbar('b')\n", STRING),
    ("javascriptreact", "x = <p>Don't {y¦}</p>", CODE),
    ("typescript", "const x: string = 'a¦\nlet y = 1\n", STRING),
    ("typescript", "type T = `a¦${string}`", STRING),
    ("typescriptreact", "const a = <p title='x¦'/>;", STRING),
    ("go", 'package a\nvar s = "a¦"\n', STRING),
    ("go", 'package a\nvar s = "a¦\nvar t = 1\n', STRING),
    ("go", "package a\nvar s = `a\\¦`\n", STRING),
    ("go", "package a\nvar s = `a\\`¦\n", CODE),
    ("go", "package a\nvar r = '¦x'\n", STRING),
    ("go", "package a // a¦", COMMENT),
    ("kotlin", 'val x = "a¦${b}"\n', STRING),
    ("kotlin", 'val x = "a${b¦}"\n', CODE),
    ("kotlin", 'val x = "a${f("b")¦\n', CODE),
    ("kotlin", 'val x = """it\'s\n¦\n"""\n', STRING),
    ("swift", 'let x = "a\\(¦b)"\n', CODE),
    ("swift", 'let x = "a\\(b)¦c"\n', STRING),
    ("swift", 'let x = "a\\(f(b)¦\n', CODE),
    ("swift", 'let x = "a\\(f(b))¦\n', STRING),
    ("swift", "let x = /it's/; f(¦)\n", CODE),
    ("scala", "val x = 'a'; f(¦", CODE),
    ("scala", 'val x = s"a${b¦}"\n', CODE),
    ("shellscript", 'x="a¦ $(date)"\n', STRING),
    ("shellscript", 'x="a $(f "¦b")"\n', STRING),
    ("shellscript", 'x="a $(f ¦)"\n', CODE),
    ("shellscript", 'x="a $(f ¦', CODE),
    ("shellscript", "x=${#a} y=¦\n", CODE),
    ("shellscript", "cat <<E\nit's ¦\nE\n", STRING),
    ("shellscript", "# it's ¦", COMMENT),
    ("lua", "x = [[it's ¦]]\n", STRING),
    ("lua", "--[[ it's\n¦ ]]\n", COMMENT),
    ("lua", "-- it's ¦\n", COMMENT),
    ("sql", "SELECT 'it''s ¦'", STRING),
    ("sql", "SELECT 1, ¦2", CODE),
    ("sql", "-- it's ¦\n", COMMENT),
    ("html", "<p>it's ¦</p>", CODE),
    ("html", '<p class="a¦">', STRING),
    ("html", "<!-- it's ¦ -->", COMMENT),
    ("html", "<script>x = '¦'</script>", CODE),
    ("css", "a { b: c; } /* ¦ */", COMMENT),
    ("css", 'a { content: "¦"; }', STRING),
    ("json", '{"a": "¦"}', STRING),
    ("json", '{"a": "¦', STRING),
    ("json", '{"a": ¦}', CODE),
    ("jsonc", "// it's ¦\n{}", COMMENT),
    ("yaml", "a: it's ¦b\n", CODE),
    ("yaml", 'a: "it\'s ¦"\n', STRING),
    ("yaml", "a: |\n  it's\n  ¦b\n", CODE),
    ("yaml", "a: 1 # it's ¦\n", COMMENT),
    ("toml", "a = '¦b'\n", STRING),
    ("toml", 'a = """\n¦b\n', STRING),
    ("markdown", "It's ¦ (so", CODE),
    ("markdown", "<!-- it's ¦ -->\n", COMMENT),
    ("plaintext", "it's # a¦", CODE),
]


@pytest.mark.parametrize(("language_id", "marked", "expected"), PLACES)
def test_the_place_of_a_cursor(language_id: str, marked: str, expected: Place) -> None:
    assert place(*at_mark(language_id, marked)) is expected


NEEDS_A_GRAMMAR = ("Don't", "['\"`]")


@pytest.mark.parametrize(
    ("language_id", "marked", "expected"), [case for case in PLACES if not any(s in case[1] for s in NEEDS_A_GRAMMAR)]
)
def test_the_place_is_found_without_a_tree(
    language_id: str, marked: str, expected: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_module, "Syntax", lambda _: Syntax(None))
    document, offset = at_mark(language_id, marked)
    assert document.tree is None
    assert place(document, offset) is expected


BRACKETS = [
    ("python", "¦", ""),
    ("python", "x = (1, [2, ¦", "(["),
    ("python", "x = (1, [2], ¦)", "("),
    ("python", "x = {'(': foo(¦)}\n", "{("),
    ("python", "x = ( # (\n  [¦", "(["),
    ("python", "x = foo(a, [b¦\ny = 2\n", "(["),
    ("python", "x = foo(a)\ny = ¦2\n", ""),
    ("python", "x = )(¦\n", "("),
    ("python", "f(f'{g(¦)}')", "({("),
    ("python", "def f(a, b=(1, ¦", "(("),
    ("javascript", "foo(() => {¦})", ""),
    ("javascript", "foo({¦})", "({"),
    ("javascript", "foo({¦", "({"),
    ("javascript", "foo(a, () => {\n  bar([¦", "(["),
    ("javascript", "x = /[(]/.test([¦])", "(["),
    ("javascript", "x = /[(]/.test([¦", "(["),
    ("javascript", "if (a) {\n  return {¦\n}\n", "{"),
    ("javascript", "class A {\n  m(a) {\n    b(¦\n  }\n}\n", "("),
    ("javascript", "x = '(' + `[${f(¦)}`", "{("),
    ("typescript", "function f(a: {b: [¦", "({["),
    ("typescript", "interface A { f(¦ }", "("),
    ("go", "package a\nfunc f() {\n\tx := []T{{¦}}\n}\n", "{{"),
    ("go", "package a\nfunc f() {\n\tgo func() {\n\t\tg(¦\n\t}()\n}\n", "("),
    ("go", "package a\nfunc f() {\n\tswitch x {\n\tcase 1:\n\t\tg(h[¦\n\t}\n}\n", "(["),
    ("kotlin", "fun f() {\n    g(listOf(¦\n}\n", "(("),
    ("swift", "func f() {\n    if a {\n        g([¦])\n    }\n}\n", "(["),
    ("scala", "def f() = {\n  g(¦)\n}\n", "("),
    ("shellscript", "f() {\n  x=$(g ¦)\n}\n", "("),
    ("lua", "f({ a = ¦ })\n", "({"),
    ("sql", "SELECT a FROM b WHERE c IN (¦", "("),
    ("css", "a {\n  b: rgb(¦);\n}\n", "("),
    ("json", '{"a": [1, ¦]}', "["),
    ("yaml", "a: [b, {c: ¦}]\n", "[{"),
    ("toml", "[a]\nb = [1, { c = ¦ }]\n", "[{"),
    ("markdown", "An [a](b) and (c [d](¦)", "(("),
    ("plaintext", "a (b {c} it's [¦", "(["),
]


@pytest.mark.parametrize(("language_id", "marked", "expected"), BRACKETS)
def test_brackets_that_are_open_before_a_cursor(language_id: str, marked: str, expected: str) -> None:
    assert open_brackets(*at_mark(language_id, marked)) == expected


def test_what_is_far_before_the_cursor_is_still_known_to_be_a_string() -> None:
    text = '"""' + "it's (\n" * 5000
    document = Document.open("file:///a.py", "python", 1, text + '"""\nfoo(')
    assert place(document, 20_000) is STRING
    assert open_brackets(document, len(document.text)) == "("
    assert place(document, len(document.text)) is CODE


@pytest.mark.parametrize(
    ("language_id", "text", "n_errors"),
    [
        ("python", "", 0),
        ("python", "x = 1\n", 0),
        ("python", "x = = 1\n", 1),
        ("python", "x = (1\n", 1),
        ("javascript", "f() {", 1),
        ("javascript", "if (a) { b(1); \n", 1),
        ("go", "package a\nfunc f() {\n", 1),
        ("plaintext", "((", 0),
    ],
)
def test_errors_are_counted(language_id: str, text: str, n_errors: int) -> None:
    assert errors(Document.open("file:///a", language_id, 1, text)) == n_errors


def test_errors_are_counted_up_to_a_limit() -> None:
    document = Document.open("file:///a", "python", 1, "def f():\n    x = = 1\n" * 300)
    assert errors(document) == 100
    assert errors(document, limit=7) == 7


def test_a_text_of_nothing_but_brackets_is_read_in_time() -> None:
    document, offset = at_mark("javascript", dedent("x = 1;\n") + "(" * 20_000 + "¦")
    assert errors(document) > 0
    assert place(document, offset) is CODE
    assert open_brackets(document, offset).startswith("((((")
