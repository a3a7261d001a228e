"""The reports: whole pages that load nothing, with every figure on them, whatever names tasks and files have."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from midspan.evaluation import machine
from midspan.evaluation.evaluate import Options, evaluate
from midspan.evaluation.report import plots
from midspan.evaluation.report.eval_page import eval_page
from midspan.evaluation.report.plots import Row
from midspan.evaluation.report.replay_page import replay_page
from midspan.evaluation.report.typing_plot import typing_svg

HOSTILE = "<script>alert(1)</script>&\"'"
VOID = {"meta", "br", "link", "img"}


class Checker(HTMLParser):
    """Fails at a tag that is closed wrongly, and notes what would be loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [
            str(value)
            for name, value in attrs
            if name in ("src", "href", "xlink:href") and not str(value).startswith("#")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(page: str) -> str:
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert checker.loads == []
    assert "script" not in checker.tags
    assert "@import" not in page
    assert "url(http" not in page
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(svg)
    return page


@pytest.fixture
async def evaluated(tmp_path: Path) -> dict[str, Any]:
    rows = [
        {
            "id": f"{name}{i}",
            "language": language,
            "group": str(i),
            "prefix": f"f({i})\nf",
            "suffix": "\n",
            "answer": f"({i})",
            "tests": tests,
        }
        for name, language, tests in (("a", "python", "\n"), ("b", "text", None))
        for i in range(6)
    ]
    path = tmp_path / "odd & <b>.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    first = Options(files=(path,), records=tmp_path / "r.jsonl", way="baseline")
    found = (await evaluate(first, lambda text: None, lambda what, done, total: None)).result
    return {**found, "vs": {"name": HOSTILE, "sets": {HOSTILE: {"exact": DIFFERENCE}}, "all": {"exact": DIFFERENCE}}}


DIFFERENCE = {"a": 0.25, "b": 0.5, "difference": 0.25, "low": 0.1, "high": 0.4, "p": 0.012, "n": 12}


async def test_the_page_of_an_evaluation(evaluated: dict[str, Any]) -> None:
    page = checked(eval_page(evaluated))
    assert "odd &amp; &lt;b&gt;" in page
    assert HOSTILE not in page
    assert "p = 0.012" in page
    low, high = evaluated["sets"]["odd & <b>"]["ci95"]["edit_similarity"]
    assert f"{100 * low:.1f} to {100 * high:.1f}" in page
    assert page == eval_page(evaluated)


async def test_the_page_of_an_evaluation_without_a_comparison(evaluated: dict[str, Any]) -> None:
    page = checked(eval_page({**evaluated, "vs": None}))
    assert "Compared" not in page


def replayed(**more: Any) -> dict[str, Any]:
    modes = {"whole": 0.1, "line": 0.15, "word": 0.2}
    part = {"n_keystrokes": 100, "keystrokes_saved": modes, "shown": 9, "accepted": 3}
    return {
        "repository": HOSTILE,
        "keystrokes_saved": modes,
        "ci95": {mode: [value / 2, value * 2] for mode, value in modes.items()},
        "baseline": dict.fromkeys(modes, 0.05),
        "shown": 9,
        "accepted": 3,
        "precision": 1 / 3,
        "never_wanted": 0.2,
        "flicker": 0.1,
        "fates": {"accepted": 3, "left": 6},
        "shown_per_100_keystrokes": 9.0,
        "latency_ms": {"p50": 211.0, "p95": 512.0},
        "measured_latency_ms": {"p50": 230.0, "p95": 600.0},
        "measured_over_simulated": 1.07,
        "latencies_ms": [100.0, 200.0, 500.0],
        "tokens_per_saved_keystroke": 20.0,
        "typing_s": 24.0,
        "model_busy": 0.2,
        "by_confidence": [{"low": i / 10, "high": (i + 1) / 10, "shown": i, "right": i // 2} for i in range(10)],
        "by_language": {"python": part},
        "by_file": {f"src/{HOSTILE}{i}.py": part for i in range(20)},
        "hunks": [
            {"file": "src/a.py", "commit": "abc", "keystrokes": 50, "saved": {"word": 10}, "baseline": {"word": 2}}
        ],
        "n_hunks": 1,
        "n_files": 1,
        "n_keystrokes": 100,
        "n_commits": 3,
        "held_out": False,
        "problems": ["binary files: 1"],
        "model": "default",
        "backend": "host",
        "settings": {"completion.max_lines": 50},
        "typist": {"name": "average", "mean_ms": 180.0},
        "seed": 1,
        "speed": {"overhead_ms": 10.0, "prefill_ms_per_token": 1.8, "decode_ms_per_token": 40.0},
        "machine": machine.describe(),
        "seconds": 12.0,
        "vs": None,
        **more,
    }


def test_the_page_of_a_replay() -> None:
    result = replayed()
    page = checked(replay_page(result))
    assert "33 % of the 9 texts that were shown were accepted" in page
    assert "p50 211" in page
    assert "n = 9" in page
    assert "took 1.07 of its simulated time" in page
    assert HOSTILE not in page
    assert page == replay_page(result)


def test_the_page_of_a_replay_that_showed_nothing_and_of_one_that_is_compared() -> None:
    nothing = replayed(
        shown=0, fates={}, precision=None, latencies_ms=[], by_confidence=[], latency_ms={"p50": None, "p95": None}
    )
    assert "Nothing was shown." in checked(replay_page(nothing))
    versus = {"name": HOSTILE, "n_hunks": 1, "keystrokes_saved": {"whole": DIFFERENCE}, "other": replayed()}
    assert "p = 0.012" in checked(replay_page(replayed(vs=versus)))


def test_the_drawing_of_typing() -> None:
    system = {"p50_ms": 300.0, "p95_ms": 900.0}
    result = {
        "systems": {
            "llama.cpp": system,
            "midspan": system,
            "transformers": {"missing": "not here"},
            "slow": {"p50_ms": 1.0, "p95_ms": None},
        },
        "ratio": {"llama.cpp": {"p50": 1.0, "p95": 1.0}, "slow": {"p50": None, "p95": None}},
    }
    svg = typing_svg(result)
    ElementTree.fromstring(svg)
    assert "midspan: 1.00" in svg
    assert "transformers" not in svg


def test_drawings_have_the_colour_of_the_text_around_them() -> None:
    svg = plots.forest([Row("a", 0.5, 0.4, 0.6)], "share, %", name="this")
    assert "currentColor" in svg
    assert "#000000" not in svg
