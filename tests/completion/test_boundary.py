"""Where proposals end, in each language: a statement over lines, a block and what closes it, what follows it.

`¦` is the cursor, `├…┤` the ghost text. Where an answer has another answer, the model was asked to go on.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import pytest
from ghost import LANGUAGE_EXTENSIONS, answer_of, check_ghost

from midspan.completion.settings import Settings
from midspan.context.languages import all_languages


@dataclass(frozen=True)
class Words:
    """How a language writes a call over lines, and a function: ``{}`` is where its parts go."""

    call: str
    """A statement with a call of f, that begins at the start of a line."""
    unit: str
    """A function with {body} as its first statement; what is above and below belongs to the file."""
    body: tuple[str, str]
    """Two statements of a body."""
    closes: str = "}"
    nested: str = "if (a) {\n    g();\n}"
    """A block within a body, its lines indented by four spaces."""


BRACES = Words("f({});", "void g()\n{{\n    {body}\n}}\n", ("first(1);", "second(2);"))
WORDS = {
    "python": Words("f({})", "def g():\n    {body}\n", ("first(1)", "second(2)"), "", "if a:\n    g()"),
    "javascript": Words("f({});", "function g() {{\n    {body}\n}}\n", ("first(1);", "second(2);")),
    "typescript": Words("f({});", "function g(): void {{\n    {body}\n}}\n", ("first(1);", "second(2);")),
    "typescriptreact": Words("f({});", "const g = () => {{\n    {body}\n}}\n", ("first(1);", "second(2);")),
    "go": Words(
        "f({})", "package p\n\nfunc g() {{\n\t{body}\n}}\n", ("first(1)", "second(2)"), nested="if a {\n\tg()\n}"
    ),
    "rust": Words("f({});", "fn g() {{\n    {body}\n}}\n", ("first(1);", "second(2);"), nested="if a {\n    g();\n}"),
    "java": Words("f({});", "class A {{\n    void g() {{\n        {body}\n    }}\n}}\n", ("first(1);", "second(2);")),
    "c": BRACES,
    "cpp": BRACES,
    "csharp": Words(
        "f({});", "class A\n{{\n    void G()\n    {{\n        {body}\n    }}\n}}\n", ("first(1);", "second(2);")
    ),
    "ruby": Words("f({})", "def g\n  {body}\nend\n", ("first(1)", "second(2)"), "end", "if a\n  g\nend"),
    "php": Words("f({});", "<?php\nfunction g() {{\n    {body}\n}}\n", ("first(1);", "second(2);")),
    "kotlin": Words("f({})", "fun g() {{\n    {body}\n}}\n", ("first(1)", "second(2)"), nested="if (a) {\n    g()\n}"),
    "swift": Words("f({})", "func g() {{\n    {body}\n}}\n", ("first(1)", "second(2)"), nested="if a {\n    g()\n}"),
    "scala": Words("f({})", "def g() = {{\n    {body}\n}}\n", ("first(1)", "second(2)"), nested="if (a) {\n    g()\n}"),
    "shellscript": Words("x=({})", "g() {{\n    {body}\n}}\n", ("first 1", "second 2"), nested="if a; then\n    g\nfi"),
    "lua": Words(
        "f({})", "function g()\n    {body}\nend\n", ("first(1)", "second(2)"), "end", "if a then\n    g()\nend"
    ),
}


def test_every_language_has_its_words() -> None:
    ids = {language.language_ids[0] for language in all_languages() if language.unit_headers}
    assert WORDS.keys() == ids
    assert LANGUAGE_EXTENSIONS.keys() == {language.language_ids[0] for language in all_languages()}


def parts(name: str, body: str) -> tuple[str, str, str]:
    """Return a unit's text before and after its body, and the body's indentation."""
    before, after = WORDS[name].unit.format(body="¦").split("¦")
    indent = before[before.rfind("\n") + 1 :]
    return before, after, indent


@pytest.mark.parametrize("name", WORDS)
def test_a_statement_goes_on_until_its_brackets_are_closed(name: str) -> None:
    before, after, indent = parts(name, "")
    first, second = WORDS[name].body
    deeper = indent + (indent if indent == "\t" else "    ")
    call = WORDS[name].call.format(f"\n{deeper}a,\n{deeper}b\n{indent}")
    check_ghost(
        f"{before}{first}\n{indent}¦{after}",
        f"{call}\n{indent}{second}\n",
        f"{before}{first}\n{indent}├{call}┤{after}",
        name,
    )


@pytest.mark.parametrize("name", WORDS)
def test_a_block_that_nothing_closes_is_closed(name: str) -> None:
    before, after, indent = parts(name, "")
    first, second = WORDS[name].body
    body = f"{first}\n{indent}{second}"
    closes = WORDS[name].closes
    outer = indent.removesuffix("\t" if "\t" in indent else "  " if name == "ruby" else "    ")
    rest = after.removeprefix(f"\n{outer}{closes}") if closes else after
    tail = f"\n{outer}{closes}" if closes else ""
    again = f"\n\n{outer}zzz(3);\n" if name != "python" else "\n\n\nzzz(3)\n"
    check_ghost(f"{before}¦{rest}", f"{body}{tail}{again}", f"{before}├{body}{tail}┤{rest}", name)


@pytest.mark.parametrize("name", [name for name in WORDS if WORDS[name].closes])
def test_a_block_that_is_closed_is_not_closed_again(name: str) -> None:
    before, after, indent = parts(name, "")
    first, second = WORDS[name].body
    body = f"{first}\n{indent}{second}"
    check_ghost(f"{before}¦{after}", f"{body}{after}\n\n", f"{before}├{body}┤{after}", name)


@pytest.mark.parametrize("name", WORDS)
def test_a_block_in_a_block_does_not_end_it(name: str) -> None:
    before, after, indent = parts(name, "")
    nested = textwrap.indent(WORDS[name].nested, indent).removeprefix(indent)
    body = f"{nested}\n{indent}{WORDS[name].body[1]}"
    check_ghost(f"{before}¦{after}", f"{body}{after}", f"{before}├{body}┤{after}", name)


@pytest.mark.parametrize("name", WORDS)
def test_the_next_line_is_not_said_again(name: str) -> None:
    before, after, indent = parts(name, "")
    first, second = WORDS[name].body
    check_ghost(f"{before}¦\n{indent}{second}{after}", second, f"none: {'repeats the line below'}", name)
    check_ghost(
        f"{before}¦\n{indent}{second}{after}",
        f"{first}\n{indent}{second}",
        f"{before}├{first}┤\n{indent}{second}{after}",
        name,
    )


@pytest.mark.parametrize("name", WORDS)
def test_a_bracket_that_stands_there_is_not_written_again(name: str) -> None:
    before, after, _ = parts(name, "")
    statement = WORDS[name].body[0]
    head, tail = statement.split("1")
    check_ghost(f"{before}{head}¦{tail}{after}", "1" + tail, f"{before}{head}├1┤{tail}{after}", name)


def test_what_follows_a_closing_bracket_on_its_line_is_another_unit() -> None:
    check_ghost(
        "if (a) {\n    ¦\n",
        "f();\n} else {\n    g();\n}\n",
        "if (a) {\n    ├f();\n}┤\n",
        "javascript",
    )


def test_a_line_that_opens_a_block_goes_on_to_its_end() -> None:
    check_ghost(
        "function g() {\n    f();\n    ¦\n}\n",
        "if (a) {\n        f();\n    }\n    h();\n",
        "function g() {\n    f();\n    ├if (a) {\n        f();\n    }┤\n}\n",
        "javascript",
    )


def test_a_string_over_lines_goes_on_to_its_end() -> None:
    check_ghost("x = ¦\n", '"""a\nb"""\ny = 1\n', 'x = ├"""a\nb"""┤\n')


def test_brackets_in_a_regular_expression_are_text() -> None:
    check_ghost("a();\nx = ¦\n", "/[(]/.test(y);\nz();\n", "a();\nx = ├/[(]/.test(y);┤\n", "javascript")


def test_a_statement_that_never_ends_is_not_waited_for() -> None:
    check_ghost("x = ¦\n", "f(\n" + "    a,\n" * 100, "none: leaves a bracket or a string open")


def test_a_line_that_is_said_over_and_over_ends_the_block() -> None:
    before = "def f(a):\n    ¦\n"
    reply = "b = a\n" + "    b = b + 1\n" * 100
    answer, _, model = answer_of(before, reply, settings=Settings())
    assert answer.proposals[0].edits[0].text == "b = a\n    b = b + 1"
    assert model.n_sent < 100
