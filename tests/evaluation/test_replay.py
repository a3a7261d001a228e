"""Typing on a virtual clock through the real server: what a user would have seen, and what it saves."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from scripted_model import ScriptedModel

from midspan.completion.ask import Ask, Deadline, Delta, Kind, Usage
from midspan.completion.errors import BackendUnreachable
from midspan.completion.fim import Hole
from midspan.completion.settings import CompletionSettings, Settings
from midspan.evaluation.baselines import CopyBackend
from midspan.evaluation.history import Hunk
from midspan.evaluation.replay.clock import Clock, TimedBackend
from midspan.evaluation.replay.figures import compare, figures
from midspan.evaluation.replay.session import SERVER_MS, Typed, type_hunks
from midspan.evaluation.replay.speed import NO_TIME, Speed, speed_file, speed_of
from midspan.evaluation.replay.user import MODES, Mode, is_right, wanted_part
from midspan.evaluation.typing import TYPISTS, Stroke, strokes

ROOT = Path("/midspan-replay-test")
HEAD, ADDED, TAIL = (
    "def area(width, height):\n",
    "    result = width * height\n    return result",
    "\n\n\nprint(area(2, 3))\n",
)
HUNK = Hunk("abc", "src/area.py", "python", HEAD + TAIL, len(HEAD), ADDED)


class Oracle(ScriptedModel):
    """Knows the whole text: writes the rest of the line, a token for each word, and says what the prompt cost."""

    name = "oracle"

    def __init__(self, whole: str = HEAD + ADDED + TAIL, n_new: int = 1) -> None:
        super().__init__("")
        self._whole = whole
        self._n_new = n_new

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        self.asks.append(ask)
        try:
            yield Delta("", usage=Usage(prompt_tokens=100, reused_tokens=100 - self._n_new))
            known = self._whole.startswith(ask.hole.prefix)
            rest = self._whole[len(ask.hole.prefix) :].split("\n")[0] if known else ""
            for i, word in enumerate(rest.split(" ")):
                yield Delta((" " if i else "") + word, logprob=-0.1, n_tokens=1)
            yield Delta("", finish="stop")
        finally:
            self.n_closed += 1


async def typed(
    inner: Any,
    mode: Mode = "whole",
    speed: Speed = NO_TIME,
    hunk: Hunk = HUNK,
    typist: str = "average",
    **completion: Any,
) -> tuple[Typed, TimedBackend]:
    settings = Settings(completion=CompletionSettings(**completion))
    clock = Clock()
    backend = TimedBackend(inner, clock, speed, settings.completion.deadline_ms)
    (found,) = await type_hunks([hunk], settings, backend, clock, mode, TYPISTS[typist], 1, ROOT, lambda n: None)
    return found, backend


async def test_somebody_who_knows_everything_saves_most_keys() -> None:
    found, _ = await typed(Oracle())
    assert found.n_keys_alone == len(strokes(ADDED, TYPISTS["average"], 1))
    assert found.n_keys < found.n_keys_alone / 3
    assert all(one.is_right for one in found.shown)
    assert any(one.fate == "accepted" for one in found.shown)


async def test_a_wrong_model_saves_nothing_and_is_typed_against() -> None:
    found, _ = await typed(ScriptedModel("zzz(qqq)"))
    assert found.n_keys == found.n_keys_alone
    assert found.shown
    assert not any(one.is_right for one in found.shown)
    assert {one.fate for one in found.shown} <= {"typed against", "left"}


async def test_a_model_that_is_slower_than_the_typist_shows_only_at_pauses() -> None:
    quick, _ = await typed(Oracle(), speed=Speed(10, 1, 5))
    slow, _ = await typed(Oracle(), speed=Speed(150, 1, 40))
    never, _ = await typed(Oracle(), speed=Speed(1000, 1, 40))
    assert quick.n_keys < slow.n_keys
    assert slow.n_interrupted > quick.n_interrupted
    assert (never.shown, never.n_keys) == ([], never.n_keys_alone)


async def test_five_keys_by_hand() -> None:
    """Pauses before the keys: 1239, 114, 191, 115, 110 ms. The model takes 60 ms, and 20 for each word."""
    keys = strokes("ab cd", TYPISTS["average"], 1)
    assert [round(key.pause_ms) for key in keys] == [1239, 114, 191, 115, 110]
    hunk = Hunk("", "a.txt", "plaintext", "x = ", 4, "ab cd")
    found, _ = await typed(Oracle("x = ab cd"), hunk=hunk, speed=Speed(40, 0, 20))
    # "b cd" is there 105 ms after "a", 9 ms before "b": too late for a Tab then. Typed along, it has been there for
    # 199.9 ms at the space, and for more than 200 ms when "c" would be typed: Tab.
    assert found.latencies_ms == [105]
    assert [(one.fate, one.is_right) for one in found.shown] == [("accepted", True)]
    assert (found.n_keys_alone, found.n_keys, found.n_interrupted) == (5, 4, 0)
    # The model works after "a", and after the Tab: overhead, a step for the prompt, and what it writes.
    assert found.busy_ms == (40 + 20 + 2 * 20) + (40 + 20 + 20)
    assert found.typing_ms == pytest.approx(sum(key.pause_ms for key in keys[:4]))

    # With 30 ms a word, the first answer would come 125 ms after "a": "b" comes before it.
    # The step that it is at ends 130 ms after "a", and only then is the request after "b" begun.
    found, _ = await typed(Oracle("x = ab cd"), hunk=hunk, speed=Speed(40, 0, 30))
    assert found.n_interrupted == 1
    assert found.latencies_ms == pytest.approx([130 - keys[1].pause_ms + 5 + 40 + 30 + 2 * 30])
    # " cd" has been there for 40 ms when the space is typed, for 155 ms at "c" and for 265 ms at "d".
    assert found.n_keys == 5


async def test_a_typo_after_an_accepted_text_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user takes "bcdef", then mistypes the space: only the keys of what was taken are saved."""
    slowly = [Stroke(i, key, 1000) for i, key in enumerate("abcdef + g")]
    keys = (*slowly[:6], Stroke(6, "x", 1000, is_wrong=True), Stroke(6, "", 1000, is_backspace=True), *slowly[6:])
    monkeypatch.setattr("midspan.evaluation.replay.session.strokes", lambda *_: keys)
    hunk = Hunk("", "a.txt", "plaintext", "x = ", 4, "abcdef + g")
    found, _ = await typed(Oracle("x = abcdef - h"), "word", hunk=hunk)
    assert (found.n_keys_alone, found.n_keys) == (12, 12 - 5 + 1)


