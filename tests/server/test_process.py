"""The server as a process, with a scripted pipeline: how it starts, how it ends, what it keeps to itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from scripted_completer import Script

from midspan.completion.errors import SettingsError
from midspan.evaluation.harness import LspSession
from midspan.server.lifecycle import run_tcp

SERVER = [sys.executable, str(Path(__file__).parents[1] / "scripted_completer.py")]
URI = "file:///a.py"
ENDS_WITHIN = 2.0
"""Seconds: the requirement, not a measurement of speed."""


def framed(message: object) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def initialize(process_id: int | None = None) -> bytes:
    params: dict[str, object] = {"processId": process_id, "capabilities": {}}
    return framed({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})


SHUTDOWN = framed({"jsonrpc": "2.0", "id": 2, "method": "shutdown"})
EXIT = framed({"jsonrpc": "2.0", "method": "exit"})


def run(data: bytes) -> subprocess.CompletedProcess[bytes]:
    """Give the server bytes and then the end of its input."""
    return subprocess.run(SERVER, input=data, capture_output=True, timeout=30, check=False)


def start(**options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def read_message(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout is not None
    length = 0
    while line := process.stdout.readline().strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return json.loads(process.stdout.read(length))


pytestmark = pytest.mark.usefixtures("isolated_dirs")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (initialize() + SHUTDOWN + EXIT, 0),
        (initialize() + SHUTDOWN, 0),
        (initialize() + EXIT, 1),
        (initialize(), 1),
        (b"", 1),
        (EXIT, 1),
        (b"garbage", 1),
    ],
    ids=["shutdown-exit", "shutdown-eof", "exit", "eof", "nothing", "only-exit", "garbage"],
)
def test_exit_codes(data: bytes, code: int) -> None:
    ended = run(data)
    assert (ended.returncode, ended.stderr) == (code, b"")


async def test_a_whole_session(tmp_path: Path) -> None:
    async with await LspSession.start(SERVER, root=tmp_path) as session:
        session.open(URI, "python", "x = ")
        (item,) = await session.complete(URI)
        assert item["insertText"] == "x = hello"


def test_ends_when_its_input_ends_in_the_middle_of_work() -> None:
    process = start()
    assert process.stdin is not None
    process.stdin.write(initialize())
    process.stdin.flush()
    read_message(process)
    began = time.monotonic()
    process.stdin.write(b"Content-Length: 100\r\n\r\n{")
    process.stdin.close()
    assert process.wait(timeout=10) == 1
    assert time.monotonic() - began < ENDS_WITHIN
    assert process.stderr is not None
    assert process.stderr.read() == b""
    _close(process)


def test_ends_with_its_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    process = start()
    assert process.stdin is not None
    process.stdin.write(initialize(parent.pid))
    process.stdin.flush()
    read_message(process)
    assert process.poll() is None
    parent.kill()  # It stays a zombie, since nobody waits for it: not even its process id is free.
    began = time.monotonic()
    assert process.wait(timeout=10) == 1
    assert time.monotonic() - began < ENDS_WITHIN
    parent.wait()
    _close(process)


PARENT = """
import os, subprocess, sys
server = subprocess.Popen(sys.argv[2:], stdin=int(sys.argv[1]), stdout=subprocess.PIPE)
print(server.pid, flush=True)
server.stdout.read(1)
os._exit(0)
"""


@pytest.mark.skipif(os.name == "nt", reason="hands a pipe on by its number")
def test_ends_with_a_parent_that_dies_right_after_initialize() -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-c", PARENT, str(reading), *SERVER]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=[reading])
    assert parent.stdout is not None
    try:
        server = psutil.Process(int(parent.stdout.readline()))
        os.write(writing, initialize(parent.pid))
        parent.wait(timeout=30)
        server.wait(timeout=10)
    finally:
        os.close(reading)
        os.close(writing)
        parent.stdout.close()


def test_parent_that_cannot_be_seen_is_not_missed() -> None:
    process = start()
    assert process.stdin is not None
    process.stdin.write(initialize(2**22 + 1))
    process.stdin.flush()
    read_message(process)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2.5)
    process.stdin.write(SHUTDOWN + EXIT)
    process.stdin.flush()
    assert process.wait(timeout=10) == 0
    _close(process)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_when_told_by_a_signal(number: signal.Signals) -> None:
    process = start()
    assert process.stdin is not None
    process.stdin.write(initialize())
    process.stdin.flush()
    read_message(process)
    process.send_signal(number)
    assert process.wait(timeout=10) == 1
    assert process.stderr is not None
    assert process.stderr.read() == b""
    _close(process)


def test_ends_when_nobody_reads_its_output() -> None:
    process = start()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(initialize())
    process.stdin.flush()
    read_message(process)
    process.stdout.close()
    process.stdin.write(framed({"jsonrpc": "2.0", "id": 5, "method": "unheard/of"}))
    process.stdin.flush()
    assert process.wait(timeout=10) == 1
    process.stdin.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_prints_of_libraries_do_not_disturb_the_protocol(tmp_path: Path) -> None:
    """Whatever prints, in this process or a child of it, prints to nowhere."""
    program = f"""
import os, subprocess, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from scripted_completer import Script, load_settings
from midspan.server.app import MidspanServer
from midspan.server.lifecycle import run_stdio

