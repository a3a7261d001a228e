"""The text of a document, its lines and its positions."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midspan.context import lines as lines_module
from midspan.context.document import Change, Document, Position
from midspan.context.lines import Lines

LINE_ENDS = ("\r\n", "\n", "\r")
TEXT = st.lists(
    st.one_of(
        st.sampled_from(["\n", "\r\n", "\r", "\f", "\v", "\x1c", "\x85", "\u2028", "\u2029", "\0", "😀", "é"]),
        st.characters(categories=["Cs", "Lu", "Zs", "Sm", "So"]),
    ),
    max_size=30,
).map("".join)


def opened(text: str) -> Document:
    return Document.open("file:///a.txt", "plaintext", 1, text)


def split_lines(text: str) -> list[str]:
    """LSP's lines with their ends, in the plainest way."""
    lines = [""]
    at = 0
    while at < len(text):
        line_end = next((end for end in LINE_ENDS if text.startswith(end, at)), "")
        lines[-1] += line_end or text[at]
        at += len(line_end) or 1
        if line_end:
            lines.append("")
    return lines


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def check_lines(document: Document) -> None:
    expected = split_lines(document.text)
    assert document.n_lines == len(expected)
    start = 0
    for number, line in enumerate(expected):
        content = line.rstrip("\r\n")
        assert document.line_start(number) == start
        assert document.line_end(number) == start + len(content)
        assert document.line_text(number) == content
        for offset in range(start, start + len(line)):
            assert document.line_at(offset) == number
        start += len(line)
    assert document.line_at(start) == len(expected) - 1


@pytest.mark.parametrize(
    ("text", "n_lines"),
    [
        ("", 1),
        ("a", 1),
        ("a\n", 2),
        ("a\r\nb\rc\nd", 4),
        ("\r\r\n\n\r", 5),
        ("a\fb\vc\x1cd\x85e\u2028f\u2029g", 1),
        ("\n" * 2000, 2001),
    ],
)
def test_lines_end_at_three_things_only(text: str, n_lines: int) -> None:
    document = opened(text)
    assert document.n_lines == n_lines
    check_lines(document)


@given(TEXT)
def test_lines_are_those_of_the_specification(text: str) -> None:
    check_lines(opened(text))


@given(TEXT)
def test_positions_round_trip(text: str) -> None:
    document = opened(text)
    for offset in range(len(document.text) + 1):
        position = document.position_at(offset)
        line_head = document.text[document.line_start(position.line) : offset]
        if line_head.endswith("\r"):  # between \r and \n
            assert document.offset_at(position) == offset - 1
        else:
            assert position.character == len(utf16(line_head)) // 2
            assert document.offset_at(position) == offset


@pytest.mark.parametrize(
    ("text", "position", "offset"),
    [
        ("ab\ncd", Position(0, 99), 2),
        ("ab\r\ncd", Position(0, 99), 2),
        ("ab\r\ncd", Position(0, 3), 2),
        ("ab\r\ncd", Position(1, 0), 4),
        ("ab\ncd", Position(7, 0), 5),
        ("ab\ncd\n", Position(2, 0), 6),
        ("", Position(0, 0), 0),
        ("ab", Position(-1, 5), 0),
        ("ab\ncd", Position(1, -5), 3),
        ("a😀b", Position(0, 1), 1),
        ("a😀b", Position(0, 2), 1),
        ("a😀b", Position(0, 3), 2),
        ("a😀b", Position(0, 4), 3),
        ("😀😀", Position(0, 3), 1),
        ("\ud83dx", Position(0, 1), 1),
        ("x\ud83d😀", Position(0, 2), 2),
        ("x\ud83d😀", Position(0, 3), 2),
        ("\u2028b", Position(0, 1), 1),
    ],
)
def test_positions_outside_of_the_text_count_as_the_nearest(text: str, position: Position, offset: int) -> None:
    assert opened(text).offset_at(position) == offset


def test_offsets_outside_of_the_text_count_as_the_nearest() -> None:
    document = opened("ab\ncd")
    assert document.position_at(-3) == Position(0, 0)
    assert document.position_at(99) == Position(1, 2)
    assert document.line_at(99) == 1
    assert document.line_text(9) == ""
    assert document.replace(3, 99, "x").text == "ab\nx"


def test_changes_are_made_one_after_the_other() -> None:
    document = opened("one\ntwo\n")
    after = document.apply(
        [
            Change("zero\n", Position(0, 0), Position(0, 0)),
            Change("2", Position(2, 0), Position(2, 3)),
            Change("", Position(1, 3), Position(1, 0)),
        ],
        7,
    )
    assert after.text == "zero\n\n2\n"
    assert after.version == 7
    assert (document.text, document.version) == ("one\ntwo\n", 1)
    assert after.apply([], 8).version == 8


