"""Incremental trees: the same as parsing afresh, made when asked for, given up in time."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from midspan.context import parse
from midspan.context.document import Change, Document, Position
from midspan.context.language import parser_of

SOURCES = {
    "python": 'class A:\n    """Doc é."""\n\n    def f(self, a):\n        return f"{a!r} 😀"\n\nx = [1, 2]\n',
    "javascript": "const f = async (a) => {\n  return `a${b}c😀`;\n};\nclass A { m() { return /x/; } }\n",
    "typescript": "interface A { x: number }\nexport function f<T>(a: T): A {\n  return { x: 1 };\n}\n",
    "typescriptreact": "const A = () => <div className='é'>{x}</div>;\nfunction f() {\n  return 1;\n}\n",
    "go": 'package a\n\nfunc (r *T) f(a int) string {\n\tif a > 0 {\n\t\treturn "é"\n\t}\n\treturn `x`\n}\n',
    "kotlin": 'class A(val r: Int) {\n    fun f(a: Int) = "é${a} 😀"\n    /* c */\n}\nval x = listOf(1, 2)\n',
    "swift": 'class A {\n    func f(a: Int) -> String {\n        return "é\\(a)"\n    }\n}\nlet x = [1, 2]\n',
    "scala": 'class A(r: Int) {\n  def f(a: Int): String = {\n    s"é${a} 😀"\n  }\n}\nval x = List(1, 2)\n',
    "shellscript": 'f() {\n  if [ "$1" ]; then\n    echo "é ${x} $(date)"\n  fi\n}\ncat <<E\nt $x\nE\nf a b\n',
    "lua": 'local function f(a)\n  if a then\n    return "é" .. [[😀]]\n  end\nend\n--[[ c ]]\nx = { 1, 2 }\n',
    "sql": "CREATE TABLE a (\n    id INT DEFAULT 'é'\n);\n-- c\nSELECT id, count(*) FROM a WHERE id IN (1, 2);\n",
    "html": '<p id="é">a <b>b</b></p>\n<script>\nf("</p>");\n</script>\n<!-- c -->\n<style>p { a: b }</style>\n',
    "css": '.a, #b > c {\n  color: rgb(1, 2, 3);\n  content: "é";\n}\n@media (x: 1px) {\n  a { b: c }\n}\n',
    "json": '{\n  "a": [1, 2.5, true],\n  "é": { "b": "😀\\"" }\n}\n',
    "yaml": 'a: "é"\nb:\n  - 1\n  - c: [x, y]\n    d: |\n      text\ne: {f: 1}\n',
    "toml": 'a = "é"\n\n[b.c]\nd = [1, 2]\ne = { f = 1 }\ng = """\n😀\n"""\n',
    "markdown": "# A\n\né *b* [c](d)\n\n- x\n  - y\n\n```py\nf(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
}
PIECES = ["x", "é", "😀", "\ud83d", "(", ")", "[", "{", "}", '"', "'", "`", " ", "    ", "\n", "\r\n", "\r", "\t", "\0"]
PIECES += ["# c", "// c", "/*", "*/", '"""', "${", "if x:", "return", "f(a, b)", "= 1", ";", "\f", "\u2028"]


def opened(text: str, language_id: str = "python") -> Document:
    return Document.open("file:///a", language_id, 1, text)


def shape(document: Document) -> str:
    """The whole tree as text: kinds, places and errors of all nodes."""
    assert document.tree is not None
    lines = []
    pending = [(document.tree.root_node, 0)]
    while pending:
        node, depth = pending.pop()
        lines.append(f"{' ' * depth}{node.type} {node.byte_range} {node.start_point} {node.is_missing}")
        pending += [(child, depth + 1) for child in reversed(node.children)]
    return "\n".join(lines)


def edited_at_random(document: Document, rng: random.Random) -> Document:
    start = rng.randrange(len(document.text) + 1)
    end = start + rng.choice([0, 0, 0, 1, 1, 2, 5])
    return document.replace(start, end, rng.choice([*PIECES, "", ""]))


@pytest.mark.parametrize("language_id", sorted(SOURCES))
def test_an_edited_tree_equals_a_fresh_one(language_id: str) -> None:
    for seed in range(25):
        rng = random.Random(f"{language_id} {seed}")
        document = opened(SOURCES[language_id], language_id)
        assert document.tree is not None
        for _ in range(12):
            document = edited_at_random(document, rng)
            if rng.random() < 0.5:  # else the tree takes in several edits before it is parsed again
                assert shape(document) == shape(opened(document.text, language_id)), (seed, document.text)


