from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from model_folder import write_checkpoint

Midspan = Callable[..., "subprocess.CompletedProcess[str]"]

# Answers /healthz as a host does; the command line says "midspan", by which `clean` knows its own.
STAND_IN = """
import json, os, socket, sys
path = sys.argv[2]
if path.endswith(".sock"):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
else:
    server = socket.create_server(("127.0.0.1", 0))
    with open(path + ".new", "w") as file:
        json.dump({"port": server.getsockname()[1], "key": "k", "pid": os.getpid()}, file)
    os.replace(path + ".new", path)
body = json.dumps({"status": "ok", "model": "tiny", "pid": os.getpid()}).encode()
while True:
    connection, _ = server.accept()
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
    connection.close()
"""


@contextmanager
def host_at(path: Path, word: str) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, "-c", STAND_IN, word, str(path)])
    try:
        give_up = time.monotonic() + 20
        while not path.exists() and time.monotonic() < give_up:
            time.sleep(0.01)
        yield child
    finally:
        child.kill()
        child.wait()


def leave_things(isolated_dirs: Path) -> dict[str, Path]:
    """Make one of each thing that midspan leaves on a machine."""
    cache, state, runtime = (isolated_dirs / name / "midspan" for name in ("cache", "state", "runtime"))
    things = {
        "model": cache / "models" / "tiny" / "model.safetensors",
        "part": cache / "downloads" / "big.whl.part",
        "log": state / "log" / "host.log",
        "record": state / "outcomes.sqlite",
        "socket": runtime / "host-0123.sock",
        "lock": runtime / "host-0123.sock.lock",
        "endpoint": runtime / "host-4567.json",
        "settings": isolated_dirs / "config" / "midspan" / "config.toml",
    }
    runtime.mkdir(mode=0o700)
    for path in things.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    return things


def there(things: dict[str, Path]) -> set[str]:
    return {name for name, path in things.items() if path.exists()}


def test_everything_but_settings_goes(midspan: Midspan, isolated_dirs: Path) -> None:
    things = leave_things(isolated_dirs)

    done = midspan("clean", "--yes")

    assert done.returncode == 0, done.stderr
    assert there(things) == {"settings"}
    for name in ("cache", "state", "runtime"):
        assert not (isolated_dirs / name / "midspan").exists()
    assert midspan("clean").stdout == "There is nothing of midspan's to remove.\n"


def test_models_can_stay(midspan: Midspan, isolated_dirs: Path) -> None:
    things = leave_things(isolated_dirs)
    midspan("clean", "--yes", "--keep-models")
    assert there(things) == {"settings", "model"}


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_it_asks_first(midspan: Midspan, isolated_dirs: Path, answer: str) -> None:
    things = leave_things(isolated_dirs)
    done = midspan("clean", stdin=answer)
    assert done.returncode == 1
    assert "nothing was done" in done.stderr
    assert there(things) == things.keys()


def test_what_others_keep_beside_ours_stays(midspan: Midspan, isolated_dirs: Path, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "thesis.txt").write_text("precious")
    assert midspan("clean", "--yes", MIDSPAN_CACHE=str(tmp_path)).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_model_that_was_added_by_its_path_stays(midspan: Midspan, tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "mine")
    midspan("models", "add", str(folder))
    midspan("clean", "--yes")
    assert (folder / "model.safetensors").exists()


@pytest.mark.skipif(os.name != "posix", reason="Unix sockets")
@pytest.mark.parametrize("name", ["host-0123.sock", "host-0123.json"])
def test_running_host_is_ended(midspan: Midspan, isolated_dirs: Path, name: str) -> None:
    runtime = isolated_dirs / "runtime" / "midspan"
    runtime.mkdir(mode=0o700)
    with host_at(runtime / name, "midspan.host") as child:
        done = midspan("clean", "--yes")
        assert f"end the model host of tiny (process {child.pid})" in done.stdout
        assert child.wait(10) != 0
    assert not runtime.exists()


@pytest.mark.skipif(os.name != "posix", reason="Unix sockets")
def test_process_that_is_no_host_is_left_alone(midspan: Midspan, isolated_dirs: Path) -> None:
    runtime = isolated_dirs / "runtime" / "midspan"
    runtime.mkdir(mode=0o700)
    with host_at(runtime / "host-0123.sock", "something-else") as child:
        done = midspan("clean", "--yes")
        assert "could not be ended" in done.stderr
        assert child.poll() is None
