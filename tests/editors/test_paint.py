"""From a key to grey text on the screen, in real editors, beside the language server's own part of that time.

A benchmark, and asked for by name: `PAINT=1 make test-editors ARGS="-s -k paint"` (docs/benchmarks.md).
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from neovim_driver import binary, neovim
from neovim_with_midspan import MIDSPAN, ours
from vscode_driver import CHROMIUM, ENTRY, VSIX, code_server, play

pytestmark = [
    pytest.mark.skipif("PAINT" not in os.environ, reason="a benchmark: PAINT=1 asks for it"),
    pytest.mark.default_model,
    pytest.mark.timeout(600),
]

# Names that no model guesses: what is proposed goes away again and again, and comes back.
NAMES = "apple river zinc quartz mango tulip orbit kelp ivory jolt widget ferry gnome hazel lemon nylon pixel robin"
LINES = [f"{name}_{number} = len(names[:{number}])" for number, name in enumerate(NAMES.split())]
N_LINES = len(LINES)
BEFORE = "names = ['a', 'b']\nvalue = len(names)\n"
PATIENT = {"completion": {"deadline_ms": 5_000}}


@dataclass(frozen=True, slots=True)
class Painted:
    """When a key was pressed and when grey text that was not there before was on the screen, in seconds."""

    key: float
    painted: float


def wire(folder: Path) -> tuple[list[str], Path]:
    """Return a server's command whose answers are timed, and the log of them."""
    log = folder / "wire.jsonl"
    return [sys.executable, str(Path(__file__).parents[1] / "wire_clock.py"), str(log), *MIDSPAN], log


def report(editor: str, painted: list[Painted], log: Path) -> None:
    """Print how long it took, how much of that was the server's, and what the editor added (medians and spread)."""
    answers = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    rows: list[tuple[float, float]] = []
    for one in painted:
        between = [row for row in answers if row["n"] and one.key <= row["asked"] and row["answered"] <= one.painted]
        if between:
            rows.append((one.painted - one.key, between[-1]["answered"] - between[-1]["asked"]))
    assert len(rows) >= N_LINES // 3, f"{len(rows)} of {len(painted)}"
    total, server = zip(*rows, strict=True)
    added = [whole - part for whole, part in rows]
    print(f"\n{editor}: {len(rows)} times, milliseconds at the 10th, 50th and 90th percentile")
    for name, values in (("key to paint", total), ("the server's", server), ("added", added)):
        tenths = statistics.quantiles([1000 * value for value in values], n=10)
        print(f"  {name:14}{tenths[0]:8.1f}{tenths[4]:8.1f}{tenths[8]:8.1f}")


@pytest.mark.skipif(binary() is None, reason="needs Neovim")
def test_paint_in_neovim(short_dir: Path, own_host: dict[str, str]) -> None:
    file = short_dir / "inventory.py"
    file.write_text(BEFORE, "utf-8")
    command, log = wire(short_dir)
    painted: list[Painted] = []
    with neovim(file, short_dir, ours(PATIENT, command), own_host) as editor:
        editor.wait_for_server()
        offset = time.time() - time.monotonic()
        editor.terminal.write(b"Go")
        for row, line in enumerate(LINES, start=BEFORE.count("\n")):
            typed = ""
            for character in line:
                before = editor.terminal.screen()[row]
                key = time.time()
                typed += character
                editor.terminal.write(character.encode())
                try:
                    is_longer = editor.terminal.wait(
                        lambda screen, typed=typed, row=row: (
                            screen[row].startswith(typed)  # type: ignore[misc]
                            and len(screen[row]) > len(typed.rstrip()) + 1
                        ),
                        seconds=0.25,
                    )
                except TimeoutError:
                    continue
                if len(before) < len(typed):
                    painted.append(Painted(key, is_longer + offset))
                time.sleep(max(0.0, key + 0.25 - time.time()))
            editor.terminal.write(b"\r")
            time.sleep(0.2)
    report("Neovim", painted, log)


@pytest.mark.skipif(not ENTRY.exists() or CHROMIUM is None or not VSIX.exists(), reason="needs CODE_SERVER and all")
def test_paint_in_vscode(short_dir: Path, own_host: dict[str, str]) -> None:
    project = short_dir / "project"
    project.mkdir()
    (project / "inventory.py").write_text(BEFORE, "utf-8")
    command, log = wire(short_dir)
    program = short_dir / "midspan"
    program.write_text("#!/bin/sh\nexec " + " ".join(f"'{part}'" for part in command) + "\n")
    program.chmod(0o755)
    with code_server(short_dir / "vscode", own_host, machine={"midspan.path": str(program)}) as address:
        found = play("painting", address, project, short_dir, own_host, {"lines": LINES})
    assert "failed" not in found, found["failed"]
    report("VS Code", [Painted(one["key"] / 1000, one["painted"] / 1000) for one in found["painted"]], log)
