"""Bytes → messages, also where the bytes are wrong."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.server.framing import MAX_LENGTH, Broken, Framing, Received


def framed(body: bytes, length: int | None = None) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


def received(data: bytes) -> list[Received]:
    framing = Framing()
    return [*framing.feed(data), *framing.flush()]


GOOD = b'{"jsonrpc": "2.0", "method": "good"}'
GOOD_MESSAGE = json.loads(GOOD)


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 36\r\n\r\n",
        b"content-length:36\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 36\r\n\r\n",
        b"Content-Length: 36\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b"Content-Length: 36\n\n",
    ],
)
def test_headers(header: bytes) -> None:
    assert received(header + GOOD) == [GOOD_MESSAGE]


@given(st.lists(st.integers(1, 60)))
def test_pieces_of_any_size(sizes: list[int]) -> None:
    stream = framed(GOOD) * 3
    framing, at = Framing(), 0
    found: list[Received] = []
    for size in [*sizes, len(stream)]:
        found += framing.feed(stream[at : at + size])
        at += size
    assert found == [GOOD_MESSAGE] * 3


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"t": "\\ud83d"}', "\ud83d"),
        (b'{"t": "\\ud83d\\ude00"}', "😀"),
        (b'{"t": "\xed\xa0\xbd"}', "\ud83d"),
        ('{"t": "😀"}'.encode(), "😀"),
        ('{"t": "\u2028\x85"}'.encode(), "\u2028\x85"),
        ('\ufeff{"t": "x"}'.encode(), "x"),
    ],
)
def test_text_is_kept(body: bytes, text: str) -> None:
    assert received(framed(body)) == [{"t": text}]


@pytest.mark.parametrize(
    "broken",
    [
        framed(b'{"jsonrpc": '),
        framed(b"not json"),
        framed(b"\xff\xfe\xff"),
        framed(b"[]"),
        framed(b"1"),
        framed(b"[" * 200_000),
        framed(GOOD, length=10),
        framed(GOOD, length=1),
        framed(b"not json", length=30),
        framed(b"not json", length=8 + 25),
        b"Content-Length: %d\r\n\r\n" % (MAX_LENGTH + 1),
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: x\r\n\r\n",
        b"garbage\r\n\r\n",
        b"garbage " * 10_000,
        b"\r\n\r\n",
        b"Content-Length: 0\r\n\r\n",
    ],
    ids=range(17),
)
def test_good_message_is_found_after_something_broken(broken: bytes) -> None:
    found = received(broken + framed(GOOD) + framed(GOOD))
    assert [message for message in found if not isinstance(message, Broken)][-2:] == [GOOD_MESSAGE] * 2


@pytest.mark.parametrize("extra", range(1, 90))
def test_length_that_is_too_large_loses_nothing(extra: int) -> None:
    first = b'{"method": "first"}'
    found = received(framed(first, length=len(first) + extra) + framed(GOOD) + framed(GOOD))
    assert found == [{"method": "first"}, GOOD_MESSAGE, GOOD_MESSAGE]


def test_broken_says_nothing_of_the_content() -> None:
    (broken,) = received(framed(b'{"secret": "hunter2'))
    assert isinstance(broken, Broken)
    assert "hunter2" not in broken.why


def test_slow_message_is_waited_for() -> None:
    framing = Framing()
    stream = framed(GOOD)
    assert list(framing.feed(stream[:-5])) == []
    assert framing.inside_message
    assert list(framing.flush()) == []
    assert list(framing.feed(stream[-5:])) == [GOOD_MESSAGE]
    assert not framing.inside_message


@pytest.mark.parametrize("seed", range(200))
def test_random_damage_never_raises_and_is_got_over(seed: int) -> None:
    choice = random.Random(seed)
    stream = bytearray(framed(b'{"id": 1, "params": {"text": "Content-Length: 5"}}') * 4)
    for _ in range(choice.randint(1, 6)):
        at = choice.randrange(len(stream))
        match choice.randrange(3):
            case 0:
                stream[at] = choice.randrange(256)
            case 1:
                del stream[at : at + choice.randrange(30)]
            case _:
                stream[at:at] = choice.choice([b"\r\n\r\n", b"Content-Length: 7\r\n\r\n", b'{"', b"\0"])
    framing = Framing()
    damaged = [*framing.feed(bytes(stream)), *framing.flush()]
    assert len(damaged) <= 30
    # A damaged length may swallow what follows until the sender pauses; then it is found.
    found: list[Received] = []
    for _ in range(3):
        found += [*framing.feed(framed(GOOD)), *framing.flush()]
    assert found[-1] == GOOD_MESSAGE
