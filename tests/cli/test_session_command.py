"""`midspan session` as a command: what it prints and writes, its exit codes, and what it refuses."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import foreign_server
import pytest
from scripted_endpoint import scripted_endpoint

Midspan = Callable[..., "subprocess.CompletedProcess[str]"]

GOOD = "open a.py python\n  | x = ¦\nask\nexpect ghost ├foo┤\n"
BAD = "open a.py python\n  | x = ¦\nask\nexpect nothing\n"


def server(way: str = "list") -> str:
    return shlex.join([sys.executable, foreign_server.__file__, "foo", way])


@pytest.fixture
def scripts(isolated_dirs: Path) -> Path:
    folder = isolated_dirs / "scripts"
    folder.mkdir()
    for name, text in (("good", GOOD), ("bad", BAD), ("wrong", "open a.py python\n  | ¦\nask loudly\n")):
        (folder / f"{name}.session").write_text(text, "utf-8")
    return folder


def test_all_as_expected(midspan: Midspan, scripts: Path) -> None:
    good = str(scripts / "good.session")
    done = midspan("session", good, good, "--server", server())
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    first, second, last = done.stdout.splitlines()
    assert first.startswith(f"{good}: as expected (answers: 1, slowest: ")
    assert second.startswith(good)
    assert last == "2 of 2 sessions as expected"


def test_what_is_not_as_expected_is_shown_and_written(midspan: Midspan, scripts: Path, tmp_path: Path) -> None:
    good, bad, out = scripts / "good.session", scripts / "bad.session", tmp_path / "out.json"
    done = midspan("session", str(bad), str(good), "--server", server(), "--json", str(out))
    assert done.returncode == 1
    picture = f"{bad}:4: expected no ghost text\non screen:\n  | x = ¦├foo┤\n"
    assert done.stderr == picture
    assert done.stdout.endswith("1 of 2 sessions as expected\n")
    written = json.loads(out.read_text("utf-8"))
    assert written["server"] == server()
    assert [one["passed"] for one in written["sessions"]] == [False, True]
    assert written["sessions"][0]["problem"] + "\n" == picture
    assert all(one["latencies_ms"][0] >= 0 for one in written["sessions"])


def test_each_step_is_shown_on_request(midspan: Midspan, scripts: Path) -> None:
    good = scripts / "good.session"
    done = midspan("session", str(good), "--server", server(), "-v")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == [f"{good}:1: open a.py python", f"{good}:3: ask"]
    assert lines[2].endswith(" ms: ├foo┤")


def test_midspan_itself_with_settings_and_a_root(midspan: Midspan, scripts: Path, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = ", "utf-8")
    script = scripts / "disk.session"
    script.write_text("open a.py python\nask invoked until ghost\nexpect ghost ├foo┤\n", "utf-8")
    with scripted_endpoint(lambda prompt: "foo") as endpoint:
        values = ("backend.kind=openai", f"backend.endpoint={endpoint}", "backend.model=m", "backend.fim=suffix")
        settings = [word for value in values for word in ("--set", value)]
        done = midspan("session", str(script), "--root", str(tmp_path), *settings)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("wrong.session",), 2, "wrong.session:3: write `ask` or `ask invoked`"),
        (("good.session", "absent.session"), 2, "absent.session cannot be read: No such file"),
        (("good.session", "--server", "'"), 2, "--server"),
        (("good.session", "--server", " "), 2, "it names no program"),
        (("good.session", "--server", "/absent/server"), 1, "/absent/server cannot be started: No such file"),
        (("good.session", "--server", server("mute")), 1, "is no language server that begins"),
        (("good.session", "--set", "kind=line"), 2, "is not section.key=value"),
        (("good.session", "--json", "absent/out.json"), 1, "absent/out.json cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: tuple[str, ...], code: int, said: str, midspan: Midspan, scripts: Path
) -> None:
    words = [str(scripts / word) if word.endswith(".session") else word for word in arguments]
    done = midspan("session", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("midspan: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
