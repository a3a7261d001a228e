"""`midspan eval`, `replay`, `session` and `bench typing` as commands: what they print, write, and refuse."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from git_repository import GitRepository, digest

from midspan.cli.measuring import progress

MIDSPAN = (sys.executable, "-P", "-m", "midspan.cli")


def midspan(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [*MIDSPAN, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=240, check=False)


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    rows = [
        {
            "id": str(i),
            "language": "python",
            "prefix": "value = 1\nva",
            "suffix": "\n",
            "answer": "lue = 1",
            "tests": "assert value == 1",
        }
        for i in range(3)
    ]
    path = tmp_path / "small.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_baselines_with_everything_written(tasks: Path, tmp_path: Path, isolated_dirs: Path) -> None:
    out, html, predictions = tmp_path / "out.json", tmp_path / "out.html", tmp_path / "p.jsonl"
    done = midspan("eval", tasks, "--baseline", "--json", out, "--html", html, "--predictions", predictions)
    assert done.returncode == 0, done.stderr
    assert "small" in done.stdout
    result = json.loads(out.read_text())
    assert result["sets"]["small"]["baselines"]["copy"]["pass_at_1"] == 1.0
    assert html.read_text().startswith("<!DOCTYPE html>")
    assert [json.loads(line)["id"] for line in predictions.read_text().splitlines()] == ["0", "1", "2"]
    again = midspan("eval", tasks, "--baseline", "--vs", out)
    assert again.returncode == 0, again.stderr
    assert "Against" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("eval", "absent.jsonl", "--baseline"), "absent.jsonl is not a file"),
        (("eval", "small.jsonl", "--baseline", "--json", "absent/out.json"), "absent/out.json cannot be written"),
        (("eval", "small.jsonl", "--baseline", "--raw"), "give one of them"),
        (("eval", "small.jsonl", "--set", "max_lines=0"), "is not section.key=value"),
        (("eval", "small.jsonl", "--set", "completion.max_line=0"), "Did you mean `max_lines`?"),
        (
            ("eval", "small.jsonl", "--baseline", "--vs", "absent.json"),
            "neither a file of an earlier run nor KEY=VALUE",
        ),
        (("eval", "small.jsonl", "--baseline", "--vs", "small.jsonl"), "is no run of `midspan eval`"),
        (("replay", "."), "holds nothing that could be typed"),
        (("replay", "absent"), "does not exist"),
        (("replay", ".", "--vs", "small.jsonl"), "small.jsonl is no result"),
        (("bench", "typing", "--set", "completion.max=0"), "is no setting"),
        (("bench", "typing", "--set", "backend.kind=openai"), "leave out backend.kind"),
        (("bench", "typing", "--set", "completion.enabled=false"), "Nothing is asked while typing"),
        (("session", "absent.session"), "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: tuple[str, ...], said: str, tasks: Path, isolated_dirs: Path
) -> None:
    done = midspan(*arguments, cwd=tasks.parent)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("midspan: ")


def test_a_run_that_is_killed_goes_on(tmp_path: Path, isolated_dirs: Path) -> None:
    rows = [
        {
            "id": str(i),
            "language": "python",
            "prefix": "",
            "suffix": "\n",
            "answer": "x",
            "tests": f"import time\ntime.sleep({0 if i < 3 else 0.5})\n",
        }
        for i in range(8)
    ]
    path = tmp_path / "slow.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    records = tmp_path / "out.records.jsonl"
    command = [*MIDSPAN, "eval", str(path), "--baseline", "--json", str(tmp_path / "out.json"), "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    give_up = time.monotonic() + 60
    while not records.exists() or len(records.read_bytes().splitlines()) < 4:
        assert process.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "Going on with" in done.stderr
    resumed = json.loads((tmp_path / "out.json").read_text())
    whole = midspan("eval", path, "--baseline", "--json", tmp_path / "whole.json")
    assert whole.returncode == 0
    expected = json.loads((tmp_path / "whole.json").read_text())
    assert resumed["sets"] == expected["sets"]


@pytest.mark.default_model
def test_a_replay_with_the_default_model(
    tmp_path: Path, shared_host: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shared_host.items():
        monkeypatch.setenv(name, value)
    repository = GitRepository.init(tmp_path / "r")
    body = "step_{0} = {0}\nuse(step_{0})\n\n\n"
    for i in range(1, 7):
        repository.commit({"steps.py": "".join(body.format(k) for k in range(i))})
    before = digest(repository.folder)
    results = []
    for name in ("one", "two"):
        out, html = tmp_path / f"{name}.json", tmp_path / f"{name}.html"
        short = ("--set", "completion.max_line_tokens=6", "--set", "completion.max_block_tokens=6")
        done = midspan("replay", repository.folder, "--keystrokes", "20", *short, "--json", out, "--html", html)
        assert done.returncode == 0, done.stderr
        assert "keystrokes saved" in done.stdout
        results.append(json.loads(out.read_text()))
    for result in results:
        for measured in ("measured_latency_ms", "measured_over_simulated", "seconds", "machine"):
            del result[measured]
    # How much of a prompt the host still knows depends, rarely, on what it got read while nothing was asked.
    work = [[result.pop(key) for key in ("tokens_per_saved_keystroke", "model_busy")] for result in results]
    assert all(one <= 2 * other for one, other in zip(*work, strict=True))
    assert all(other <= 2 * one for one, other in zip(*work, strict=True))
    assert results[0] == results[1]
    assert results[0]["n_hunks"] >= 1
    assert digest(repository.folder) == before


@pytest.mark.default_model
def test_typing_is_measured_although_a_peer_is_missing(tmp_path: Path) -> None:
    out, svg = tmp_path / "out.json", tmp_path / "out.svg"
    how = ("--segments", "1", "--keys", "16", "--against", "vim")
    done = midspan("bench", "typing", *how, "--json", out, "--svg", svg)
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    assert list(result["systems"]) == ["midspan", "vim"]
    assert "no peer of this name" in result["systems"]["vim"]["missing"]
    assert (result["n_keystrokes"], result["settings"]["completion.deadline_ms"]) == (16, 45_000)
    # What an earlier answer covers asks no model, so there may be no key of both kinds.
    assert result["n_looks"] <= result["n"]
    assert 1 <= result["n"] <= 16
    assert result["systems"]["midspan"]["cpu_s"] > 0
    assert svg.read_text().lstrip().startswith("<")


@pytest.mark.default_model
def test_an_evaluation_with_the_default_model(
    tasks: Path, shared_host: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in shared_host.items():
        monkeypatch.setenv(name, value)
    results: list[dict[str, float]] = []
    for way in ((), ("--raw",), ()):
        out = tmp_path / f"{len(results)}.json"
        done = midspan("eval", tasks, "--limit", "2", *way, "--json", out)
        assert done.returncode == 0, done.stderr
        results.append(json.loads(out.read_text())["sets"]["small"])
    assert results[0] == results[2]
    for result in results:
        assert (result["n"], result["errors"]) == (2, 0)
        assert 0 < result["bits_per_char"] < 3


@pytest.mark.skipif(sys.platform == "win32", reason="there, SIGTERM ends a process at once")
def test_a_request_to_end_cuts_into_nothing() -> None:
    finished: list[str] = []

    def callback() -> None:
        signal.raise_signal(signal.SIGTERM)
        finished.append("the callback")

    async def measure() -> None:
        asyncio.get_running_loop().call_soon(callback)
        try:
            await asyncio.sleep(60)
        finally:
            finished.append("the task")

    with pytest.raises(KeyboardInterrupt), progress():
        asyncio.run(measure())
    assert finished == ["the callback", "the task"]
