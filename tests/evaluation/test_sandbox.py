"""What a program that is run for its tests may do, and what it may not."""

from __future__ import annotations

import os
import socket
import subprocess
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
def nothing_is_left_behind(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    mine = set(psutil.Process().children(recursive=True))
    yield
    assert set(psutil.Process().children(recursive=True)) <= mine
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        ("import math, typing, collections\nassert math.gcd(4, 6) == 2", "passed"),
        ("import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()", "passed"),
        ("open('a.txt', 'w').write('x')\nassert open('a.txt').read() == 'x'", "passed"),
        ("import shutil\nopen('a', 'w').write('x')\nshutil.copy2('a', 'b')\nassert open('b').read() == 'x'", "passed"),
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
    # Filling the memory takes a while where other work goes on.
    assert run_program(program, "javascript", SHORT if outcome == "timeout" else Limits(seconds=60.0)) == outcome


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
        "import ctypes; assert ctypes.CDLL(None).shmget(0, 4096, 0o1600) >= 0",
        "import os; os.memfd_create('x')",
        "import os; os.mknod('disk', 0o60600, os.makedev(7, 0))",
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
    before = secret.stat()
    assert (
        run_program(f"import os; os.chmod({str(secret)!r}, 0); os.utime({str(secret)!r}, (1, 1))", "python") == "passed"
    )
    assert (secret.stat().st_mode, secret.stat().st_mtime) == (before.st_mode, before.st_mtime)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@needs_linux
def test_nobody_is_called() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        assert run_program(f"import socket; socket.create_connection(('127.0.0.1', {port}))", "python") == "failed"
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "step",
    [
        "open(f'f{i}', 'w').write('x' * 1_000_000)",
        "os.makedirs('a/b', exist_ok=True); open(f'a/b/f{i}', 'w').write('x' * 1_000_000)",
        "open(f'f{i}', 'w').close()",
        "os.mkdir('x' * 200); os.chdir('x' * 200)",
    ],
)
def test_a_folder_that_grows_is_stopped(step: str) -> None:
    program = f"import os\ni = 0\nwhile True:\n    i += 1\n    {step}"
    assert run_program(program, "python", Limits(seconds=60, folder_bytes=4_000_000)) == "failed"


def test_a_folder_that_is_hard_to_remove_is_removed() -> None:
    program = "import os\nos.mkdir('shut', 0)\nfor _ in range(1500):\n    os.mkdir('d'); os.chdir('d')"
    assert run_program(program, "python", Limits(seconds=60)) in ("passed", "failed")  # one who looks may see too deep


def output_of(program: str, **environment: str) -> str:
    command = [sys.executable, "-c", f"from midspan.evaluation.sandbox import *\n{program}"]
    done = subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_limits_that_the_user_has_already_stay() -> None:
    inner = "import resource; assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == 500_000"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))"
    assert output_of(f"{limit}\nprint(run_program({inner!r}, 'python'))") == "passed"


def test_an_interpreter_that_cannot_start_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "node").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "node").chmod(0o755)
    assert output_of("print(can_run('javascript'))", PATH=str(tmp_path)) == "False"


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
    assert "limits of time, memory, file size" in protections()