def test_a_change_without_a_range_is_the_whole_text() -> None:
    document = opened("one\ntwo\n").apply([Change("x\r\ny"), Change("z", Position(1, 0), Position(1, 1))], 2)
    assert document.text == "x\r\nz"
    check_lines(document)


def test_a_surrogate_that_meets_its_other_half_becomes_one_character() -> None:
    assert opened("\ud83d\ude00").text == "😀"
    document = opened("a\ud83db\ude00c")
    assert document.replace(2, 3, "").text == "a😀c"
    assert opened("\ud83d").replace(1, 1, "\ude00").text == "😀"
    assert opened("\ude00").replace(0, 0, "\ud83d").text == "😀"
    assert opened("\ud83d").replace(0, 0, "\ude00").text == "\ude00\ud83d"


def test_the_text_is_not_shown_by_repr() -> None:
    assert "password" not in repr(opened("password = 1"))


def test_snapshots_are_equal_by_their_text() -> None:
    document = opened("ab")
    assert document.replace(1, 1, "c").replace(1, 2, "") == document
    assert document.apply([], 2) != document


@given(st.data())
@settings(max_examples=60)
def test_edits_give_the_text_and_lines_that_utf16_says(data: st.DataObject) -> None:
    document = opened(data.draw(TEXT))
    units = utf16(document.text)
    for _ in range(4):
        ends = [data.draw(st.integers(0, document.n_lines)), data.draw(st.integers(0, document.n_lines))]
        characters = [data.draw(st.integers(0, 12)), data.draw(st.integers(0, 12))]
        start, end = (Position(line, character) for line, character in zip(ends, characters, strict=True))
        text = data.draw(TEXT)
        first, last = sorted((document.offset_at(start), document.offset_at(end)))
        before, after = len(utf16(document.text[:first])), len(utf16(document.text[:last]))
        document = document.apply([Change(text, start, end)], 2)
        units = units[:before] + utf16(text) + units[after:]
        assert utf16(document.text) == units
        check_lines(document)


@pytest.mark.parametrize(("chunk_lines", "chunk_characters"), [(1, 1), (2, 8), (5, 1000)])
def test_the_line_index_follows_edits_across_its_chunks(
    chunk_lines: int, chunk_characters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_module, "_CHUNK_LINES", chunk_lines)
    monkeypatch.setattr(lines_module, "_CHUNK_CHARACTERS", chunk_characters)
    rng = random.Random(chunk_lines)
    for _ in range(300):
        text = "".join(rng.choices("ab\n\r", k=rng.randrange(12)))
        lines = Lines.of(text)
        for _ in range(12):
            start, end = sorted(rng.choices(range(len(text) + 1), k=2))
            inserted = "".join(rng.choices("a\n\r", k=rng.randrange(4)))
            text = text[:start] + inserted + text[end:]
            lines = lines.replaced(start, end, text, len(inserted))
            expected = split_lines(text)
            starts = [sum(map(len, expected[:number])) for number in range(len(expected))]
            assert lines.n_lines == len(expected)
            assert lines.length == len(text)
            assert [lines.start_of(number) for number in range(len(expected))] == starts


def test_a_keystroke_in_a_long_file_keeps_all_but_one_piece_of_the_index() -> None:
    document = opened("x = 1\n" * 100_000)
    after = document.replace(300_000, 300_000, "y")
    kept = {id(chunk) for chunk in document._lines._chunks} & {id(chunk) for chunk in after._lines._chunks}
    assert len(kept) == len(after._lines._chunks) - 1
    assert after.line_start(99_999) == document.line_start(99_999) + 1


def test_a_long_line_has_exact_positions() -> None:
    document = opened("é" * 100_000 + "😀" * 100_000 + "\nb")
    for offset in (0, 1, 99_999, 100_000, 100_001, 200_000, 200_001):
        assert document.offset_at(document.position_at(offset)) == offset
    assert document.position_at(200_000) == Position(0, 300_000)


def test_the_language_is_found_by_id_and_without_one_by_the_files_name() -> None:
    def name_of(uri: str, language_id: str) -> str | None:
        language = Document.open(uri, language_id, 1, "").language
        return language.name if language else None

    assert name_of("file:///a.txt", "python") == "python"
    assert name_of("file:///a.py", "plaintext") is None
    assert name_of("file:///a.py", "") == "python"
    assert name_of("untitled:Untitled-1", "") is None
