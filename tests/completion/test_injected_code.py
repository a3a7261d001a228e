"""Proposals within code in files of another language, and in markup and data, through the whole pipeline."""

from __future__ import annotations

import pytest
from ghost import answer_of, check_ghost, ghost

from midspan.completion.ask import Kind


def test_a_body_in_a_fence_is_a_block_that_ends_with_the_fence() -> None:
    before = "# It's (so\n\n```python\ndef area(r):\n    ¦\n```\n"
    check_ghost(
        before, "x = r * r\n    return x\n```\nmore\n", before.replace("¦", "├x = r * r\n    return x┤"), "markdown"
    )


def test_what_is_wrong_in_the_fences_language_is_dropped() -> None:
    assert ghost("```python\nx = 1¦\n```\n", " + )", "markdown") == "none: breaks the syntax"


def test_the_fence_below_is_not_said_again() -> None:
    check_ghost("```python\nx = ¦\n```\n", "1\n```\n", "```python\nx = ├1┤\n```\n", "markdown")


def test_a_script_is_completed_as_one() -> None:
    before = "<p>It's</p>\n<script>\nfunction f(a) {\n  ¦\n}\n</script>\n"
    check_ghost(before, "return a;\n}\n", before.replace("¦", "├return a;┤"), "html")


def test_the_model_is_told_the_files_language_and_shown_its_text() -> None:
    _, _, model = answer_of("# A\n\n```python\nx = ¦\n```\n", "1", "markdown")
    assert model.asks[0].hole.language == "markdown"
    assert model.asks[0].hole.prefix == "# A\n\n```python\nx = "
    assert model.asks[0].hole.suffix == "\n```\n"


@pytest.mark.parametrize(
    ("before", "language", "kind"),
    [
        ("```python\ndef f():\n    ¦\n```\n", "markdown", Kind.BLOCK),
        ("as follows:\n¦\n", "markdown", Kind.LINE),
        ("<script>\nfunction f() {\n  ¦\n}\n</script>\n", "html", Kind.BLOCK),
        ("<div>\n  ¦\n</div>\n", "html", Kind.BLOCK),
        ("jobs:\n  ¦\n", "yaml", Kind.BLOCK),
        ('{\n  "a": {\n    ¦\n  }\n}\n', "json", Kind.BLOCK),
        ("[a]\n¦\n", "toml", Kind.LINE),
        ("for x in y; do\n  ¦\ndone\n", "shellscript", Kind.BLOCK),
        ("fun f() {\n    ¦\n}\n", "kotlin", Kind.BLOCK),
    ],
)
def test_a_line_or_a_block(before: str, language: str, kind: Kind) -> None:
    _, _, model = answer_of(before, "a", language)
    assert model.asks[0].kind is kind


@pytest.mark.parametrize(
    ("before", "answer", "after", "language"),
    [
        ("Use it (as¦\n", " below).\nMore.\n", "Use it (as├ below).┤\n", "markdown"),
        ("text\n\n¦", "```py", "text\n\n├```py┤", "markdown"),
        ('{\n  "a": ¦\n}\n', "[1, 2]\n}\n", '{\n  "a": ├[1, 2]┤\n}\n', "json"),
        ('{"a": "¦"}\n', 'it"}', '{"a": "├it┤"}\n', "json"),
        ("a:\n  b: ¦\n", "[1,\n    2]\n  c: 3\n", "a:\n  b: ├[1,\n    2]┤\n", "yaml"),
        ("a {\n  color: ¦\n}\n", "red;\n}\n", "a {\n  color: ├red;┤\n}\n", "css"),
        ("<ul>\n  <li>¦\n</ul>\n", "a</li>\n  <li>b</li>\n", "<ul>\n  <li>├a</li>┤\n</ul>\n", "html"),
        ("f() {\n  ¦\n}\n", "echo a\n}\n", "f() {\n  ├echo a┤\n}\n", "shellscript"),
        ("for x in y; do\n  ¦\n", "f\ndone\ng\n", "for x in y; do\n  ├f\ndone┤\n", "shellscript"),
        ("if a then\n  ¦\n", "f()\nend\ng()\n", "if a then\n  ├f()\nend┤\n", "lua"),
        ("SELECT a FROM ¦\n", "b WHERE c = 1;\nSELECT\n", "SELECT a FROM ├b WHERE c = 1;┤\n", "sql"),
    ],
)
def test_proposals_in_other_languages(before: str, answer: str, after: str, language: str) -> None:
    check_ghost(before, answer, after, language)
