from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from model_folder import write_checkpoint

Midspan = Callable[..., "subprocess.CompletedProcess[str]"]


def test_model_is_added_listed_shown_and_removed(midspan: Midspan, tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "mine")
    assert "No model is here yet" in midspan("models").stdout

    assert midspan("models", "add", str(folder)).returncode == 0
    listed = midspan("models", "list").stdout
    shown = json.loads(midspan("models", "show", "mine", "--json").stdout)
    removed = midspan("models", "remove", "mine")

    assert any(line.startswith("mine ") and str(folder) in line for line in listed.splitlines())
    assert (shown["installed"], shown["path"], shown["problem"]) == (True, str(folder), "")
    assert removed.returncode == 0
    assert folder.exists()
    assert "No model is here yet" in midspan("models", "list").stdout


def test_list_for_programs(midspan: Midspan) -> None:
    listed = json.loads(midspan("models", "list", "--json").stdout)
    assert listed["installed"] == []
    qwen = next(model for model in listed["available"] if model["name"] == "qwen2.5-coder-0.5b")
    assert qwen["licence"] == "Apache-2.0"
    assert qwen["fits"] in ("well", "slow", "no")


def test_catalogue_entry_is_shown_before_it_is_here(midspan: Midspan) -> None:
    shown = midspan("models", "show", "mellum-4b").stdout
    assert "JetBrains/Mellum-4b-base" in shown
    assert "the newest at download" in shown


def test_damaged_model_is_listed_as_such(midspan: Midspan, isolated_dirs: Path) -> None:
    folder = isolated_dirs / "cache" / "midspan" / "models" / "broken"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{")

    done = midspan("models", "list")

    assert done.returncode == 0
    assert "damaged" in done.stdout
    assert midspan("models", "remove", "broken").returncode == 0
    assert not folder.exists()


def test_progress_lines_end_with_the_status(midspan: Midspan, tmp_path: Path) -> None:
    good = midspan("models", "add", str(write_checkpoint(tmp_path / "mine")), "--json")
    bad = midspan("models", "add", "nosuch", "--json")

    assert json.loads(good.stdout.splitlines()[-1])["status"] == "ok"
    assert json.loads(bad.stdout.splitlines()[-1])["status"] == "error"
    assert (good.returncode, bad.returncode) == (0, 1)
