"""Loading the model, and offering to fetch it: progress, questions and messages in the editor."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_completer import Script, until

from midspan.completion.ask import Deadline, Proposal, Request
from midspan.completion.errors import BackendBusy, BackendUnreachable, ModelMissing

URI = "file:///a.py"
MISSING = ModelMissing("The default model is not here. Run `midspan models add default`.", model="default")


def missing_until_fetched(mark: Path, error: ModelMissing = MISSING) -> Any:
    async def prepare(progress: Callable[[str], None]) -> None:
        if not mark.exists():
            raise error

    return prepare


def fetching(mark: Path, lines: list[str], exit_code: int = 0) -> dict[str, Any]:
    """Return the parts of a server whose `models add` is a real process that prints lines."""
    program = f"""
import sys
from pathlib import Path
assert sys.argv[1:] == ["default", "--json"] and sys.stdin.read() == ""
for line in {lines!r}:
    print(line, flush=True)
if {exit_code} == 0:
    Path({str(mark)!r}).touch()
sys.exit({exit_code})
"""
    return {"add_model_command": (sys.executable, "-c", program)}


def progress_of(session: Any) -> list[str]:
    """Return the progress that the editor has shown, one word or message each."""
    return [params["value"].get("message", params["value"]["kind"]) for params in session.received.of("$/progress")]


async def test_loading_shows_progress(connect: Any, script: Script) -> None:
    async def prepare(progress: Callable[[str], None]) -> None:
        progress("starting the host")
        progress("starting the host")
        progress("reading weights")

    script.prepare = prepare
    session = await connect()
    await until(lambda: "end" in progress_of(session))
    assert progress_of(session) == ["begin", "starting the host", "reading weights", "end"]


async def test_editor_without_progress(connect: Any, script: Script) -> None:
    session = await connect(capabilities={})
    await until(lambda: script.n_prepared == 1)
    session.open(URI, "python", "x")
    await session.complete(URI)
    assert session.received.of("window/workDoneProgress/create") == []
    assert session.received.of("$/progress") == []


async def test_yes_fetches_the_model_and_loads_it(connect: Any, script: Script, tmp_path: Path) -> None:
    mark = tmp_path / "fetched"
    script.prepare = missing_until_fetched(mark)
    lines = [
        '{"bytes": 0, "total": 0, "message": "looking"}',
        '{"bytes": 10, "total": 40, "message": "downloading"}',
        "not json",
        '{"bytes": 40, "total": 40}',
        '{"status": "ok", "message": "ready"}',
    ]

    async def connected() -> Any:
        return await connect(fetching(mark, lines), capabilities={"window": {"workDoneProgress": True}})

    session = await connected()
    session.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
    await until(lambda: script.n_prepared == 2)
    await until(lambda: progress_of(session).count("end") == 3)
    question = session.received.of("window/showMessageRequest")
    assert [action["title"] for action in question[0]["actions"]] == ["Download", "Not now"]
    assert "93 MB" in question[0]["message"]
    download = ["looking", "downloading 25 %", "100 %", "ready"]
    assert progress_of(session) == ["begin", "end", "begin", *download, "end", "begin", "end"]
    assert session.received.of("window/showMessage") == []


@pytest.mark.parametrize("answer", [None, {"title": "Not now"}, [], "Download"])
async def test_nothing_is_fetched_without_a_yes(connect: Any, script: Script, tmp_path: Path, answer: object) -> None:
    mark = tmp_path / "fetched"
    script.prepare = missing_until_fetched(mark)
    session = await connect(fetching(mark, []))
    session.answers["window/showMessageRequest"] = lambda params: answer
    await session.wait_for("window/showMessageRequest")
    session.open(URI, "python", "x")
    await session.complete(URI)
    session.configuration = {"host": {"threads": 1}}
    session.notify("workspace/didChangeConfiguration", {})
    await until(lambda: script.n_prepared == 2)
    assert not mark.exists()
    assert len(session.received.of("window/showMessageRequest")) == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['{"status": "failed", "message": "The disk is full."}'], "The disk is full."),
        ([], "The download failed. Try `midspan models add default`."),
    ],
)
async def test_failed_download_is_told(
    connect: Any, script: Script, tmp_path: Path, lines: list[str], message: str
) -> None:
    mark = tmp_path / "fetched"
    script.prepare = missing_until_fetched(mark)
    session = await connect(fetching(mark, lines, exit_code=1))
    session.answers["window/showMessageRequest"] = lambda params: {"title": "Download"}
    assert (await session.wait_for("window/showMessage"))["message"] == message
    assert script.n_prepared == 1


async def test_download_that_cannot_start_is_told(connect: Any, script: Script, tmp_path: Path) -> None:
    script.prepare = missing_until_fetched(tmp_path / "fetched")
    session = await connect({"add_model_command": (str(tmp_path / "no-such-program"),)})
    session.answers["window/showMessageRequest"] = lambda params: {"title": "Download"}
    assert "could not be started" in (await session.wait_for("window/showMessage"))["message"]


async def test_download_ends_with_the_session(connect: Any, script: Script, tmp_path: Path) -> None:
    pid_file, mark = tmp_path / "pid", tmp_path / "fetched"
    program = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    script.prepare = missing_until_fetched(mark)
    session = await connect({"add_model_command": (sys.executable, "-c", program)})
    session.answers["window/showMessageRequest"] = lambda params: {"title": "Download"}
    await until(lambda: pid_file.exists() and pid_file.read_text() != "")
    await session.close()
    assert not Path(f"/proc/{pid_file.read_text()}").exists()


async def test_other_models_are_not_offered(connect: Any, script: Script, tmp_path: Path) -> None:
    error = ModelMissing("The model `big` is not here. Run `midspan models add big`.", model="big")
    script.prepare = missing_until_fetched(tmp_path / "fetched", error)
    session = await connect()
    assert (await session.wait_for("window/showMessage"))["message"] == str(error)
    assert session.received.of("window/showMessageRequest") == []


async def test_failure_while_typing_pops_up_once(connect: Any, script: Script) -> None:
    async def fail(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
        raise BackendUnreachable("Nothing answers at http://127.0.0.1:1. Is the server running?")

    script.propose = fail
    session = await connect()
    session.open(URI, "python", "x")
    for character in "typing":
        session.type(URI, character)
        assert await session.complete(URI) == []
    (shown,) = session.received.of("window/showMessage")
    assert shown["message"].startswith("Nothing answers")
    assert len(session.received.of("window/logMessage")) == 5


async def test_busy_while_loading_is_no_news(connect: Any, script: Script) -> None:
    loaded = asyncio.Event()

    async def prepare(progress: Callable[[str], None]) -> None:
        await loaded.wait()

    async def busy(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
        raise BackendBusy("The model is still loading.")

    script.prepare, script.propose = prepare, busy
    session = await connect()
    await until(lambda: script.n_prepared == 1)
    session.open(URI, "python", "x")
    assert await session.complete(URI) == []
    loaded.set()
    assert session.received.of("window/showMessage") == []


async def test_failing_start_is_told(connect: Any, script: Script) -> None:
    async def prepare(progress: Callable[[str], None]) -> None:
        raise ZeroDivisionError("secret")

    script.prepare = prepare
    session = await connect()
    message = (await session.wait_for("window/showMessage"))["message"]
    assert message == "The model could not be made ready (ZeroDivisionError)."


async def test_settings_changed_while_loading(connect: Any, script: Script) -> None:
    """The completer that loads is closed; the one in its place goes on loading, and nobody is told of a failure."""

    async def prepare(progress: Callable[[str], None]) -> None:
        if len(script.completers) == 1:
            await until(lambda: script.completers[0].closed)
            raise RuntimeError("the client has been closed")

    script.prepare = prepare
    session = await connect()
    await until(lambda: script.n_prepared == 1)
    session.configuration = {"completion": {"kind": "line"}}
    session.notify("workspace/didChangeConfiguration", {})
    await until(lambda: script.n_prepared == 2)
    await until(lambda: progress_of(session).count("end") == 2)
    assert session.received.of("window/showMessage") == []