async def test_the_deadline_is_the_clocks() -> None:
    found, _ = await typed(Oracle(), speed=Speed(400, 0, 150), typist="slow")
    assert all(latency <= 605 for latency in found.latencies_ms)


@pytest.mark.parametrize(("next_key", "deadline_ms"), [(100.0, 10_000.0), (9_000.0, 100.0)])
async def test_what_was_not_read_in_time_is_read_by_the_next_request(next_key: float, deadline_ms: float) -> None:
    """51 new tokens take 510 ms; after 100 ms comes the next key, or the deadline."""
    clock = Clock(now=0.0, next_key=next_key)
    backend = TimedBackend(Oracle(n_new=51), clock, Speed(0, 10, 10), deadline_ms)
    first = Ask(Hole(HEAD, TAIL), Kind.LINE, 48, Deadline.after(60_000), session="s")

    async def read(ask: Ask) -> None:
        async for _ in backend.stream(ask):
            return

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(read(first), 1.0)
    assert clock.interrupted.is_set() == (next_key == 100)
    clock.now, clock.next_key = 100.0, 1e9
    backend._deadline_ms = 1e9
    await read(dataclasses.replace(first, hole=Hole(HEAD + "    ", TAIL)))
    assert backend.work is not None
    assert backend.work.milliseconds == 410 + 510


async def test_our_host_forgets_what_it_wrote_of_an_answer_that_was_cut_off() -> None:
    class Host(Oracle):
        name = "host"

    host = Host()
    found, _ = await typed(host, speed=Speed(40, 1, 40))
    limits = [ask.max_tokens for ask in host.asks]
    assert found.n_interrupted > 0
    assert 0 in limits[1:]
    assert all(ask.max_tokens or ask.hole == before.hole for before, ask in itertools.pairwise(host.asks))
    # Only what the host did anew and to its end is compared with the clock.
    assert 0 < len(found.measured_ms) <= found.n_requests - found.n_interrupted
    assert all(40 + 40 + SERVER_MS <= simulated <= 600 for _, simulated in found.measured_ms)


async def test_a_request_that_was_overtaken_is_given_up_and_its_stream_closed() -> None:
    model = Oracle()
    found, _ = await typed(model, speed=Speed(150, 1, 40))  # type_hunks fails unless the server answers −32800
    assert found.n_interrupted > 0
    assert model.n_closed == len(model.asks)


@pytest.mark.parametrize("mode", MODES)
async def test_the_same_twice(mode: Mode) -> None:
    runs = [(await typed(Oracle(), mode, Speed(20, 1, 15)))[0] for _ in range(2)]
    for run in runs:
        run.measured_ms.clear()
    assert runs[0] == runs[1]


