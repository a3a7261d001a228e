"""The model host as the pipeline meets it: started on demand, shared, brought back after a crash."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest
import tiny_models
from marks import parse_marks

from midspan.cli import running_hosts
from midspan.completion.ask import Ask, Deadline, Kind, Likelihood, Request, Trigger
from midspan.completion.backends.host import HostBackend
from midspan.completion.backends.host_address import NO_SOCKETS, address_path, read_endpoint, runtime_dir
from midspan.completion.backends.host_process import log_path
from midspan.completion.complete import Answer
from midspan.completion.completer import Completer
from midspan.completion.errors import BackendFailed, ModelMissing
from midspan.completion.fim import Hole
from midspan.completion.settings import HostSettings, Settings
from midspan.context.document import Document

LINE = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    ¦\n"
EXPECTED = ["return a - b"]


@pytest.fixture
def environment(own_host: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in own_host.items():
        monkeypatch.setenv(name, value)


# The host reads this for longer than the tests wait before they kill it.
LONG = "".join(f"value_{n} = {n} * ({n} + {n})\n" for n in range(400)) + "def long_story(a, b):\n    ¦\n"


async def ask(completer: Completer, marked: str = LINE, ms: float = 60_000) -> Answer:
    text, offset = parse_marks(marked)
    request = Request(Document.open("file:///calc.py", "python", 1, text), offset, Trigger.INVOKED)
    completer.memory.forget("file:///calc.py")
    return await completer.complete(request, Deadline.after(ms), "calc.py")


def texts(answer: Answer) -> list[str]:
    """The best proposal's text, if there is one."""
    return [proposal.edits[0].text for proposal in answer.proposals[:1]]


async def health(settings: Settings) -> dict[str, Any]:
    answer = await asyncio.to_thread(running_hosts.health, address_path(settings.host))
    assert answer is not None
    return answer


def status_of(port: int, key: str) -> int:
    """The host's answer to somebody who comes with this key."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/healthz", headers={"Authorization": f"Bearer {key}"})
    status = connection.getresponse().status
    connection.close()
    return status


def hosts() -> list[psutil.Process]:
    """The hosts that run in this test's environment."""
    mark = os.environ["XDG_RUNTIME_DIR"]
    return [
        p for p in psutil.process_iter() if "midspan.host" in " ".join(_command(p)) and mark in " ".join(_command(p))
    ]


def _command(process: psutil.Process) -> list[str]:
    try:
        return [] if process.status() == psutil.STATUS_ZOMBIE else list(process.cmdline())
    except psutil.Error:
        return []


@pytest.mark.default_model
async def test_killed_in_the_middle_and_good_again(environment: None) -> None:
    settings = Settings()
    completer = Completer(settings)
    try:
        await completer.prepare(lambda _: None)
        assert texts(await ask(completer)) == EXPECTED
        before = await health(settings)

        running = asyncio.create_task(ask(completer, LONG))
        await asyncio.sleep(0.3)
        os.kill(before["pid"], signal.SIGKILL)
        answer = await asyncio.wait_for(running, 30)
        assert answer.proposals == ()
        assert answer.trace.error is not None

        assert texts(await ask(completer)) == EXPECTED
        assert (await health(settings))["pid"] != before["pid"]
    finally:
        await completer.close()


@pytest.mark.default_model
async def test_windows_that_start_at_once_share_one_host(environment: None) -> None:
    completers = [Completer(Settings()) for _ in range(3)]
    try:
        await asyncio.gather(*(completer.prepare(lambda _: None) for completer in completers))
        assert len(hosts()) == 1
        for completer in completers:
            assert texts(await ask(completer)) == EXPECTED
        assert address_path(HostSettings()).stat().st_mode & 0o777 == 0o600
    finally:
        for completer in completers:
            await completer.close()


