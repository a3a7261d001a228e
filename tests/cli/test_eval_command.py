"""`midspan eval` as a process with a scripted model server: Ctrl-C in the middle, repeated, with the same figures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from scripted_endpoint import scripted_endpoint

N_TASKS = 6
COMMAND = (sys.executable, "-P", "-m", "midspan.cli", "eval")


class Server:
    """Answers `value + N` of task N where N is even; once it is told to hang, it hangs at the fourth task."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.hangs = False
        self.is_hanging = threading.Event()
        self.may_go_on = threading.Event()

    def reply(self, prompt: str) -> str:
        number = next(i for i in range(N_TASKS) if f"step_{i}(" in prompt)
        self.prompts.append(prompt)
        if self.hangs and number == 3:
            self.is_hanging.set()
            self.may_go_on.wait(60)
        return f" value + {number}" if number % 2 == 0 else " None"


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    path = tmp_path / "steps.jsonl"
    rows = [
        {
            "id": str(i),
            "language": "python",
            "group": str(i % 3),
            "prefix": f"def step_{i}(value):\n    return ",
            "suffix": "\n",
            "answer": f"value + {i}",
            "tests": f"\nassert step_{i}(2) == {2 + i}\n",
        }
        for i in range(N_TASKS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def figures(path: Path) -> dict[str, Any]:
    """Return all that has to be equal in two runs of the same."""
    result: dict[str, Any] = json.loads(path.read_text())
    for measured in ("seconds", "machine", "records"):
        del result[measured]
    return result


def test_ctrl_c_and_the_same_command_again(tasks: Path, tmp_path: Path, isolated_dirs: Path) -> None:
    server = Server()
    with scripted_endpoint(server.reply) as endpoint:
        settings = ("--set", "backend.kind=openai", "--set", f"backend.endpoint={endpoint}", "--set", "backend.model=m")
        command = [*COMMAND, str(tasks), *settings, "--no-bits", "--no-run", "--json"]
        whole = subprocess.run([*command, "whole.json"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert whole.returncode == 0, whole.stderr
        assert "50.0 %" in whole.stdout

        server.hangs = True
        process = subprocess.Popen(
            [*command, "out.json"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert server.is_hanging.wait(60)
            os.kill(process.pid, signal.SIGINT)
            stdout, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()
            server.may_go_on.set()
        assert process.returncode == 130
        assert stdout == ""
        assert stderr.strip() == "Interrupted. Repeat the command to go on."
        assert not (tmp_path / "out.json").exists()

        server.hangs = False
        server.prompts.clear()
        again = subprocess.run([*command, "out.json"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert again.returncode == 0, again.stderr
        assert again.stderr == "Going on with out.records.jsonl: 3 of 6 tasks are done.\n"
        assert len(server.prompts) == 3
        assert again.stdout == whole.stdout
        assert figures(tmp_path / "out.json") == figures(tmp_path / "whole.json")


def test_a_server_that_is_not_there_is_one_line(tasks: Path, tmp_path: Path, isolated_dirs: Path) -> None:
    settings = ("--set", "backend.kind=openai", "--set", "backend.endpoint=http://127.0.0.1:9/v1")
    done = subprocess.run([*COMMAND, str(tasks), *settings], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("midspan: The model server at 127.0.0.1:9 cannot be reached")
    assert done.stderr.endswith("5 tasks in a row failed; repeat the command when that is mended.\n")
    assert done.stderr.count("\n") == 1


def test_baselines_are_shown_by_name(tasks: Path, tmp_path: Path, isolated_dirs: Path) -> None:
    done = subprocess.run(
        [*COMMAND, str(tasks), "--baseline"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    rows = {tuple(line.split()[:3]) for line in done.stdout.splitlines()}
    assert rows >= {("steps", str(N_TASKS), "empty"), ("steps", str(N_TASKS), "copy")}
