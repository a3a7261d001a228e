"""Model hosts that share a processor compute one after the other, in turn, and never wait for one that hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from midspan.host.turns import turns

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no turns on Windows")

WORK = """
import sys, time
from pathlib import Path
from midspan.host.turns import turns
turn = turns(Path(sys.argv[1]))
sys.stdin.readline()
for _ in range(20):
    with turn:
        began = time.monotonic()
        time.sleep(0.01)
        print(began, time.monotonic(), flush=True)
"""


def workers(folder: Path, n: int) -> list[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WORK, str(folder)]
    return [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(n)]


def test_hosts_compute_one_at_a_time_and_in_turn(tmp_path: Path) -> None:
    found = workers(tmp_path, 2)
    for one in found:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    units = sorted(
        (float(began), float(ended), number)
        for number, one in enumerate(found)
        for began, ended in (line.split() for line in one.communicate(timeout=30)[0].splitlines())
    )
    assert len(units) == 40
    assert all(first[1] <= second[0] for first, second in pairwise(units)), "two at once"
    # While both work, neither has to wait for two units of the other.
    numbers = [number for _, _, number in units]
    together = numbers[numbers.index(1 - numbers[0]) : len(numbers) - numbers[::-1].index(1 - numbers[-1])]
    assert sum(a == b for a, b in pairwise(together)) <= 2


def test_a_host_that_is_stopped_in_its_turn_is_not_waited_for(tmp_path: Path) -> None:
    (other,) = workers(tmp_path, 1)
    assert other.stdin is not None
    assert other.stdout is not None
    other.stdin.write("go\n")
    other.stdin.flush()
    other.stdout.readline()
    os.kill(other.pid, signal.SIGSTOP)
    try:
        turn = turns(tmp_path)
        began = time.monotonic()
        for _ in range(20):
            with turn:
                pass
        assert time.monotonic() - began < 5
    finally:
        os.kill(other.pid, signal.SIGCONT)
        other.communicate(timeout=30)


def test_a_host_that_dies_in_its_turn_leaves_it(tmp_path: Path) -> None:
    (other,) = workers(tmp_path, 1)
    other.communicate("go\n", timeout=30)
    with turns(tmp_path):
        pass


def test_where_nothing_can_be_written_nobody_waits(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with turns(tmp_path / "file" / "below"):
        pass


def test_a_link_in_the_place_of_a_lock_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / f"midspan-{os.getuid()}.door").symlink_to(target)
    with turns(tmp_path):
        pass
    assert not target.exists()