def test_a_keystroke_reads_only_what_is_near_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "TIMEOUT_MICROSECONDS", 60_000_000)  # the logger below makes parsing slow
    document = opened("function f(a, b) {\n  return g(a, [1, 2, 3], b);\n}\n" * 500, "javascript")
    assert document.tree is not None
    assert document.language is not None
    parser = parser_of(document.language, parse.TIMEOUT_MICROSECONDS)
    tokens: list[str] = []
    parser.logger = lambda _, message: tokens.append(message) if message.startswith("lexed_lookahead") else None
    try:
        assert document.replace(100, 100, "x").tree is not None
        n_read_again = len(tokens)
        assert opened(document.text, "javascript").tree is not None
    finally:
        del parser.logger
    n_read_afresh = len(tokens) - n_read_again
    assert 0 < n_read_again < n_read_afresh / 10


def test_a_snapshot_keeps_its_tree_when_a_later_one_is_made() -> None:
    first = opened("def f():\n    return 1\n")
    shape_then = shape(first)
    second = first.apply([Change("x = 1\n", Position(0, 0), Position(0, 0))], 2)
    assert shape(second) != shape_then
    assert shape(first) == shape_then
    assert shape(opened(first.text)) == shape_then


def test_a_snapshot_that_was_never_parsed_hands_its_edits_on() -> None:
    document = opened("x = 1\n")
    assert document.tree is not None
    for character in "y = f(2)\n":
        document = document.replace(len(document.text), len(document.text), character)
    assert shape(document) == shape(opened("x = 1\ny = f(2)\n"))


def test_rows_of_the_tree_are_lines_of_the_document() -> None:
    document = opened("a = 1\rb = 'é'\r\nc = 2\n\rd = 3")
    assert document.tree is not None
    starts = [child.start_point for child in document.tree.root_node.children]
    assert [document.offset_at_point(point) for point in starts] == [document.text.index(name) for name in "abcd"]
    assert [document.point_at(document.text.index(name)) for name in "abcd"] == starts


@pytest.mark.parametrize(("start", "end", "text"), [(6, 6, "\n"), (5, 6, ""), (6, 7, "")])
def test_a_carriage_return_that_gains_or_loses_its_partner_is_parsed_anew(start: int, end: int, text: str) -> None:
    for source in ("a = 1\rb = 2\n", "a = 1\r\nb = 2\n"):
        document = opened(source)
        assert document.tree is not None
        after = document.replace(start, end, text)
        assert shape(after) == shape(opened(after.text))


def test_bytes_are_utf_8_of_the_same_length_with_lone_surrogates_replaced() -> None:
    assert parse.encode("a\ud800é\udfff😀") == "a\ufffdé\ufffd😀".encode()
    for text in ("abc", "é\ud800", "😀\r\r\n"):
        assert parse.n_bytes(text) == len(parse.encode(text))


def test_there_is_no_tree_for_plain_text_and_for_long_text() -> None:
    assert opened("x = 1\n", "plaintext").tree is None
    long = opened("#" * (parse.MAX_CHARACTERS + 1))
    assert long.tree is None
    assert long.replace(0, 2, "").tree is not None


def test_a_parse_that_takes_too_long_is_given_up_and_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "x = [" + "(1, 2), " * 30_000 + "]\n"
    with monkeypatch.context() as patch:
        patch.setattr(parse, "TIMEOUT_MICROSECONDS", 100)
        document = opened(text)
        assert document.tree is None
        assert document.tree is None
    monkeypatch.setattr(parse, "TIMEOUT_MICROSECONDS", 60_000_000)
    seen = []
    for _ in range(9):
        document = document.replace(0, 0, "y = 1\n")
        seen.append(document.tree is not None)
    assert seen == [False] * 7 + [True] * 2
    assert document.tree is not None
    assert not document.tree.root_node.has_error


def test_nothing_of_tree_sitter_is_imported_before_a_tree_is_asked_for() -> None:
    script = """
import sys
from midspan.context.document import Change, Document, Position
import midspan.context.cursor
document = Document.open("file:///a.py", "python", 1, "x = 1")
document = document.apply([Change("y", Position(0, 0), Position(0, 1))], 2)
loaded = [name for name in sys.modules if name.startswith("tree_sitter")]
assert loaded == [], loaded
assert document.tree is not None
assert "tree_sitter_python" in sys.modules
assert "tree_sitter_go" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
