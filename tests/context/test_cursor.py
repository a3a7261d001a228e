"""What is at a cursor."""

from __future__ import annotations

import pytest
from marks import dedent, parse_marks, render_ghost

from midspan.context.cursor import Cursor, cursor_context
from midspan.context.document import Document
from midspan.context.syntax import Place
from midspan.context.window import WindowSizes

SIZES = WindowSizes(prefix_tokens=1000, suffix_tokens=1000)


def at_mark(language_id: str, marked: str) -> Cursor:
    text, offset = parse_marks(marked)
    return cursor_context(Document.open("file:///a", language_id, 1, text), offset, SIZES)


def test_everything_about_a_cursor() -> None:
    marked = dedent(
        """
        class A:
          def f(self, numbers):
            total = sum(self.num¦bers[0
            return total
        """
    )
    cursor = at_mark("python", marked)
    assert cursor.prefix + "¦" + cursor.suffix == marked
    assert cursor.line_head == "    total = sum(self.num"
    assert cursor.line_tail == "bers[0"
    assert cursor.indent == "    "
    assert cursor.indent_unit == "  "
    assert cursor.eol == "\n"
    assert cursor.place is Place.CODE
    assert (cursor.identifier_before, cursor.identifier_after, cursor.in_identifier) == ("num", "bers", True)
    assert cursor.unit is not None
    assert cursor.unit.name == "f"
    assert cursor.open_brackets == "("
    assert not cursor.blank_line
    assert not cursor.after_opener


def test_an_empty_file() -> None:
    cursor = at_mark("python", "¦")
    assert (cursor.prefix, cursor.suffix, cursor.line_head, cursor.line_tail, cursor.indent) == ("",) * 5
    assert (cursor.indent_unit, cursor.eol, cursor.place, cursor.unit) == ("    ", "\n", Place.CODE, None)
    assert (cursor.blank_line, cursor.after_opener, cursor.in_identifier) == (True, False, False)


@pytest.mark.parametrize(
    ("language_id", "marked", "unit"),
    [
        ("python", "¦", "    "),
        ("javascript", "¦", "  "),
        ("go", "¦", "\t"),
        ("plaintext", "¦", "    "),
        ("python", "def f():\n  a\n  if b:\n    c\n¦", "  "),
        ("python", "def f():\n\ta\n\tif b:\n\t\tc\n¦", "\t"),
        ("python", "def f():\r\n   a\r\n¦", "   "),
        ("python", "def f():\r   a\r¦", "   "),
        ("javascript", "if (a) {\n    b\n}\n¦", "    "),
        ("go", "func f() {\n\ta\n}\n¦", "\t"),
        ("plaintext", "a {\n  b {\n    c\n  }\n}\n¦", "  "),
        ("python", "def f():\n    a\n    b(\n      c)\n\ndef g():\n    if a:\n        b\n¦", "    "),
    ],
)
def test_one_step_of_indentation_is_the_files_own_or_the_languages(language_id: str, marked: str, unit: str) -> None:
    assert at_mark(language_id, marked).indent_unit == unit


@pytest.mark.parametrize(("text", "eol"), [("a", "\n"), ("a\n", "\n"), ("a\r\nb\n", "\r\n"), ("a\rb", "\r")])
def test_the_line_end_is_the_files_own(text: str, eol: str) -> None:
    assert at_mark("python", text + "¦").eol == eol


@pytest.mark.parametrize(
    ("language_id", "marked", "before", "after"),
    [
        ("python", "foo¦", "foo", ""),
        ("python", "fo¦o.bar", "fo", "o"),
        ("python", "foo.¦bar", "", "bar"),
        ("python", "größe_2¦", "größe_2", ""),
        ("python", "a$¦b", "", "b"),
        ("javascript", "a$¦b", "a$", "b"),
        ("python", "x = ¦", "", ""),
        ("plaintext", "wo¦rd", "wo", "rd"),
    ],
)
def test_the_name_that_a_cursor_is_in(language_id: str, marked: str, before: str, after: str) -> None:
    cursor = at_mark(language_id, marked)
    assert (cursor.identifier_before, cursor.identifier_after) == (before, after)
    assert cursor.in_identifier is (before != "")


@pytest.mark.parametrize(
    ("language_id", "marked", "expected"),
    [
        ("python", "def f():\n    ¦", True),
        ("python", "def f():\n    ¦\n\nx = 1\n", True),
        ("python", "def f():\r\n\r\n\t¦\r\n", True),
        ("python", "def f():\n    # why\n    ¦\n", False),
        ("python", "def f():¦", False),
        ("python", "def f():\n    x¦", False),
        ("python", "x = 1\n¦", False),
        ("python", 'd = {\n    "a":\n    ¦\n}', False),
        ("javascript", "if (a) {\n  ¦\n}", True),
        ("javascript", "foo(() => {\n  ¦", True),
        ("javascript", "x = {\n  ¦\n}", False),
        ("typescript", "class A {\n  ¦\n}\n", True),
        ("go", "package a\nfunc f() {\n\t¦\n}\n", True),
        ("go", "package a\nfunc f() {\n\tg()\n\t¦\n}\n", False),
        ("plaintext", "fn f() {\n    ¦\n}\n", True),
        ("plaintext", "as follows:\n    ¦", False),
    ],
)
def test_whether_a_blank_line_follows_what_opens_a_block(language_id: str, marked: str, expected: bool) -> None:
    assert at_mark(language_id, marked).after_opener is expected


def test_a_cursor_inside_of_a_line_end_or_outside_of_the_text_is_moved() -> None:
    document = Document.open("file:///a", "python", 1, "x = 1\r\ny")
    assert cursor_context(document, 6, SIZES).offset == 5
    assert cursor_context(document, 6, SIZES).line_tail == ""
    assert cursor_context(document, -1, SIZES).offset == 0
    assert cursor_context(document, 99, SIZES).offset == 8


@pytest.mark.parametrize("language_id", ["python", "javascript", "typescript", "typescriptreact", "go", "plaintext"])
@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
def test_every_cursor_of_a_file_has_a_context(language_id: str, eol: str) -> None:
    text = "class A {\n\tf(x) { return `${x}é😀` // it's\n\t}\n\ndef f(a):\n    '''doc\n    return {\n".replace(
        "\n", eol
    )
    document = Document.open("file:///a", language_id, 1, text)
    for offset in range(len(text) + 1):
        cursor = cursor_context(document, offset, SIZES)
        assert cursor.prefix + cursor.suffix == text
        assert cursor.prefix.endswith(cursor.line_head)
        assert cursor.suffix.startswith(cursor.line_tail)
        assert cursor.eol == eol


def test_ghost_text_is_shown_in_place() -> None:
    assert render_ghost("print()", 6, 6, "x") == "print(├x┤)"
    assert render_ghost("print(ab)", 6, 8, "c") == "print(├c┤)"


def test_a_snippet_without_exactly_one_cursor_is_refused() -> None:
    for text in ("none", "¦two¦"):
        with pytest.raises(ValueError, match="exactly one"):
            parse_marks(text)


def test_the_editor_is_asked_only_where_the_file_does_not_show_how_it_is_indented() -> None:
    empty = Document.open("file:///a.js", "javascript", 1, "f() {\n")
    indented = Document.open("file:///a.js", "javascript", 1, "f() {\n    g();\n")
    assert cursor_context(empty, 6, SIZES, "\t").indent_unit == "\t"
    assert cursor_context(indented, 6, SIZES, "\t").indent_unit == "    "
