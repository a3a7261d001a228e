"""`midspan complete` and `demo`: what they print, and what they say to bad input."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from model_folder import write_checkpoint
from raw_server import http, raw_server

from midspan.completion.backends.host_address import runtime_dir
from midspan.context.document import Document, Position

Midspan = Callable[..., "subprocess.CompletedProcess[str]"]

EXAMPLES = Path(__file__).parents[2] / "examples"
CODE = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    \n"
AT = "6:5"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "calc.py"
    path.write_text(CODE)
    return path


def check_refused(done: subprocess.CompletedProcess[str], message: str) -> None:
    """Check that the command ended with one line that says what is wrong, and nothing else."""
    assert done.returncode not in (0, 70)
    assert done.stdout == ""
    assert done.stderr.startswith("midspan: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("binary.py", b"x\0y", "binary"),
        ("latin.py", b"x = '\xe4'", "not UTF-8 text (byte 5)"),
        ("large.py", b"#" * 8_000_001, "too large"),
        ("many.py", b"#" * 2_000_001, "too large"),
    ],
)
def test_file_that_is_no_code(midspan: Midspan, tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    check_refused(midspan("complete", f"{tmp_path / name}:1:1"), message)


def test_sparse_file_is_not_read(midspan: Midspan, tmp_path: Path) -> None:
    with (tmp_path / "sparse.py").open("wb") as file:
        file.truncate(50_000_000)
    check_refused(midspan("complete", f"{tmp_path / 'sparse.py'}:1:1"), "too large")


def test_what_is_no_file(midspan: Midspan, tmp_path: Path) -> None:
    check_refused(midspan("complete", f"{tmp_path / 'nosuch.py'}:1:1"), "does not exist")
    check_refused(midspan("complete", f"{tmp_path}:1:1"), "not a regular file")
    check_refused(midspan("complete", f"{tmp_path / ('x' * 300)}:1:1"), "cannot be read")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.py")
        check_refused(midspan("complete", f"{tmp_path / 'pipe.py'}:1:1"), "not a regular file")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("8:1", "there is no line 8"),
        ("1:16", "there is no column 16"),
        ("0:1", "line and column from 1"),
        ("1:0", "line and column from 1"),
        ("1:-1", "line and column from 1"),
        ("1:x", "line and column from 1"),
        ("1:" + "9" * 5000, "line and column from 1"),
        ("1", "is not FILE:LINE:COLUMN"),
    ],
    ids=range(8),
)
def test_cursor_that_is_nowhere(midspan: Midspan, code: Path, place: str, message: str) -> None:
    check_refused(midspan("complete", f"{code}:{place}"), message)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_no_model(midspan: Midspan, code: Path, options: tuple[str, ...]) -> None:
    check_refused(midspan("complete", f"{code}:{AT}", *options), "midspan models add default")
    # The lock files of hosts stay (empty); no socket, and nothing beside the code.
    assert {path.suffix for path in runtime_dir().iterdir()} <= {".lock"}
    assert os.listdir(code.parent) == [code.name]


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (http("401 Unauthorized", '{"error": {"message": "key?"}}'), "api_key_env"),
        (http("200 OK", "<html>Welcome</html>", "text/html"), "127.0.0.1"),
        (http("302 Found", ""), "127.0.0.1"),
        (b"nonsense", "127.0.0.1"),
    ],
    ids=["401", "html", "redirect", "nonsense"],
)
async def test_endpoint_that_gives_no_completion(
    midspan: Midspan, code: Path, answer: bytes, message: str, options: tuple[str, ...]
) -> None:
    async with raw_server(lambda _: answer) as server:
        command = ("complete", f"{code}:{AT}", "--endpoint", server.endpoint, "--endpoint-model", "m", *options)
        done = await asyncio.to_thread(midspan, *command)
        assert server.requests
    check_endpoint_error(done, message, options)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_endpoint_that_is_down(midspan: Midspan, code: Path, options: tuple[str, ...]) -> None:
    done = midspan("complete", f"{code}:{AT}", "--endpoint", "http://127.0.0.1:9/v1", *options)
    check_endpoint_error(done, "Is it running?", options)


def check_endpoint_error(done: subprocess.CompletedProcess[str], message: str, options: tuple[str, ...]) -> None:
    if options:
        report = json.loads(done.stdout)
        assert report["items"] == []
        assert done.stderr == f"midspan: {report['error']}\n"
        done.stdout = ""
    check_refused(done, message)


@pytest.mark.parametrize("address", ["nonsense", "http://host:abc/v1", "ftp://127.0.0.1/v1"])
def test_endpoint_that_is_no_address(midspan: Midspan, code: Path, address: str) -> None:
    check_refused(midspan("complete", f"{code}:{AT}", "--endpoint", address), "backend.endpoint")


def test_unknown_format(midspan: Midspan, code: Path) -> None:
    command = ("complete", f"{code}:{AT}", "--endpoint", "http://127.0.0.1:9/v1", "--fim", "nosuch")
    check_refused(midspan(*command), "backend.fim is `nosuch`")


async def answered(midspan: Midspan, place: str, *options: str, **environment: str) -> Any:
    """Complete with a model server that always says `return a - b`."""
    choice = {"index": 0, "text": "return a - b", "finish_reason": "stop"}
    events = f"data: {json.dumps({'choices': [choice]})}\n\ndata: [DONE]\n\n"
    async with raw_server(lambda _: http("200 OK", events, "text/event-stream")) as server:
        command = ("complete", place, "--endpoint", server.endpoint, "--fim", "suffix", *options)
        return await asyncio.to_thread(lambda: midspan(*command, **environment))


async def test_ghost_text_is_marked_where_there_are_no_styles(midspan: Midspan, code: Path) -> None:
    done = await answered(midspan, f"{code}:{AT}")
    assert done.returncode == 0, done.stderr
    assert "    6 │     ├return a - b┤\n" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


async def test_output_that_cannot_hold_the_marks(midspan: Midspan, code: Path) -> None:
    done = await answered(midspan, f"{code}:{AT}", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "?return a - b?" in done.stdout


async def test_file_cannot_command_the_terminal(midspan: Midspan, code: Path) -> None:
    code.write_bytes(CODE.replace("\n", "\r\n").replace("def sub", "# \x1b]0;owned\x07\x9b2J\r\ndef sub").encode())
    done = await answered(midspan, f"{code}:7:5")
    assert "    7 │     ├return a - b┤\n" in done.stdout
    assert not set("\x1b\x07\x9b\r") & set(done.stdout)


async def test_explain(midspan: Midspan, code: Path) -> None:
    done = await answered(midspan, f"{code}:{AT}", "--explain")
    assert "One block is offered." in done.stdout
    assert "milliseconds: context" in done.stdout


async def test_name_that_is_not_unicode(midspan: Midspan, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/n\xff.py"
    try:
        Path(os.fsdecode(path)).write_text(CODE)
    except OSError:
        pytest.skip("file names are Unicode here")
    done = await answered(midspan, f"{os.fsdecode(path)}:{AT}", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [item["text"] for item in json.loads(done.stdout)["items"]] == ["return a - b"]


def test_model_beside_us_is_found(midspan: Midspan, isolated_dirs: Path, code: Path) -> None:
    """The host runs in another folder; it gets the whole path, and says what is wrong with this one."""
    pytest.importorskip("torch")
    folder = write_checkpoint(isolated_dirs / "work" / "mine")
    (folder / "tokenizer.json").unlink()
    for name in ("./mine", "mine"):
        done = midspan("complete", f"{code}:{AT}", "--model", name)
        check_refused(done, str(folder))


@pytest.mark.default_model
@pytest.mark.parametrize("cursor", json.loads((EXAMPLES / "cursors.json").read_text()), ids=lambda one: one["file"])
def test_json_of_the_default_model(shared_host: dict[str, str], cursor: dict[str, Any]) -> None:
    path = EXAMPLES / cursor["file"]
    place = f"{path}:{cursor['line']}:{cursor['column']}"
    command = [sys.executable, "-m", "midspan.cli", "complete", place, "--json"]
    done = subprocess.run(command, env=shared_host, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told.keys() >= {"items", "model", "backend", "source", "verdict", "timing_ms", "tokens", "dropped", "error"}
    assert told["timing_ms"].keys() >= {"context", "prompt", "first_token", "model", "shape", "total"}
    assert told["tokens"].keys() >= {"prompt", "reused", "generated"}
    assert told["items"]
    before = Document.open(path.as_uri(), "", 0, path.read_text("utf-8"))
    for item in told["items"]:
        assert item.keys() >= {"text", "range", "score", "kind", "id"}
        start, end = (before.offset_at(Position(**item["range"][side])) for side in ("start", "end"))
        assert n_errors(before.replace(start, end, item["text"])) <= n_errors(before)


def n_errors(document: Document) -> int:
    """Count the places where the document does not parse."""
    assert document.tree is not None
    nodes, found = [document.tree.root_node], 0
    while nodes:
        node = nodes.pop()
        found += node.is_error or node.is_missing
        nodes += node.children
    return found


@pytest.mark.parametrize("content", [None, "{", "3", '[{"file": "a.py"}]', "[3]"])
def test_demo_without_proper_cursors(midspan: Midspan, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "cursors.json").write_text(content)
    check_refused(midspan("demo", str(tmp_path)), "cursors.json")
