"""How often the user is told something."""

from __future__ import annotations

from midspan.server.notices import Notices


def told(*at_and_text: tuple[float, str]) -> tuple[list[str], list[str]]:
    """Tell texts at times (seconds); return what popped up and what was only logged."""
    popped: list[str] = []
    logged: list[str] = []
    now = [0.0]
    notices = Notices(popped.append, logged.append, clock=lambda: now[0])
    for at, text in at_and_text:
        now[0] = at
        notices.tell(text)
    return popped, logged


def test_first_one_is_shown() -> None:
    assert told((0, "a")) == (["a"], [])


def test_no_two_within_a_minute() -> None:
    assert told((0, "a"), (59, "b"), (61, "c")) == (["a", "c"], ["b"])


def test_same_text_only_once_in_ten_minutes() -> None:
    assert told((0, "a"), (61, "a"), (599, "a"), (601, "a")) == (["a", "a"], ["a", "a"])


def test_failure_of_every_keystroke_shows_one_message() -> None:
    popped, logged = told(*((second / 10, "the server is down") for second in range(500)))
    assert (len(popped), len(logged)) == (1, 499)
