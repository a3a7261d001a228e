from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from midspan.cli.commands import NAMES

Midspan = Callable[..., "subprocess.CompletedProcess[str]"]


def test_help_names_every_command_and_the_first_steps(midspan: Midspan) -> None:
    done = midspan("--help")
    assert done.returncode == 0
    for name in (*NAMES, "midspan models add default", "_MIDSPAN_COMPLETE"):
        assert name in done.stdout


@pytest.mark.parametrize("name", [name for name in NAMES if name != "host"])
def test_every_command_has_help(midspan: Midspan, name: str) -> None:
    done = midspan(name, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: midspan {name}")


def test_version(midspan: Midspan) -> None:
    assert midspan("--version").stdout == f"midspan {version('midspan')}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["modles"], 2, 'There is no command "modles". Did you mean "models"? See `midspan --help`.'),
        (["models", "ad"], 2, "See `midspan models --help`."),
        (["models", "show"], 2, "Missing argument 'NAME'."),
        (["--nosuch"], 2, "No such option"),
        (["models", "show", "nosuch"], 1, "midspan models list"),
        (["models", "remove", "nosuch"], 1, "midspan models list"),
        (["models", "add", "nosuch"], 1, "midspan models list"),
        (["serve", "--tcp", "7040"], 2, "is not HOST:PORT"),
        (["serve", "--tcp", "0.0.0.0:0"], 1, "127.0.0.1"),
    ],
)
def test_error_is_one_line_with_what_to_do(midspan: Midspan, arguments: list[str], code: int, message: str) -> None:
    done = midspan(*arguments)
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.startswith("midspan: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


def test_debugging_shows_where_an_error_came_from(midspan: Midspan) -> None:
    done = midspan("models", "show", "nosuch", MIDSPAN_DEBUG="1")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ModelNotFound" in done.stderr


def test_no_arguments_teach(midspan: Midspan) -> None:
    done = midspan()
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: midspan")


def test_taken_port_is_said(midspan: Midspan) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = midspan("serve", "--tcp", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert "Choose another port" in done.stderr


def test_reader_that_went_away_is_no_error(isolated_dirs: Path) -> None:
    command = [sys.executable, "-m", "midspan.cli", "models", "list"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 1


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_interrupted_download_ends_with_130_and_no_traceback(isolated_dirs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {**os.environ, "PIP_INDEX_URL": f"http://127.0.0.1:{silent.getsockname()[1]}/simple", "NO_PROXY": "*"}
        command = [sys.executable, "-m", "midspan.cli", "models", "add", "default"]
        child = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        silent.settimeout(30)
        connection, _ = silent.accept()
        child.send_signal(signal.SIGINT)
        _, stderr = child.communicate(timeout=30)
        connection.close()
    assert child.returncode == 130
    assert "Traceback" not in stderr


@pytest.mark.parametrize("arguments", [["--stdio"], ["serve"], ["serve", "--stdio"]])
def test_editors_start_needs_no_command_line_library(arguments: list[str]) -> None:
    code = f"""
import sys
from midspan.cli import __main__
from midspan.server import lifecycle
lifecycle.run_stdio = lambda: print(sorted({{"click", "rich", "torch", "httpx2"}} & set(sys.modules))) or 7
sys.exit(__main__.run({arguments!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("[]\n", 7), done.stderr


def test_more_options_after_stdio_are_serves(midspan: Midspan) -> None:
    done = midspan("--stdio", "--clientProcessId=1", "--nosuch")
    assert "No such option '--nosuch'" in done.stderr
    assert "midspan serve --help" in done.stderr
