"""`midspan stats`: the record of what became of proposals, in figures."""

from __future__ import annotations

import json
import time
from pathlib import Path

from click.testing import CliRunner

from midspan.cli.stats import command
from midspan.completion.outcomes import Outcome, outcomes_file, write


def outcome(n: int, language: str, fate: str, n_taken: int, probability: float, kept: float | None = None) -> Outcome:
    now = time.time()
    facts = ("line", "automatic", "model", "default", 20, 1, 100.0 + n)
    return Outcome(str(n), now, language, *facts, probability=probability, fate=fate, n_taken=n_taken, kept_30=kept)


def test_figures_words_and_a_page(isolated_dirs: Path, tmp_path: Path) -> None:
    path = outcomes_file()
    assert str(path).startswith(str(isolated_dirs))
    rows = [outcome(n, "python", "accepted", 20, 0.95, 0.5) for n in range(3)]
    rows += [outcome(n, "python", "against", 0, 0.37) for n in range(3, 8)]
    rows += [outcome(n, "go", "typed", 0, 0.61) for n in range(8, 10)]
    write(rows, path, 90)
    out, html = tmp_path / "out.json", tmp_path / "out.html"
    done = CliRunner().invoke(command, ["--json", str(out), "--html", str(html)])
    assert done.exit_code == 0, done.output
    result = json.loads(out.read_text())
    assert (result["shown"], result["accepted"], result["rate"]) == (10, 3, 0.3)
    assert result["rate_ci95"][0] < 0.3 < result["rate_ci95"][1]
    assert result["by_language"]["python"]["rate"] == 0.375
    assert result["by_language"]["go"]["accepted"] == 0
    assert result["kept"] == {"30": 0.5, "120": None, "600": None}
    assert result["by_confidence"][9] == {"low": 0.9, "high": 1.0, "shown": 3, "accepted": 3}
    assert result["latency_ms"]["model"]["p50"] == 104.5
    assert "30.0 %" in done.output
    assert "50 % after 30 s" in done.output
    page = html.read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("<svg") == 5
    assert "http" not in page.replace("http://www.w3.org", "")


def test_nothing_yet(isolated_dirs: Path) -> None:
    done = CliRunner().invoke(command, [])
    assert (done.exit_code, done.output) == (0, "No proposal was on screen in the last 30 days.\n")


def test_a_damaged_record(isolated_dirs: Path) -> None:
    outcomes_file().parent.mkdir(parents=True)
    outcomes_file().write_bytes(b"nothing" * 1000)
    done = CliRunner().invoke(command, [])
    assert done.exit_code == 1
    assert "Delete it to begin anew" in done.output
