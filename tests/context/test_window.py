"""Windows: how long they are, where they begin and end, and that typing doesn't move them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.context.document import Document
from midspan.context.window import CHARACTERS_PER_TOKEN, WindowSizes, left_edge, window

SIZES = WindowSizes(prefix_tokens=200, suffix_tokens=100)
PREFIX = int(200 * CHARACTERS_PER_TOKEN)
SUFFIX = int(100 * CHARACTERS_PER_TOKEN)


def opened(text: str) -> Document:
    return Document.open("file:///a.txt", "plaintext", 1, text)


@pytest.mark.parametrize("line", ["x = 1\n", "x = 1\r\n", "a much longer line, with forty characters\n", "é😀\r"])
def test_windows_are_whole_lines_before_and_after_the_cursor(line: str) -> None:
    document = opened(line * 1000)
    offset = len(line) * 500 + 2
    prefix, suffix = window(document, offset, SIZES)
    start, end = offset - len(prefix), offset + len(suffix)
    assert document.text[start:end] == prefix + suffix
    assert PREFIX // 2 - len(line) <= len(prefix) <= PREFIX
    assert SUFFIX - len(line) - 1 <= len(suffix) <= SUFFIX
    assert start == document.line_start(document.line_at(start))
    assert end == document.line_end(document.line_at(end))


@pytest.mark.parametrize("typed", ["x", "x = foo(1)\n", "é😀 = 1\r\n"])
def test_typing_three_hundred_characters_moves_the_left_edge_at_most_twice(typed: str) -> None:
    document = opened("def f():\n    return 1\n" * 200)
    offset = 2207
    edges = []
    for position in range(300):
        character = typed[position % len(typed)]
        document = document.replace(offset, offset, character)
        offset += 1
        edges.append(left_edge(document, offset, PREFIX))
        assert offset - PREFIX <= edges[-1] <= offset - PREFIX // 4
    assert edges == sorted(edges)
    assert len(set(edges)) <= 2


def test_the_suffix_does_not_change_while_one_types() -> None:
    document = opened("x = 1\n" * 500)
    suffixes = set()
    for position in range(100):
        document = document.replace(1503 + position, 1503 + position, "y")
        suffixes.add(window(document, 1504 + position, SIZES)[1])
    assert len(suffixes) == 1


def test_a_short_text_is_shown_whole() -> None:
    assert window(opened("abc\ndef\n"), 5, SIZES) == ("abc\nd", "ef\n")
    assert window(opened(""), 0, SIZES) == ("", "")


def test_a_line_longer_than_the_window_is_cut() -> None:
    document = opened("x" * 100_000 + "\nlast")
    prefix, suffix = window(document, 50_000, SIZES)
    assert PREFIX // 2 < len(prefix) <= PREFIX
    assert len(suffix) == SUFFIX
    prefix, suffix = window(document, 100_003, SIZES)
    assert PREFIX // 2 < len(prefix) <= PREFIX
    assert suffix == "st"


def test_no_tokens_are_no_text() -> None:
    assert window(opened("abc\ndef\n" * 100), 400, WindowSizes(0, 0)) == ("", "")


@given(st.text("ab\r\n😀", max_size=120), st.integers(0, 120), st.integers(0, 12), st.integers(0, 12))
def test_windows_are_the_text_around_the_cursor_and_cut_no_line_end(
    text: str, offset: int, prefix_tokens: int, suffix_tokens: int
) -> None:
    document = opened(text)
    offset = document.offset_at(document.position_at(offset))
    sizes = WindowSizes(prefix_tokens, suffix_tokens)
    prefix, suffix = window(document, offset, sizes)
    assert text[:offset].endswith(prefix)
    assert text[offset:].startswith(suffix)
    assert len(prefix) <= prefix_tokens * CHARACTERS_PER_TOKEN
    assert len(suffix) <= suffix_tokens * CHARACTERS_PER_TOKEN
    for edge in (offset - len(prefix), offset + len(suffix)):
        assert text[max(0, edge - 1) : edge + 1] != "\r\n" or edge in (0, offset)
