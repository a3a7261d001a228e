"""What a program that is run for its tests may do, and what it may not."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from midspan.evaluation.sandbox import Limits, can_run, protections, run_program

SHORT = Limits(seconds=1.0)
needs_node = pytest.mark.skipif(not can_run("javascript"), reason="node is not on this machine")
needs_linux = pytest.mark.skipif(
    "seccomp" not in str(protections()) or "Landlock" not in str(protections()),
    reason="the kernel offers no seccomp or no Landlock here",
)


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    mine = set(psutil.Process().children(recursive=True))
    folders = set(Path(tempfile.gettempdir()).glob("midspan-run-*"))
    yield
    assert set(psutil.Process().children(recursive=True)) <= mine
    assert set(Path(tempfile.gettempdir()).glob("midspan-run-*")) <= folders


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        ("import math, typing, collections\nassert math.gcd(4, 6) == 2", "passed"),
        ("import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()", "passed"),
        ("open('a.txt', 'w').write('x')\nassert open('a.txt').read() == 'x'", "passed"),
        ("print('ä' * 1000)", "passed"),
        ("x = '''\ud800'''", "failed"),
        ("assert 1 == 2", "failed"),
        ("def f(:", "failed"),
        ("import sys; sys.exit(0)", "early-exit"),
        ("import os; os._exit(0)", "early-exit"),
        ("print('passed'); raise SystemExit", "early-exit"),
        ("import time; time.sleep(99)", "timeout"),
        ("while True: pass", "timeout"),
        ("while True: print('x' * 100_000)", "failed"),
        ("x = bytearray(4 << 30)", "failed"),
        ("def f(): f()\nf()", "failed"),
    ],
)
def test_how_a_program_ends(program: str, outcome: str) -> None:
    assert run_program(program, "python", SHORT if outcome == "timeout" else Limits()) == outcome


@needs_node
@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        ("const assert = require('assert'); assert([1, 2].map(x => x + 1)[0] === 2)", "passed"),
        ("require('assert')(false)", "failed"),
        ("process.exit(0)", "early-exit"),
        ("for (;;);", "timeout"),
        ("require('child_process').execSync('ls')", "failed"),
        ("const a = []; for (;;) a.push(Buffer.alloc(1 << 27, 1))", "failed"),
    ],
)
def test_how_a_javascript_program_ends(program: str, outcome: str) -> None:
    assert run_program(program, "javascript", SHORT if outcome == "timeout" else Limits()) == outcome


def test_a_language_that_cannot_be_run() -> None:
    assert not can_run("cobol")
    with pytest.raises(ValueError, match="cobol"):
        run_program("", "cobol")


@needs_linux
@pytest.mark.parametrize(
    "program",
    [
        "import os\nwhile True: os.fork()",
        "import os\nif os.fork() == 0: os.setsid()",
        "import subprocess; subprocess.run(['/bin/true'], check=True)",
        "import os; os.kill(os.getppid(), 9)",
        "import os; os.kill(0, 9)",
        "import os; os.kill(-1, 9)",
        "import resource; resource.prlimit(1, resource.RLIMIT_CPU, (1, 1))",
        "open('/etc/passwd').read()",
        "open('/proc/1/environ', 'rb').read()",
        "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0",
    ],
)
def test_what_is_forbidden(program: str) -> None:
    assert run_program(program, "python", SHORT) == "failed"


@needs_linux
def test_files_outside_of_its_folder_are_out_of_reach(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    assert run_program(f"open({str(secret)!r}).read()", "python") == "failed"
    assert run_program(f"open({str(tmp_path / 'new')!r}, 'w')", "python") == "failed"
    assert run_program(f"import os; os.remove({str(secret)!r})", "python") == "failed"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@needs_linux
def test_nobody_is_called() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        assert run_program(f"import socket; socket.create_connection(('127.0.0.1', {port}))", "python") == "failed"
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_folder_that_grows_is_stopped() -> None:
    program = "i = 0\nwhile True:\n    i += 1\n    open(f'f{i}', 'w').write('x' * 1_000_000)"
    assert run_program(program, "python", Limits(seconds=20, folder_bytes=4_000_000)) == "failed"


def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIDSPAN_API_KEY", "secret")
    program = "import os; assert 'MIDSPAN_API_KEY' not in os.environ and 'PYTHONPATH' not in os.environ"
    assert run_program(program, "python") == "passed"


def test_many_at_once() -> None:
    programs = ["assert True", "assert False"] * 6
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda program: run_program(program, "python"), programs))
    assert outcomes == ["passed", "failed"] * 6
    assert threading.active_count() < 10


@pytest.mark.skipif(sys.platform != "linux", reason="another kernel has other protections")
def test_protections_are_told() -> None:
    assert "limits of time, memory and file size" in protections()
    assert os.path.isdir(tempfile.gettempdir())
