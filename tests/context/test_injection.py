"""Code within files of another language."""

from __future__ import annotations

import pytest
from language_samples import SAMPLES
from marks import parse_marks

from midspan.context.cursor import Cursor, cursor_context
from midspan.context.document import Document
from midspan.context.injection import injected
from midspan.context.syntax import Place
from midspan.context.window import WindowSizes

SIZES = WindowSizes(prefix_tokens=1000, suffix_tokens=1000)
FENCE = "# Títle 😀\n\nIt's (so.\n\n```python\ndef f(a):\n    ¦\n```\n\nMore \"prose.\n"


def opened(language_id: str, marked: str) -> tuple[Document, int]:
    text, offset = parse_marks(marked)
    return Document.open("file:///a", language_id, 7, text), offset


def at_mark(language_id: str, marked: str) -> Cursor:
    return cursor_context(*opened(language_id, marked), SIZES)


REGIONS = [
    ("markdown", FENCE, "python"),
    ("markdown", "¦a\n```python\nb\n```\n", None),
    ("markdown", "a¦\n```python\nb\n```\n", None),
    ("markdown", "a\n```py¦thon\nb\n```\n", None),
    ("markdown", "a\n```python¦\nb\n```\n", None),
    ("markdown", "a\n```python\n¦b\n```\n", "python"),
    ("markdown", "a\n```python\nb¦\n```\n", "python"),
    ("markdown", "a\n```python\nb\n¦```\n", None),
    ("markdown", "a\n```python\nb\n```¦\n", None),
    ("markdown", "a\n```python\nb\n```\n¦c", None),
    ("markdown", "```python\n¦\n```\n", "python"),
    ("markdown", "```python\n¦", "python"),
    ("markdown", "```python\ndef f():\n    ¦", "python"),
    ("markdown", "```python\ndef f():\n\n\n¦", "python"),
    ("markdown", "a\r\n\r\n```python\r\ndef f(a):\r\n    ¦\r\n```\r\nb\r\n", "python"),
    ("markdown", "~~~ts title='x'\nlet a = ¦\n~~~\n", "typescript"),
    ("markdown", "```{.rs .numbers}\nfn f() {¦\n```\n", "rust"),
    ("markdown", "```C++\nint f(¦\n```\n", "cpp"),
    ("markdown", "```yml\na: ¦\n```\n", "yaml"),
    ("markdown", "```sh\necho ¦\n```\n", "bash"),
    ("markdown", "```nonsense\na ¦\n```\n", None),
    ("markdown", "```\na ¦\n```\n", None),
    ("markdown", "    indented ¦ code\n", None),
    ("markdown", "- a\n\n  ```js\n  f(¦\n  ```\n", "javascript"),
    ("markdown", "- a\n\n  ```js\n  f(\n¦outside\n", None),
    ("markdown", "> ```js\n> f(¦\n> ```\n", "javascript"),
    ("markdown", "---\na: ¦\n---\n\nb\n", "yaml"),
    ("markdown", "---\na: b\n---\n\n¦b\n", None),
    ("markdown", "+++\na = ¦1\n+++\n\nb\n", "toml"),
    ("markdown", "```html\n<p>¦</p>\n```\n", "html"),
    ("markdown", "```html\n<script>f(¦)</script>\n```\n", "javascript"),
    ("html", "<p>¦</p><script>f()</script>", None),
    ("html", "<p></p><script¦>f()</script>", None),
    ("html", "<p></p><script>¦f()</script>", "javascript"),
    ("html", "<script>f()¦</script>", "javascript"),
    ("html", "<script>f()</script>¦", None),
    ("html", "<script>¦</script>", "javascript"),
    ("html", "<p>a</p>\n<script>\nf(¦", "javascript"),
    ("html", "<p>a</p>\n<script>¦", "javascript"),
    ("html", '<script type="module">¦</script>', "javascript"),
    ("html", "<script TYPE=text/JavaScript>¦</script>", "javascript"),
    ("html", '<script lang="ts">\nlet a: ¦\n</script>', "typescript"),
    ("html", "<script lang='tsx' setup>¦</script>", "tsx"),
    ("html", '<script type="application/ld+json">{¦}</script>', "json"),
    ("html", '<script type="application/json; charset=utf-8">{¦}</script>', "json"),
    ("html", '<script type="text/template"><p>¦</p></script>', "html"),
    ("html", '<script type="x-shader/x-vertex">¦</script>', None),
    ("html", "<style>\n.a { ¦ }\n</style>", "css"),
    ("html", '<style media="print">¦</style>', "css"),
    ("html", '<style lang="scss">¦</style>', None),
    ("html", '<div style="a: ¦">', None),
    ("python", 'a = """```python\n¦```"""', None),
    ("plaintext", "```python\n¦\n```", None),
]


