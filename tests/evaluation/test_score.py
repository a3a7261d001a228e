"""Exact match and edit similarity, also against the scorer that comes with the task sets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_data import reference_scorer, tasks_dir

from midspan.evaluation.baselines import BASELINES
from midspan.evaluation.sandbox import run_program
from midspan.evaluation.score import common_subsequence, edit_similarity, exact
from midspan.evaluation.tasks import load, sample

SMALL = st.text("ab\n", max_size=12)


@pytest.mark.parametrize(
    ("completion", "answer", "expected"),
    [
        ("a + b", "a + b", True),
        ("a + b\n", "a + b  ", True),
        (" a + b", "a + b", False),
        ("", "  ", False),
        ("  ", "  ", True),
        ("", "", True),
        ("\n", "", False),
    ],
)
def test_exact_match(completion: str, answer: str, expected: bool) -> None:
    assert exact(completion, answer) is expected


def test_edit_similarity() -> None:
    assert edit_similarity("", "") == 1
    assert edit_similarity("abc", "") == 0
    assert edit_similarity("abc  ", "abc") == 1
    assert edit_similarity("kitten", "sitting") == 2 * 4 / 13


@given(SMALL, SMALL)
def test_the_common_subsequence_is_the_textbooks(left: str, right: str) -> None:
    row = [0] * (len(right) + 1)
    for a in left:
        before = row
        row = [0]
        for i, b in enumerate(right):
            row.append(before[i] + 1 if a == b else max(before[i + 1], row[i]))
    assert common_subsequence(left, right) == row[-1]


def reference(path: Path, predictions: Path, *options: str) -> dict[str, float]:
    out = predictions.with_suffix(".out")
    command = [sys.executable, str(reference_scorer()), "--tasks", str(path), "--pred", str(predictions), *options]
    subprocess.run([*command, "--json", str(out)], check=True, capture_output=True)
    figures: dict[str, float] = json.loads(out.read_text())[0]
    return figures


@pytest.mark.parametrize("baseline", ["copy", "half right"])
def test_figures_are_the_reference_scorers(baseline: str, tmp_path: Path) -> None:
    for path in sorted(tasks_dir().glob("*.jsonl.gz")):
        tasks = load(path).tasks
        copy = BASELINES["copy"]
        texts = [copy(one) if baseline == "copy" or i % 2 else one.answer + " \n" for i, one in enumerate(tasks)]
        predictions = tmp_path / "predictions.jsonl"
        rows = ({"id": one.id, "completion": text} for one, text in zip(tasks, texts, strict=True))
        predictions.write_text("".join(json.dumps(row) + "\n" for row in rows))
        theirs = reference(path, predictions, "--no-exec")
        pairs = list(zip(texts, (one.answer for one in tasks), strict=True))
        ours = [sum(f(*pair) for pair in pairs) / len(pairs) for f in (exact, edit_similarity)]
        assert [100 * one for one in ours] == pytest.approx([theirs["em"], theirs["es"]], abs=0.01), path.name


def test_programs_end_as_with_the_reference_scorer(tmp_path: Path) -> None:
    path = tasks_dir() / "humaneval-infill-single.jsonl.gz"
    tasks = sample(load(path).tasks, 30, 1)
    texts = [BASELINES["copy"](one) if i % 2 else one.answer for i, one in enumerate(tasks)]
    predictions = tmp_path / "predictions.jsonl"
    rows = ({"id": one.id, "completion": text} for one, text in zip(tasks, texts, strict=True))
    predictions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    theirs = reference(path, predictions, "--only-predicted")
    ours = [
        run_program(one.prefix + text + one.suffix + one.tests, one.language)
        for one, text in zip(tasks, texts, strict=True)
    ]
    assert 100 * ours.count("passed") / len(tasks) == pytest.approx(theirs["pass@1"], abs=0.01)
    assert ours.count("passed") >= 15