@pytest.mark.default_model
async def test_where_there_are_no_unix_sockets(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same life over an endpoint file: started, shared, killed, revived; and nobody is let in without its key."""
    monkeypatch.setenv(NO_SOCKETS, "1")
    path = address_path(HostSettings())
    completers = [Completer(Settings()) for _ in range(2)]
    try:
        await asyncio.gather(*(completer.prepare(lambda _: None) for completer in completers))
        assert len(hosts()) == 1
        assert {file.name for file in runtime_dir().iterdir()} == {path.name, f"{path.name}.lock"}
        assert path.stat().st_mode & 0o777 == 0o600
        for completer in completers:
            assert texts(await ask(completer)) == EXPECTED

        first, before = read_endpoint(path), await health(Settings())
        assert first is not None
        assert status_of(first.port, "wrong") == 401
        assert status_of(first.port, first.key) == 200

        running = asyncio.create_task(ask(completers[0], LONG))
        await asyncio.sleep(0.3)
        os.kill(before["pid"], signal.SIGKILL)
        answer = await asyncio.wait_for(running, 30)
        assert answer.proposals == ()
        assert answer.trace.error is not None

        for completer in completers:
            assert texts(await ask(completer)) == EXPECTED
        second = read_endpoint(path)
        assert second is not None
        assert (second.port, second.key) != (first.port, first.key)
        assert (await health(Settings()))["pid"] != before["pid"]
        assert len(hosts()) == 1
    finally:
        for completer in completers:
            await completer.close()


async def test_what_a_dead_host_left_leads_nowhere(isolated_dirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program may have got the port, and another one the process id: neither is sent anything."""
    monkeypatch.setenv(NO_SOCKETS, "1")
    path = address_path(HostSettings())
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.settimeout(0)
        path.write_text(json.dumps({"port": stranger.getsockname()[1], "key": "k", "pid": os.getpid()}))
        completer = Completer(Settings())
        try:
            assert isinstance((await ask(completer, ms=20_000)).trace.error, ModelMissing)
            with pytest.raises(BlockingIOError):
                stranger.accept()
        finally:
            await completer.close()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"port": 1, "key": "k", "pid": "x"}', '{"port": 1, "key": "k", "pid": -1}']
)
def test_an_endpoint_file_that_tells_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "e.json").write_text(text)
    assert read_endpoint(tmp_path / "e.json") is None
    assert read_endpoint(tmp_path / "none.json") is None


@pytest.mark.default_model
async def test_a_cancelled_request_does_not_cancel_the_start(environment: None) -> None:
    completer = Completer(Settings())
    try:
        impatient = asyncio.create_task(ask(completer))
        await asyncio.sleep(0.1)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        assert texts(await ask(completer)) == EXPECTED
        assert len(hosts()) == 1
    finally:
        await completer.close()


async def test_a_model_that_is_not_there(isolated_dirs: Path) -> None:
    completer = Completer(Settings())
    try:
        with pytest.raises(ModelMissing, match="midspan models add default"):
            await completer.prepare(lambda _: None)
        answer = await ask(completer)
        assert answer.proposals == ()
        assert isinstance(answer.trace.error, ModelMissing)
    finally:
        await completer.close()


async def test_a_model_that_is_broken_is_named(isolated_dirs: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    completer = Completer(Settings(host=HostSettings(model=str(tmp_path))))
    try:
        with pytest.raises((BackendFailed, ModelMissing)) as raised:
            await completer.prepare(lambda _: None)
        assert str(tmp_path) in str(raised.value)
    finally:
        await completer.close()


async def test_a_host_that_cannot_load_its_model_is_not_started_again_and_again(
    isolated_dirs: Path,
) -> None:
    folder = tiny_models.make("llama", isolated_dirs / "tiny")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-500])
    completer = Completer(Settings(host=HostSettings(model=str(folder))))
    try:
        with pytest.raises(BackendFailed, match="damaged"):
            await completer.prepare(lambda _: None)
        for _ in range(60):
            answer = await ask(completer, ms=2000)
            await asyncio.sleep(0.25)
        assert "damaged" in str(answer.trace.error)
        n_tried = log_path().read_text("utf-8").count("damaged")
        assert n_tried <= 3  # in half a minute; each try takes about five seconds
    finally:
        await completer.close()


async def test_a_host_that_hangs_does_not_hang_the_editor(environment: None) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(address_path(HostSettings())))
        silent.listen()
        completer = Completer(Settings())
        try:
            answer = await asyncio.wait_for(ask(completer, ms=500), 5)
            assert answer.proposals == ()
        finally:
            await completer.close()


def test_a_runtime_folder_that_others_can_write_is_refused(isolated_dirs: Path) -> None:
    runtime_dir().chmod(0o777)
    with pytest.raises(BackendFailed, match="open to other users"):
        runtime_dir()


def test_another_configuration_is_another_host(isolated_dirs: Path) -> None:
    assert address_path(HostSettings()) == address_path(HostSettings(idle_minutes=5))
    assert address_path(HostSettings()) != address_path(HostSettings(model="other"))
    assert len(str(address_path(HostSettings()))) < 100


async def test_the_host_tells_how_likely_a_text_is(
    shared_host: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shared_host.items():
        monkeypatch.setenv(name, value)
    backend = HostBackend(HostSettings())
    await backend.prepare(lambda _: None)
    one = Ask(
        Hole("def add(first, second):\n    return ", "\n\n\nprint(add(1, 2))\n"), Kind.LINE, 48, Deadline.after(60_000)
    )
    right, wrong = [await backend.likelihood(one, text) for text in ("first + second", "zebra(12)")]
    none = await backend.likelihood(one, "")
    await backend.close()
    assert right is not None
    assert wrong is not None
    assert wrong.logprob < right.logprob < 0
    assert none == Likelihood(0.0, 0)
