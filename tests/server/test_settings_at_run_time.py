"""Settings that come from the editor, at the start and later, and what they change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from scripted_completer import Script, load_settings, until

from midspan.completion.errors import SettingsError
from midspan.completion.settings import Settings
from midspan.evaluation.harness import LspSession
from midspan.evaluation.json_rpc import Json
from midspan.server import configuring

URI = "file:///a.py"
PAUSED = {"completion": {"enabled": False}}


async def test_pulled_settings_win_over_initial_ones(connect: Any, script: Script) -> None:
    options = {"midspan": {"completion": {"kind": "line", "deadline_ms": 700}}}
    await connect(initialization_options=options, configuration={"completion": {"kind": "block"}})
    await until(lambda: bool(script.completers))
    completion = script.completers[0].settings.completion
    assert (completion.kind, completion.deadline_ms) == ("block", 700)


@pytest.mark.parametrize("configuration", [None, [], "x", {}])
async def test_editor_without_settings_of_ours(connect: Any, script: Script, configuration: object) -> None:
    session = await connect(configuration=configuration, initialization_options=configuration)
    session.open(URI, "python", "x")
    assert len(await session.complete(URI)) == 1
    assert script.completers[0].settings == Settings()


async def test_editor_that_cannot_be_asked(connect: Any, script: Script) -> None:
    session = await connect(capabilities={}, initialization_options={"midspan": PAUSED})
    session.open(URI, "python", "x")
    assert await session.complete(URI) == []
    assert session.received.of("workspace/configuration") == []


async def test_pause_and_go_on(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    assert len(await session.complete(URI)) == 1
    for configuration, n_items in ((PAUSED, 0), (None, 1)):
        session.configuration = configuration
        n_completers = len(script.completers)
        session.notify("workspace/didChangeConfiguration", {"settings": None})
        await until(lambda n=n_completers: len(script.completers) > n)  # type: ignore[misc]
        assert len(await session.complete(URI)) == n_items
    assert [completer.closed for completer in script.completers] == [True, True, False]
    assert script.n_prepared == 1


async def test_pushed_settings(connect: Any, script: Script) -> None:
    session = await connect(capabilities={})
    session.open(URI, "python", "x")
    assert len(await session.complete(URI)) == 1
    settings = {"midspan": {"completion": {"disabled_languages": ["python"]}}}
    session.notify("workspace/didChangeConfiguration", {"settings": settings})
    await until(lambda: len(script.completers) == 2)
    assert await session.complete(URI) == []


async def test_unchanged_settings_change_nothing(connect: Any, script: Script) -> None:
    session = await connect()
    await until(lambda: bool(script.completers))
    foreign: tuple[object, ...] = (None, [], {"http": {"proxy": "x"}}, {})
    for settings in foreign:
        session.notify("workspace/didChangeConfiguration", {"settings": settings})
    await until(lambda: len(session.received.of("workspace/configuration")) == 5)
    session.open(URI, "python", "x")
    await session.complete(URI)
    assert len(script.completers) == 1


async def test_other_model_is_made_ready(connect: Any, script: Script) -> None:
    session = await connect()
    await until(lambda: script.n_prepared == 1)
    session.configuration = {"host": {"threads": 3}}
    session.notify("workspace/didChangeConfiguration", {})
    await until(lambda: script.n_prepared == 2)
    assert script.completers[1].settings.host.threads == 3


async def test_paused_server_makes_no_model_ready(connect: Any, script: Script) -> None:
    session = await connect(configuration=PAUSED)
    await until(lambda: bool(script.completers))
    session.configuration = None
    session.notify("workspace/didChangeConfiguration", {})
    await until(lambda: script.n_prepared == 1)
    assert len(script.completers) == 2


async def test_editor_is_asked_to_tell_changes(connect: Any, script: Script) -> None:
    workspace = {"didChangeConfiguration": {"dynamicRegistration": True}, "configuration": True}
    session = await connect(capabilities={"workspace": workspace})
    asked = await session.wait_for("client/registerCapability")
    (registration,) = asked["registrations"]
    assert registration["method"] == "workspace/didChangeConfiguration"
    assert registration["registerOptions"] == {"section": "midspan"}


async def test_project_is_the_first_folder(connect: Any, script: Script, tmp_path: Path) -> None:
    seen: list[Path | None] = []

    def load(project_dir: Path | None, overrides: Mapping[str, object]) -> tuple[Settings, tuple[str, ...]]:
        seen.append(project_dir)
        return load_settings(project_dir, overrides)

    session = await connect({"load_settings": load}, root=tmp_path)
    await until(lambda: len(seen) == 1)
    folder = {"uri": tmp_path.as_uri()}
    event = {"added": [{"uri": "file:///other", "name": "other"}], "removed": [folder]}
    session.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    await until(lambda: len(seen) == 2)
    assert seen == [tmp_path, Path("/other")]


async def test_warnings_are_shown_once(connect: Any, script: Script) -> None:
    def load(project_dir: Path | None, overrides: Mapping[str, object]) -> tuple[Settings, tuple[str, ...]]:
        return Settings(), ("unknown key `a`", "unknown key `b`")

    session = await connect({"load_settings": load})
    await until(lambda: bool(script.completers))
    session.notify("workspace/didChangeConfiguration", {})
    session.open(URI, "python", "x")
    await session.complete(URI)
    (shown,) = session.received.of("window/showMessage")
    assert shown == {"type": 2, "message": "midspan: unknown key `a`\nunknown key `b`"}


async def test_settings_that_cannot_be_used(connect: Any, script: Script) -> None:
    n_tries = 0

    async def refuse_once(settings: Settings) -> Any:
        nonlocal n_tries
        n_tries += 1
        if n_tries == 1:
            raise SettingsError("No endpoint is set. Set `backend.endpoint`.")
        return await script.factory(settings)

    session = await connect({"completer_factory": refuse_once})
    assert (await session.wait_for("window/showMessage"))["message"].startswith("No endpoint")
    session.open(URI, "python", "x")
    assert await session.complete(URI) == []
    session.notify("workspace/didChangeConfiguration", {})
    await until(lambda: n_tries == 2)
    assert len(await session.complete(URI)) == 1


class SlowEditor(LspSession):
    """Answers the first question about settings as usual, and holds back the others until it is told to answer."""

    held: list[Json]
    n_questions = 0

    def _handle(self, message: Json) -> None:
        if message.get("method") != "workspace/configuration":
            super()._handle(message)
            return
        self.n_questions += 1
        if self.n_questions == 1:
            super()._handle(message)
        else:
            self.held = [*getattr(self, "held", []), message]

    def answer_held(self, number: int, configuration: object) -> None:
        self.send({"id": self.held[number]["id"], "result": [configuration]})

    def refuse_held(self, number: int) -> None:
        self.send({"id": self.held[number]["id"], "error": {"code": -32603, "message": "busy"}})


@pytest.fixture
async def slow_editor(listen: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(configuring, "ANSWER_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection(*await listen())
    async with await SlowEditor.over(reader, writer, configuration={"completion": {"kind": "block"}}) as session:
        yield session


async def test_settings_hold_until_a_slow_editor_answers(slow_editor: Any, script: Script) -> None:
    await until(lambda: bool(script.completers))
    pushed = {"midspan": {"completion": {"deadline_ms": 700}}}
    slow_editor.notify("workspace/didChangeConfiguration", {"settings": pushed})
    await until(lambda: len(script.completers) == 2)
    completion = script.completers[1].settings.completion
    assert (completion.kind, completion.deadline_ms) == ("block", 700)

    slow_editor.answer_held(0, {"completion": {"kind": "line"}})
    await until(lambda: len(script.completers) == 3)
    assert script.completers[2].settings.completion.kind == "line"


async def test_settings_hold_when_the_editor_answers_with_an_error(slow_editor: Any, script: Script) -> None:
    await until(lambda: bool(script.completers))
    pushed = {"midspan": {"completion": {"deadline_ms": 700}}}
    slow_editor.notify("workspace/didChangeConfiguration", {"settings": pushed})
    await until(lambda: slow_editor.n_questions == 2)
    slow_editor.refuse_held(0)
    await until(lambda: len(script.completers) == 2)
    assert script.completers[1].settings.completion.kind == "block"


async def test_answer_to_an_older_question_does_not_replace_a_newer_one(slow_editor: Any, script: Script) -> None:
    await until(lambda: bool(script.completers))
    for n_questions in (2, 3):
        slow_editor.notify("workspace/didChangeConfiguration", {"settings": None})
        await until(lambda n=n_questions: slow_editor.n_questions == n)  # type: ignore[misc]
    slow_editor.answer_held(1, {"completion": {"kind": "line"}})
    await until(lambda: len(script.completers) == 2)
    slow_editor.answer_held(0, {"completion": {"kind": "auto"}})
    slow_editor.open(URI, "python", "x")
    await slow_editor.complete(URI)
    await asyncio.sleep(0.1)
    assert [completer.settings.completion.kind for completer in script.completers] == ["block", "line"]


@pytest.mark.parametrize("error", [SettingsError("No endpoint is set."), ZeroDivisionError()])
async def test_refused_settings_end_the_old_ones(connect: Any, script: Script, error: Exception) -> None:
    """The user has left the old server, perhaps for good reasons: nothing is sent there any more."""

    async def factory(settings: Settings) -> Any:
        if settings.backend.endpoint == "nonsense":
            raise error
        return await script.factory(settings)

    session = await connect({"completer_factory": factory})
    session.open(URI, "python", "x")
    assert len(await session.complete(URI)) == 1
    session.configuration = {"backend": {"endpoint": "nonsense"}, **PAUSED}
    session.notify("workspace/didChangeConfiguration", {})
    await session.wait_for("window/showMessage")
    await until(lambda: script.completers[0].closed)
    assert await session.complete(URI) == []
    assert len(script.requests) == 1

    session.configuration = None
    session.notify("workspace/didChangeConfiguration", {})
    await until(lambda: len(script.completers) == 2)
    assert len(await session.complete(URI)) == 1
    assert script.n_prepared == 2
