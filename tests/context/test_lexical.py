"""Reading broken code for its strings, comments and brackets."""

from __future__ import annotations

import random

import pytest

from midspan.context.languages import all_languages, for_language_id
from midspan.context.lexical import Place, Scan, scan


def scanned(text: str, language_id: str = "python") -> Scan:
    return scan(text, for_language_id(language_id))


def test_what_is_unclosed_and_what_closes_nothing_is_told_by_index() -> None:
    found = scanned("a) b( c] d{")
    assert found.unclosed == (4, 10)
    assert found.strays == (1, 7)
    assert found.shifted(100).unclosed == (104, 110)
    assert found.shifted(100).strays == (101, 107)


def test_a_bracket_that_closes_an_outer_one_closes_those_inside_it() -> None:
    assert scanned("([{)").unclosed == ()


def test_a_comment_that_the_text_ends_in_is_told() -> None:
    assert scanned("x = 1 # a").comment_start == 6
    assert scanned("x = 1 # a\n").comment_start is None
    assert scanned("x /* a */ y /* b", "go").comment_start == 12
    assert scanned("x /* a */ y", "go").place is Place.CODE


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_string_ends_with_its_line_unless_the_line_end_is_escaped(line_end: str) -> None:
    assert scanned(f"x = 'a{line_end}(").unclosed == (len(f"x = 'a{line_end}"),)
    assert scanned(f"x = 'a\\{line_end}(").place is Place.STRING


def test_an_interpolation_left_open_ends_with_its_line() -> None:
    assert scanned("x = f'{a\ny = (").unclosed == (13,)
    assert scanned("x = f'''{a\n").unclosed == (8,)


def test_a_string_goes_on_after_its_interpolation() -> None:
    assert scanned("x = `${f('}', {})} ( ", "javascript") == Scan(Place.STRING, (), ())
    assert scanned("x = `${`${a}", "javascript").place is Place.STRING


@pytest.mark.parametrize("language", [None, *all_languages()], ids=lambda language: language.name if language else "no")
def test_any_text_is_read_to_its_end(language: None) -> None:
    rng = random.Random(1)
    pieces = ["(", ")", "[", "]", "{", "}", "'", '"', "`", '"""', "\\", "\n", "\r\n", "#", "//", "/*", "*/", "${", "f"]
    for _ in range(500):
        text = "".join(rng.choices(pieces, k=rng.randrange(30)))
        found = scan(text, language)
        assert all(text[index] in "([{" for index in found.unclosed)
        assert all(text[index] in ")]}" for index in found.strays)
        assert sorted(set(found.unclosed)) == list(found.unclosed)