script = Script()
async def prepare(progress):
    print("noise", flush=True)
    os.write(1, b"noise")
    subprocess.run([sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"])
    open({str(tmp_path / "done")!r}, "w").close()
script.prepare = prepare
sys.exit(run_stdio(lambda: MidspanServer(completer_factory=script.factory, load_settings=load_settings)))
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(initialize() + framed({"jsonrpc": "2.0", "method": "initialized", "params": {}}))
    process.stdin.flush()
    for _ in range(1000):
        if (tmp_path / "done").exists():
            break
        time.sleep(0.02)
    output, _ = process.communicate(SHUTDOWN + EXIT, timeout=20)
    assert process.returncode == 0
    assert b"noise" not in output
    assert output.count(b"Content-Length") == 2


def test_logs_to_a_file_only_when_there_is_something_to_say(isolated_dirs: Path) -> None:
    assert run(initialize() + SHUTDOWN + EXIT).returncode == 0
    assert not list(isolated_dirs.rglob("serve.log"))
    assert run(framed("hunter2") + SHUTDOWN + EXIT).returncode == 0
    (log_file,) = isolated_dirs.rglob("serve.log")
    log_text = log_file.read_text()
    assert "not a JSON object" in log_text
    assert "hunter2" not in log_text


def test_home_that_cannot_be_written_to(isolated_dirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = isolated_dirs / "a-file"
    blocked.touch()
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(name, str(blocked))
    ended = run(framed("x") + SHUTDOWN + EXIT)
    assert (ended.returncode, ended.stderr) == (0, b"")


async def test_tcp_gives_each_client_a_server_of_its_own() -> None:
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from scripted_completer import Script, load_settings
from midspan.server.app import MidspanServer
from midspan.server.lifecycle import run_tcp
make = lambda: MidspanServer(completer_factory=Script().factory, load_settings=load_settings)
sys.exit(run_tcp("127.0.0.1", 0, lambda port: print(port, flush=True), make))
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=subprocess.PIPE)
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    first = await LspSession.over(*await asyncio.open_connection("127.0.0.1", port))
    second = await LspSession.over(*await asyncio.open_connection("127.0.0.1", port))
    first.open(URI, "python", "x")
    assert len(await first.complete(URI)) == 1
    answer = await second.request("textDocument/inlineCompletion", first.completion_params(URI))
    assert answer == {"items": []}
    await first.close()
    second.open(URI, "python", "x")
    assert len(await second.complete(URI)) == 1
    await second.close()
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0


def ask_over_http(method: bytes, body: bytes) -> bytes:
    headers = b"Host: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n" % len(body)
    return method + b" / HTTP/1.1\r\n" + headers + b"\r\n" + body


MESSAGES = initialize() + framed({"jsonrpc": "2.0", "method": "initialized", "params": {}})


@pytest.mark.parametrize(
    "data",
    [
        ask_over_http(b"POST", MESSAGES),
        ask_over_http(b"GET", b""),
        ask_over_http(b"Content-Length", MESSAGES),
        b"\r\n" + MESSAGES,
        b"garbage",
        b"\x16\x03\x01",
    ],
    ids=["post", "get", "method-named-as-a-header", "empty-line", "garbage", "tls"],
)
@pytest.mark.parametrize("n_pieces", [1, 3])
async def test_port_closes_what_does_not_speak_lsp(listen: Any, script: Script, data: bytes, n_pieces: int) -> None:
    """Any web page can have a browser send an HTTP request to a port of this machine."""
    reader, writer = await asyncio.open_connection(*await listen())
    size = -(-len(data) // n_pieces)
    for start in range(0, len(data), size):
        writer.write(data[start : start + size])
        await asyncio.sleep(0.02)
    try:
        answer = await asyncio.wait_for(reader.read(), 20)
    except ConnectionError:  # It was closed with our bytes unread.
        answer = b""
    writer.close()
    assert answer == b""
    assert script.completers == []


@pytest.mark.parametrize("header", [b"Content-Length: ", b"content-length:", b"CONTENT-TYPE: x\r\nContent-Length: "])
async def test_port_takes_headers_in_pieces(listen: Any, header: bytes) -> None:
    reader, writer = await asyncio.open_connection(*await listen())
    body = initialize().partition(b"\r\n\r\n")[2]
    message = header + b"%d\r\n\r\n" % len(body) + body
    for piece in (message[:3], message[3:9], message[9:]):
        writer.write(piece)
        await asyncio.sleep(0.02)
    assert b"Content-Length" in await asyncio.wait_for(reader.read(100), 20)
    writer.close()
    await writer.wait_closed()


def test_tcp_beyond_loopback_is_refused() -> None:
    with pytest.raises(SettingsError, match="no access control"):
        run_tcp("0.0.0.0", 0, lambda port: None)


async def test_server_without_model_server_is_light(tmp_path: Path) -> None:
    """Until a document is completed the server has imported neither torch nor an HTTP client."""
    session = await LspSession.start(SERVER, root=tmp_path)
    assert session.process is not None
    process = psutil.Process(session.process.pid)
    loaded = {Path(mapped.path).name for mapped in process.memory_maps()}
    assert not [name for name in loaded if "torch" in name or "tree_sitter" in name or "_binding" in name]
    assert process.memory_info().rss < 100_000_000
    await session.close()


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        assert pipe is not None
        try:
            pipe.close()
        except BrokenPipeError:
            pass
