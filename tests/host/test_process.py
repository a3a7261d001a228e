"""The host as a real process with a tiny model: its wire, its lock, its ends (docs/protocol.md)."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines import checkpoint
from host_process import HostProcess, running

MODEL = str(checkpoint("qwen2"))
HOLE = {"suffix": "\n", "midspan": {"kind": "block", "session": "s"}}


@pytest.fixture(scope="module")
def host() -> Iterator[HostProcess]:
    """One host for the tests that leave it as it is."""
    with tempfile.TemporaryDirectory(prefix="ms-") as folder, start(Path(folder)) as started:
        started.wait_until("ok")
        yield started


def start(folder: Path, *more: str):  # type: ignore[no-untyped-def]
    arguments = ("--socket", str(folder / "s"), "--model", MODEL, "--dtype", "float32", "--threads", "1")
    return running(folder, *arguments, *more)


def test_health_says_what_runs(host: HostProcess) -> None:
    health = host.health()
    assert health["status"] == "ok"
    assert (health["device"], health["dtype"]) == ("cpu", "float32")
    assert health["fim"] == {"line": "qwen", "block": "qwen"}
    assert health["pid"] == host.process.pid


def test_the_socket_is_for_this_user_only(host: HostProcess) -> None:
    assert host.socket
    mode = Path(host.socket).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_models_lists_the_one(host: HostProcess) -> None:
    assert [model["id"] for model in host.get("/v1/models").json()["data"]] == ["tiny-qwen2"]


def test_a_whole_answer(host: HostProcess) -> None:
    reply = host.complete("def area(self", max_tokens=6, logprobs=1, **HOLE)
    assert reply.status == 200
    data = reply.json()
    (choice,) = data["choices"]
    logprobs = choice["logprobs"]
    assert data["object"] == "text_completion"
    assert choice["finish_reason"] in ("stop", "length")
    assert len(logprobs["tokens"]) == len(logprobs["token_logprobs"]) == len(logprobs["text_offset"])
    assert all(value <= 0 for value in logprobs["token_logprobs"])
    assert data["usage"]["total_tokens"] == data["usage"]["prompt_tokens"] + data["usage"]["completion_tokens"]
    assert set(data["midspan"]["timing_ms"]) == {"queue", "prompt", "first_token", "model"}


def test_a_streamed_answer_is_the_whole_one_in_pieces(host: HostProcess) -> None:
    whole = host.complete("def area(self", max_tokens=6, logprobs=1, **HOLE).json()
    reply = host.complete("def area(self", max_tokens=6, logprobs=1, stream=True, **HOLE)
    *events, last, done = reply.events()
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert done == "[DONE]"
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"]
    choices = [choice for event in events for choice in event["choices"]]
    assert "".join(choice["text"] for choice in choices) == whole["choices"][0]["text"]
    assert [choice["finish_reason"] is not None for choice in choices] == [False] * (len(choices) - 1) + [True]
    offsets = [offset for choice in choices for offset in choice["logprobs"]["text_offset"]]
    assert offsets == whole["choices"][0]["logprobs"]["text_offset"]


def test_the_likeliest_tokens_at_each_place(host: HostProcess) -> None:
    choice = host.complete("def area(self", max_tokens=6, logprobs=4, **HOLE).json()["choices"][0]["logprobs"]
    assert len(choice["top_logprobs"]) == len(choice["tokens"]) > 0
    for token, logprob, likeliest in zip(
        choice["tokens"], choice["token_logprobs"], choice["top_logprobs"], strict=True
    ):
        assert 1 <= len(likeliest) <= 4
        assert likeliest[token] == logprob == max(likeliest.values())  # the likeliest one was written


def test_several_candidates(host: HostProcess) -> None:
    choices = host.complete("def area(self", max_tokens=5, n=3, **HOLE).json()["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    assert all(choice["logprobs"] is None for choice in choices)


def test_a_session_reuses_what_it_has_read(host: HostProcess) -> None:
    body = {"max_tokens": 2, "suffix": "\n", "midspan": {"session": "reuse"}}
    first = host.complete("def area(self, radius):", **body).json()["usage"]
    second = host.complete("def area(self, radius):\n", **body).json()["usage"]
    assert first["prompt_tokens_details"]["cached_tokens"] == 0
    assert second["prompt_tokens_details"]["cached_tokens"] > 3


def test_text_and_ids_are_continued_as_they_stand(host: HostProcess) -> None:
    by_text = host.complete("for", max_tokens=3, temperature=0).json()
    by_ids = host.complete([1, 2, 3], max_tokens=3, temperature=0).json()
    assert by_text["usage"]["completion_tokens"] <= 3
    assert by_ids["usage"]["prompt_tokens"] == 3


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "JSON object"),
        (b'{"prompt": "a", "logprobs": 17}', "logprobs"),
        (b'{"prompt": "a", "logprobs": "all"}', "logprobs"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ({}, "`prompt`"),
        ({"prompt": 1}, "`prompt`"),
        ({"prompt": ["a", "b"]}, "`prompt`"),
        ({"prompt": [1, -1]}, "`prompt`"),
        ({"prompt": [99999]}, "vocabulary"),
        ({"prompt": [1], "suffix": "x"}, "`prompt`"),
        ({"prompt": "", "suffix": 5}, "`suffix`"),
        ({"prompt": "", "max_tokens": "8"}, "`max_tokens`"),
        ({"prompt": "", "max_tokens": True}, "`max_tokens`"),
        ({"prompt": "", "max_tokens": -1}, "`max_tokens`"),
        ({"prompt": "", "n": 0}, "`n`"),
        ({"prompt": "", "n": 1000}, "`n`"),
        ({"prompt": "", "temperature": 3}, "`temperature`"),
        (b'{"prompt": "", "temperature": NaN}', "`temperature`"),
        ({"prompt": "", "stream": "yes"}, "`stream`"),
        ({"prompt": "", "stop": [""]}, "`stop`"),
        ({"prompt": "", "stop": ["x"] * 17}, "`stop`"),
        ({"prompt": "", "echo": True}, "`echo`"),
        ({"prompt": "", "midspan": "line"}, "`midspan`"),
        ({"prompt": "", "midspan": {"kind": "file"}}, "`midspan.kind`"),
        ({"prompt": "", "midspan": {"session": 3}}, "`midspan.session`"),
        ({"prompt": "", "midspan": {"deadline_ms": "soon"}}, "`midspan.deadline_ms`"),
        ({"prompt": "", "midspan": {"snippets": [{"path": "a"}]}}, "`midspan.snippets.text`"),
        ({"prompt": "", "midspan": {"snippets": ["a"]}}, "`midspan.snippets`"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_bad_request_is_told_what_is_wrong(host: HostProcess, body: object, words: str, stream: bool) -> None:
    if isinstance(body, dict):
        body = {"stream": stream, **body}
    reply = host.post("/v1/completions", body)
    assert reply.status == 400, reply.body
    error = reply.json()["error"]
    assert words in error["message"]
    assert set(error) == {"message", "type", "code"}


def test_another_model_is_not_here(host: HostProcess) -> None:
    assert host.complete("x", model="gpt-9").status == 404
    assert host.complete("x", model="tiny-qwen2", max_tokens=1).status == 200
    assert host.complete("x", model=MODEL, max_tokens=1).status == 200


def test_a_body_over_the_limit_is_refused(host: HostProcess) -> None:
    reply = host.post("/v1/completions", json.dumps({"prompt": "x" * 8_000_001}).encode())
    assert reply.status == 413
    assert host.health()["status"] == "ok"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 404), ("GET", "/v1/completions", 405)])
def test_what_is_not_there_is_said_in_the_same_shape(host: HostProcess, method: str, path: str, status: int) -> None:
    reply = host.get(path)
    assert reply.status == status
    assert "message" in reply.json()["error"]


def test_lone_surrogates_and_sentinels_in_text_are_text(host: HostProcess) -> None:
    body = b'{"prompt": "a\\ud800<|fim_middle|><|endoftext|>", "suffix": "\\udfff", "max_tokens": 2, "midspan": {}}'
    assert host.post("/v1/completions", body).status == 200


def test_a_deadline_that_is_over_gives_an_empty_answer(host: HostProcess) -> None:
    (choice,) = host.complete("x = ", midspan={"deadline_ms": 0}).json()["choices"]
    assert (choice["text"], choice["finish_reason"]) == ("", "length")


@pytest.mark.parametrize("stream", [False, True])
def test_closing_the_connection_stops_the_work(host: HostProcess, stream: bool) -> None:
    """A long answer is left: the engine has to stop far before its end."""
    before = host.health()["work"]
    body = {"prompt": "def area(self", "n": 16, "max_tokens": 400, "temperature": 2, "stream": stream}
    connection = host.connect()
    connection.request("POST", "/v1/completions", json.dumps(body))
    host.wait_for_work("units", before["units"] + 3)
    connection.close()
    host.wait_for_work("cancelled", before["cancelled"] + 1)
    work = host.health()["work"]
    assert work["finished"] == before["finished"]
    units = work["units"]
    assert host.complete("x", max_tokens=1).status == 200
    assert host.health()["work"]["units"] <= units + 3


def test_a_second_host_on_the_same_socket_leaves_at_once(host: HostProcess) -> None:
    assert host.socket
    second = run("--socket", host.socket, "--model", MODEL)
    assert second.returncode == 75
    assert one_line(second.stderr)
    assert host.health()["status"] == "ok"


def test_after_a_kill_the_next_host_takes_over(short_dir: Path) -> None:
    with start(short_dir) as first:
        first.wait_until_answers()
        first.end(signal.SIGKILL)
        assert (short_dir / "s").exists()
        with start(short_dir) as second:
            second.wait_until("ok")
            assert second.complete("x", max_tokens=1).status == 200
            assert second.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_the_socket_is_gone(short_dir: Path, number: int) -> None:
    with start(short_dir) as host:
        host.wait_until_answers()
        assert host.end(number) == 0
        assert not (short_dir / "s").exists()
        assert "Traceback" not in host.stderr


def test_a_signal_ends_an_answer_that_is_under_way(short_dir: Path) -> None:
    with start(short_dir) as host:
        host.wait_until("ok")
        connection = host.connect()
        body = {"prompt": "def area(self", "n": 16, "max_tokens": 400, "temperature": 2, "stream": True}
        connection.request("POST", "/v1/completions", json.dumps(body))
        host.wait_for_work("units", 3)
        assert host.end() == 0
        assert b"[DONE]" not in connection.getresponse().read()
        connection.close()


def test_nobody_asks_and_it_ends(short_dir: Path) -> None:
    with start(short_dir, "--idle-minutes", "0.02") as host:
        assert host.exit_code() == 0
        assert not (short_dir / "s").exists()


def test_while_the_model_loads_health_is_answered_and_requests_wait(short_dir: Path) -> None:
    with start(short_dir) as host:
        host.wait_until_answers()
        early = host.complete("x", midspan={"deadline_ms": 1})
        assert early.status in (200, 503)
        if early.status == 503:
            assert early.headers["retry-after"]
        assert host.complete("x", max_tokens=1).status == 200


def test_tcp_asks_for_a_key_when_it_has_one(short_dir: Path) -> None:
    key_file = short_dir / "keys"
    key_file.write_text("# the team's\nsecret-one\nsecret-two\n")
    arguments = ("--listen", "127.0.0.1:0", "--model", MODEL, "--key-file", str(key_file))
    with running(short_dir, *arguments) as host:
        host.wait_until("ok")
        assert host.complete("x", max_tokens=1).status == 401
        assert host.get("/v1/models", Authorization="Bearer secret").status == 401
        assert host.get("/v1/models", Authorization="Basic secret-one").status == 401
        assert host.get("/v1/models", Authorization="Bearer secret-two").status == 200
        reply = host.post("/v1/completions", {"prompt": "x", "max_tokens": 1}, Authorization="Bearer secret-one")
        assert reply.status == 200
        assert "secret" not in host.stderr


def test_an_endpoint_file_tells_the_port_and_the_key_that_every_route_asks_for(short_dir: Path) -> None:
    file = short_dir / "e.json"
    file.write_text('{"port": 1, "key": "of a host that died", "pid": 1}')
    with running(short_dir, "--endpoint-file", str(file), "--model", MODEL, "--dtype", "float32") as host:
        host.wait_until("ok")
        told = host.endpoint()
        assert told["pid"] == host.process.pid
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        for wrong in ("", "Bearer", "Bearer x", f"Bearer {told['key'][:-1]}", f"Basic {told['key']}"):
            assert host.get("/healthz", Authorization=wrong).status == 401
            assert host.get("/v1/models", Authorization=wrong).status == 401
            assert host.post("/v1/completions", {"prompt": "x"}, Authorization=wrong).status == 401
        assert host.complete("x", max_tokens=1).status == 200
        second = run("--endpoint-file", str(file), "--model", MODEL)
        assert second.returncode == 75
        assert host.endpoint() == told
        assert host.end() == 0
        assert sorted(path.name for path in short_dir.iterdir() if path.name.startswith("e.")) == ["e.json.lock"]
        assert told["key"] not in host.stderr


def test_a_model_that_cannot_be_loaded_is_reported_and_ends_it(short_dir: Path) -> None:
    folder = short_dir / "broken"
    folder.mkdir()
    for file in Path(MODEL).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-500])
    with running(short_dir, "--socket", str(short_dir / "s"), "--model", str(folder)) as host:
        failed = host.wait_until("failed")
        assert str(folder) in failed["detail"]
        assert host.complete("x").status == 500
        assert host.exit_code() == 1
        assert one_line(host.stderr)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--listen", "0.0.0.0:0"], 64, "--key-file"),
        (["--listen", "[::]:0"], 64, "--key-file"),
        (["--listen", "nowhere"], 64, "not an address"),
        (["--socket", "s", "--listen", "127.0.0.1:0"], 64, "either"),
        (["--socket", "s", "--endpoint-file", "e"], 64, "either"),
        (["--endpoint-file", "e", "--key-file", __file__], 64, "--key-file"),
        (["--threads", "many"], 64, "--threads"),
        (["--colour"], 64, "--colour"),
        (["--key-file", "/nonexistent/keys"], 64, "key file"),
        (["--model", "no-such-model"], 66, "no-such-model"),
        (["--socket", "/dev/null", "--model", MODEL], 73, "not a socket"),
        (["--endpoint-file", "/dev/null", "--model", MODEL], 73, "not a file"),
        (["--endpoint-file", "/dev/null/e", "--model", MODEL], 73, "/dev/null"),
        (["--socket", "/tmp/" + "x" * 120, "--model", MODEL], 73, "--socket"),
        (["--listen", "192.0.2.1:9", "--key-file", __file__, "--model", MODEL], 73, "--listen"),
    ],
)
def test_exit_codes(arguments: list[str], code: int, words: str) -> None:
    ended = run(*arguments)
    assert ended.returncode == code, ended.stderr
    assert words in ended.stderr
    assert one_line(ended.stderr)
    Path("/dev/null.lock").unlink(missing_ok=True)


def test_a_missing_model_is_noticed_before_torch_is_imported() -> None:
    script = (
        "import sys; from midspan.host.__main__ import main; code = main(['--model', 'none-such'])\n"
        "sys.exit(1 if 'torch' in sys.modules else code)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ended.returncode == 66


def test_without_torch_it_says_what_to_install(tmp_path: Path) -> None:
    """The packages are hidden from the import system: taking them away for one test isn't possible otherwise."""
    script = (
        "import importlib.util, sys; real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'torch' else real(name, *a)\n"
        "from midspan.host.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, "--model", MODEL], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 69
    assert "midspan[host]" in ended.stderr


def test_a_port_that_is_taken(short_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run("--listen", f"127.0.0.1:{taken.getsockname()[1]}", "--model", MODEL)
    assert ended.returncode == 73


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a host that ends by itself."""
    command = [sys.executable, "-m", "midspan.host", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def one_line(text: str) -> bool:
    return text.startswith("midspan host: ") and text.count("\n") == 1
