"""llama.cpp's `/infill` as its clients use it: on a real host with a tiny model, and the ends of answers by hand."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engines import checkpoint
from host_process import HostProcess, running

from midspan.completion.fim import Hole, Snippet
from midspan.host.engine.request import Piece, Summary
from midspan.host.fields import BadRequest
from midspan.host.infill import Infilled, InfillRequest, read_infill

ASKED = {
    "id_slot": 0,
    "input_prefix": "def area(self):\n",
    "prompt": "    return ",
    "input_suffix": "\n\nx = 1\n",
    "input_extra": [{"text": "class Shape: pass\n", "filename": "shape.py"}],
    "n_predict": 6,
    "n_indent": 0,
    "top_k": 40,
    "top_p": 0.9,
    "samplers": ["top_k", "top_p", "infill"],
    "stream": False,
    "cache_prompt": True,
    "t_max_prompt_ms": 500,
    "t_max_predict_ms": 1000,
}


@pytest.fixture(scope="module")
def host() -> Iterator[HostProcess]:
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        arguments = ("--socket", str(Path(folder) / "s"), "--model", str(checkpoint("qwen2")), "--dtype", "float32")
        with running(Path(folder), *arguments, "--threads", "1") as started:
            started.wait_until("ok")
            yield started


def test_an_answer(host: HostProcess) -> None:
    reply = host.post("/infill", ASKED)
    answer = reply.json()
    assert reply.status == 200
    assert isinstance(answer["content"], str)
    assert answer["stop"] is True
    assert 0 < answer["timings"]["predicted_n"] <= 6
    assert answer["timings"]["prompt_n"] + answer["timings"]["cache_n"] == answer["tokens_evaluated"]


def test_only_what_is_wanted_under_its_whole_path(host: HostProcess) -> None:
    fields = ["content", "timings/prompt_n", "timings/predicted_per_second", "timings/unheard_of"]
    answer = host.post("/infill", {**ASKED, "response_fields": fields}).json()
    assert set(answer) == {"content", "timings/prompt_n", "timings/predicted_per_second"}


def test_no_tokens_only_read_the_prompt_which_is_known_then(host: HostProcess) -> None:
    asked = {**ASKED, "id_slot": 3, "input_extra": []}
    warming = host.post("/infill", {**asked, "n_predict": 0, "response_fields": [""]})
    assert (warming.status, warming.json()) == (200, {})
    answer = host.post("/infill", asked).json()
    assert answer["timings"]["prompt_n"] <= 4
    assert answer["timings"]["cache_n"] > 4


def test_several_candidates_are_a_list(host: HostProcess) -> None:
    answers = host.post("/infill", {**ASKED, "n_cmpl": 3}).json()
    assert [answer["index"] for answer in answers] == [0, 1, 2]


def test_it_is_ready(host: HostProcess) -> None:
    assert host.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"input_prefix": 1}, "input_prefix"),
        ({"input_extra": [1]}, "input_extra"),
        ({"input_extra": [{"filename": "a.py"}]}, "input_extra.text"),
        ({"n_predict": "many"}, "n_predict"),
        ({"n_cmpl": 0}, "n_cmpl"),
        ({"response_fields": "content"}, "response_fields"),
        ({"stream": True}, "stream"),
    ],
)
def test_what_cannot_be_understood_is_named(host: HostProcess, wrong: dict[str, Any], words: str) -> None:
    reply = host.post("/infill", {**ASKED, **wrong})
    assert reply.status == 400
    assert words in reply.json()["error"]["message"]


def asked(**more: Any) -> InfillRequest:
    return read_infill(json.dumps({**ASKED, **more}).encode())


def test_what_the_engine_is_asked_for() -> None:
    wanted = asked().generate
    extra = (Snippet("shape.py", "class Shape: pass\n"),)
    assert wanted.prompt == Hole("def area(self):\n    return ", "\n\nx = 1\n", extra)
    assert (wanted.kind, wanted.max_tokens, wanted.n) == ("block", 6, 1)
    assert asked(input_suffix=")\nx = 1\n").generate.kind == "line"
    assert asked(id_slot=1).generate.session != wanted.session
    assert asked(n_predict=-1).generate.max_tokens == 128
    assert asked(n_predict=0).generate.max_tokens == 0


def content(request: InfillRequest, *texts: str) -> tuple[str, bool]:
    found = Infilled(request)
    for text in texts:
        found.add(Piece(text=text))
    return found.json("m", Summary())["content"], found.is_over


def test_it_ends_before_a_line_that_is_indented_less() -> None:
    request = asked(n_indent=4)
    assert content(request, "a\n    b\n", "\n  ") == ("a\n    b\n\n  ", False)
    assert content(request, "a\n    b\n", "\n  c") == ("a\n    b\n", True)
    assert content(asked(n_indent=0), "a\n    b\n", "\nc") == ("a\n    b\n\nc", False)


def test_once_its_time_is_over_it_ends_at_a_line_end() -> None:
    found = Infilled(asked(t_max_predict_ms=20))
    found.add(Piece(text="a = "))
    time.sleep(0.03)
    found.add(Piece(text="1"))
    assert not found.is_over
    found.add(Piece(text="\nb"))
    assert found.is_over
    assert found.json("m", Summary())["content"] == "a = 1"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_object(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_infill(body)
