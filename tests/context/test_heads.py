"""What a text defines, read quickly: for each language the names that others may look for."""

from __future__ import annotations

import time

import pytest

from midspan.context.heads import MAX_WORDS, defined_names, words_in


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        (
            "python",
            "async def go(a):\n    x = 1\nclass Shape(Base):\n    def area(self): ...\nMAX: int = 3\n",
            "go Shape area MAX",
        ),
        (
            "javascript",
            "export default class App {}\nexport const useIt = () => 1\nfunction* all() {}\n",
            "App useIt all",
        ),
        ("typescript", "export interface Shape {}\nexport type Id = string\ndeclare module M {}\n", "Shape Id M"),
        (
            "go",
            "func (r *Repo) Find(x int) {}\ntype Thing struct {\nconst Max = 3\nfunc New() {}\n",
            "Find Thing Max New",
        ),
        ("rust", "pub fn go() {}\nimpl Shape {}\npub trait Areal {}\nmacro_rules! vec2 {\n", "go Shape Areal vec2"),
        ("java", "public class A {\n  public List<String> names(int x) {\n    return other(1);\n", "A names"),
        (
            "c",
            "#define MAX 3\nstruct p { int x; };\nstatic int add(int a, int b)\n{\n  return sub(a);\n}\n",
            "MAX p add",
        ),
        ("cpp", "void Shape::draw(int x) {\nnamespace n {\nenum class Kind {\n", "draw n"),
        ("csharp", "public record Point(int X);\npublic async Task<int> Load(string a)\n{\n", "Point Load"),
        ("ruby", "module M\n  def self.build(x)\nclass A < B\nMAX = 3\n", "M build A MAX"),
        ("php", "<?php\nfunction go() {}\nfinal class A {}\ninterface I {}\n", "go A I"),
        ("kotlin", "fun go() = 1\nobject Single\nval MAX = 3\n", "go Single MAX"),
        ("swift", "func go() {}\nprotocol P {}\nextension String {}\n", "go P String"),
        ("lua", "local function go()\nfunction M.new()\n", "go new"),
        ("sql", "CREATE TABLE IF NOT EXISTS users (\ncreate view old as\n", "users old"),
        ("css", ".button:hover {\n#main > a {\n", "button main"),
    ],
)
def test_names_that_a_text_defines(language: str, text: str, names: str) -> None:
    assert set(names.split()) <= defined_names(text, language)


@pytest.mark.parametrize(("language", "text"), [("java", "return other(1);\n"), ("python", "x == 1\nprint(go)\n")])
def test_what_is_only_used_is_not_defined(language: str, text: str) -> None:
    assert not defined_names(text, language)


def test_words_are_names_of_three_characters_or_more() -> None:
    assert words_in("ab abc größe_1 x1y 12 a.b.cde") == {"abc", "größe_1", "x1y", "cde"}
    assert words_in(" ".join(f"w{n:05}" for n in range(MAX_WORDS + 1))) == frozenset()
    assert words_in("x" * 100) == frozenset()


def test_nothing_makes_it_slow_or_fail() -> None:
    began = time.perf_counter()
    for text in (
        "a " * 200_000,
        "(" * 400_000,
        "class " * 60_000,
        "\ud800 = 1\n" * 1000,
        "x:" * 100_000,
        "int " * 90_000,
    ):
        for language in ("c", "css", "python"):
            defined_names(text, language)
        words_in(text)
    assert time.perf_counter() - began < 60