@pytest.mark.parametrize(("language_id", "marked", "name"), REGIONS)
def test_the_language_at_a_cursor(language_id: str, marked: str, name: str | None) -> None:
    document, offset = opened(language_id, marked)
    inner = injected(document, offset)
    assert (inner.language.name if inner and inner.language else None) == name
    if inner is not None:
        assert (inner.uri, inner.version, len(inner.text)) == (document.uri, document.version, len(document.text))
        assert inner.n_lines == document.n_lines
        for line in range(document.n_lines + 1):
            assert inner.line_start(line) == document.line_start(line)
            assert inner.line_end(line) == document.line_end(line)
        assert all(new in (old, " ") for old, new in zip(document.text, inner.text, strict=True))


def test_all_but_the_code_is_blank() -> None:
    inner = injected(*opened("markdown", FENCE))
    assert inner is not None
    assert inner.text.strip() == "def f(a):"
    quoted = injected(*opened("markdown", "> ```js\n> f(¦\n> g)\n> ```\n"))
    assert quoted is not None
    assert quoted.text == " " * 7 + "\n  f(\n  g)\n     \n"
    styled = injected(*opened("html", "<b>😀</b><style>a{¦}</style>"))
    assert styled is not None
    assert styled.text == " " * 15 + "a{}" + " " * 8


def test_syntax_is_read_from_the_code_and_text_from_the_file() -> None:
    cursor = at_mark("markdown", FENCE)
    assert cursor.prefix + "¦" + cursor.suffix == FENCE
    assert cursor.file.language_id == "markdown"
    assert cursor.document.language_id == "python"
    assert cursor.place is Place.CODE
    assert cursor.open_brackets == ""
    assert cursor.after_opener
    assert cursor.unit is not None
    assert cursor.unit.name == "f"
    assert cursor.indent_unit == "    "


@pytest.mark.parametrize(
    ("language_id", "marked", "place", "brackets"),
    [
        ("markdown", "It's (so\n\n```js\nf('¦a')\n```\n", Place.STRING, "("),
        ("markdown", "```js\nf(`a${¦b}`)\n```\n", Place.CODE, "({"),
        ("markdown", "```py\nx = f'a{¦b}'\n```\n", Place.CODE, "{"),
        ("markdown", "```py\r\n# it's ¦\r\n```\r\n", Place.COMMENT, ""),
        ("markdown", "```py\nf(a, [¦", Place.CODE, "(["),
        ("html", "<p>it's (</p>\n<script lang='ts'>\nf(a as string, '¦", Place.STRING, "("),
        ("html", "<p>(</p><style>a { b: rgb(¦) }</style>", Place.CODE, "("),
        ("html", "<script>// it's ¦\n</script>", Place.COMMENT, ""),
        ("html", "<script>f('</p>')</script><!-- ¦ -->", Place.COMMENT, ""),
    ],
)
def test_places_and_brackets_are_those_of_the_code(language_id: str, marked: str, place: Place, brackets: str) -> None:
    cursor = at_mark(language_id, marked)
    assert cursor.place is place
    assert cursor.open_brackets == brackets


def test_names_are_those_of_the_code() -> None:
    assert at_mark("html", "<script>a.$b¦</script>").identifier_before == "$b"
    assert at_mark("html", "<style>a-b¦</style>").identifier_before == "a-b"
    assert at_mark("markdown", "a-b¦").identifier_before == "b"


@pytest.mark.parametrize("name", ["html", "markdown"])
def test_every_offset_has_an_answer_while_a_file_is_typed(name: str) -> None:
    sample = "---\na: b\n---\n" + SAMPLES[name] if name == "markdown" else SAMPLES[name]
    document = Document.open("file:///a", name, 1, "")
    for end in range(3, len(sample) + 3, 3):
        document = document.replace(len(document.text), len(document.text), sample[len(document.text) : end])
        cursor_context(document, len(document.text), SIZES)
    for offset in range(len(sample) + 1):
        cursor = cursor_context(document, offset, SIZES)
        assert cursor.prefix + cursor.suffix == sample