async def test_by_word_and_by_line() -> None:
    text = ADDED.replace("width * height", "width * height + other")
    oracle = Oracle()  # right at first, wrong at the end of the line
    hunk = dataclasses.replace(HUNK, added=text)
    whole, _ = await typed(oracle, "whole", hunk=hunk)
    word, _ = await typed(oracle, "word", hunk=hunk)
    assert word.n_keys < word.n_keys_alone
    assert whole.n_keys <= whole.n_keys_alone


@pytest.mark.parametrize(
    ("ghost", "rest", "mode", "part"),
    [
        ("foo(bar)", "foo(bar)\nx", "whole", "foo(bar)"),
        ("foo(bar)", "foo(baz)", "whole", ""),
        ("foo(bar)", "foo(baz)", "word", "foo"),
        ("foo", "foobar", "whole", ""),
        ("foo\n    bar", "foo\n    baz", "line", "foo"),
        ("\n    foo\n    bar", "\n    foo\n    baz", "line", "\n    foo"),
        (" = foo", " = bar", "word", " ="),
        ("a", "a", "whole", ""),
        ("", "a", "word", ""),
    ],
)
def test_what_a_careful_user_accepts(ghost: str, rest: str, mode: Mode, part: str) -> None:
    assert wanted_part(ghost, rest, mode) == part


def test_a_right_text_does_not_end_in_a_word() -> None:
    assert is_right("foo", "foo.bar")
    assert not is_right("foo", "food")
    assert not is_right("", "x")


async def passes(inner: Any, **completion: Any) -> dict[Mode, list[Typed]]:
    return {mode: [(await typed(inner, mode, **completion))[0]] for mode in MODES}


async def test_figures_and_a_worse_setting() -> None:
    baseline = await passes(CopyBackend())
    good = figures(await passes(Oracle()), baseline)
    worse = figures(await passes(Oracle(), max_lines=0), baseline)
    assert good["keystrokes_saved"]["whole"] > 0.5
    assert worse["keystrokes_saved"] == dict.fromkeys(MODES, 0.0)
    assert worse["shown"] == 0
    assert good["precision"] == good["accepted"] / good["shown"]
    assert sum(one["shown"] for one in good["by_confidence"]) == good["shown"]
    versus = compare(good, worse)
    assert versus["n_hunks"] == 1
    assert versus["keystrokes_saved"]["whole"]["difference"] == pytest.approx(-good["keystrokes_saved"]["whole"])


def speeds() -> int:
    return len(json.loads(speed_file().read_text()))


async def test_the_speed_of_a_model_is_measured_once(isolated_dirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, settings = Oracle(), Settings()
    first = await speed_of(model, settings)
    n_asks = len(model.asks)
    assert n_asks > 0
    assert await speed_of(model, settings) == first
    assert len(model.asks) == n_asks
    await speed_of(model, settings, measure_again=True)
    assert (len(model.asks), speeds()) == (2 * n_asks, 1)
    model.model = "another"
    await speed_of(model, settings)
    assert (len(model.asks), speeds()) == (3 * n_asks, 2)
    monkeypatch.setattr("midspan.evaluation.machine._cpu", lambda: "another")
    await speed_of(model, settings)
    assert (len(model.asks), speeds()) == (4 * n_asks, 3)
    speed_file().write_text("{")
    await speed_of(model, settings)
    assert (len(model.asks), speeds()) == (5 * n_asks, 1)


async def test_a_server_that_does_not_count_its_prompts_tokens_has_no_price_for_them(isolated_dirs: Path) -> None:
    assert (await speed_of(ScriptedModel("x"), Settings())).prefill_ms_per_token == 0


async def test_text_that_is_not_ascii_and_other_line_ends() -> None:
    head, added, tail = "s = '😀'\r\n", "t = 'ä😀' + s\r\nu = t + 'ß'", "\r\nprint(u)\r\n"
    hunk = Hunk("", "a.py", "python", head + tail, len(head), added)
    found, _ = await typed(Oracle((head + added + tail).replace("\r\n", "\n")), hunk=hunk)
    assert found.n_keys < found.n_keys_alone


async def test_a_model_server_that_fails_ends_the_replay() -> None:
    class Dying(Oracle):
        async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
            if len(self.asks) == 3:
                raise BackendUnreachable("The model server is gone.")
            async for delta in super().stream(ask):
                yield delta

    with pytest.raises(BackendUnreachable, match="is gone"):
        await typed(Dying(), speed=Speed(150, 1, 40))
