"""`midspan replay` as a command, with a model server that knows what will be typed: comparisons, and Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from git_repository import GitRepository, digest
from scripted_endpoint import scripted_endpoint

Midspan = Callable[..., "subprocess.CompletedProcess[str]"]

STEP = "def step_{0}(value):\n    total = value + {0}\n    return total\n\n\n"
WHOLE = "".join(STEP.format(i) for i in range(6))


def rest_of_line(prompt: str) -> str:
    return WHOLE[len(prompt) :].split("\n")[0] if WHOLE.startswith(prompt) else ""


def made(folder: Path) -> Path:
    """Make a repository that grows to WHOLE, a function each commit."""
    repository = GitRepository.init(folder)
    for i in range(1, 7):
        repository.commit({"steps.py": "".join(STEP.format(k) for k in range(i))})
    return folder


@contextmanager
def arguments(repository: Path, reply: Callable[[str], str] = rest_of_line) -> Iterator[tuple[str, ...]]:
    """Serve a model, and give the arguments that replay a little of the repository with it."""
    with scripted_endpoint(reply) as address:
        settings = ("backend.kind=openai", f"backend.endpoint={address}", "backend.model=known", "backend.fim=suffix")
        options = tuple(word for setting in settings for word in ("--set", setting))
        yield ("replay", str(repository), "--keystrokes", "40", *options)


def result(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_compared_with_other_settings_and_with_an_earlier_run(midspan: Midspan, tmp_path: Path) -> None:
    repository = made(tmp_path / "r")
    before = digest(repository)
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    with arguments(repository) as replay:
        first = midspan(*replay, "--json", str(one), "--vs", "completion.max_lines=0")
        second = midspan(*replay, "--json", str(two), "--vs", str(one))
        refused = midspan(*replay, "--typist", "fast", "--vs", str(one))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "Against completion.max_lines=0 (the other)" in first.stdout

    saved, baseline = result(one)["keystrokes_saved"], result(one)["baseline"]
    assert saved["whole"] > max(0.3, baseline["whole"])
    for mode, difference in result(one)["vs"]["keystrokes_saved"].items():
        assert (difference["a"], difference["b"]) == (0.0, saved[mode])
    assert result(one)["vs"]["n_hunks"] == result(one)["n_hunks"]

    assert (result(two)["speed"], result(two)["hunks"]) == (result(one)["speed"], result(one)["hunks"])
    assert {one["difference"] for one in result(two)["vs"]["keystrokes_saved"].values()} == {0.0}

    assert refused.returncode == 1
    assert "replayed other places, or another typist" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert digest(repository) == before


@pytest.mark.parametrize("asks_to_end", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_a_request_to_end_ends_it(asks_to_end: int, isolated_dirs: Path, tmp_path: Path) -> None:
    repository, out = made(tmp_path / "r"), tmp_path / "out.json"
    asked, is_over = threading.Event(), threading.Event()

    def never(prompt: str) -> str:
        asked.set()
        is_over.wait(60)
        return ""

    with arguments(repository, never) as replay:
        command = [sys.executable, "-m", "midspan.cli", *replay, "--json", str(out)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert asked.wait(60)
            process.send_signal(asks_to_end)
            said, errors = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
            is_over.set()
    assert process.returncode == 130
    assert (said, errors.strip()) == ("", "")
    assert not out.exists()
