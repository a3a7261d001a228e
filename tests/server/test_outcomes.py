"""What became of proposals, as the server notes it from real editing."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_completer import Script, at_cursor, until

from midspan.completion.ask import Deadline, Proposal, Request
from midspan.completion.outcomes import Outcome, OutcomesUnreadable, outcomes_file, read, write
from midspan.server import outcomes as server_outcomes
from midspan.server.outcomes import share_kept

URI = "file:///project/a.py"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(server_outcomes, "WRITE_SECONDS", 0.05)
    return tmp_path


def outcome(n: int = 0, **facts: Any) -> Outcome:
    fixed = Outcome(str(n), time.time(), "python", "line", "automatic", "model", "default", 5, 1, 100.0)
    return replace(fixed, **facts)


async def ended(n: int = 1) -> list[Outcome]:
    await until(lambda: len(read(outcomes_file())) >= n)
    return read(outcomes_file())


async def shown(connect: Any, script: Script, text: str = "hello(a)\n    b") -> Any:
    async def propose(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
        return (at_cursor(request, text),)

    script.propose = propose
    session = await connect()
    session.open(URI, "python", "x = ")
    await session.complete(URI)
    return session


def type_keys(session: Any, keys: str) -> list[None]:
    return [session.type(URI, key) for key in keys]


@pytest.mark.parametrize(
    ("act", "fate", "n_taken", "n_typed"),
    [
        (lambda session: session.type(URI, "hello(a)\n    b"), "accepted", 14, 0),
        (lambda session: [session.type(URI, one) for one in ("hello", "(a)\n    b")], "accepted", 14, 0),
        (lambda session: [type_keys(session, "he"), session.type(URI, "llo(a)\n    b")], "accepted", 12, 2),
        (lambda session: [session.type(URI, "hello"), session.type(URI, "!")], "part", 5, 0),
        (lambda session: type_keys(session, "hello(a)\n    b"), "typed", 0, 14),
        (lambda session: type_keys(session, "hex"), "against", 0, 2),
        (lambda session: session.type(URI, "print(1)"), "against", 0, 0),
        (lambda session: session.backspace(URI), "against", 0, 0),
        (lambda session: session.close_document(URI), "left", 0, 0),
    ],
)
async def test_what_the_editors_changes_tell(
    connect: Any, script: Script, act: Callable[[Any], object], fate: str, n_taken: int, n_typed: int
) -> None:
    session = await shown(connect, script)
    act(session)
    (found,) = await ended()
    assert (found.fate, found.n_taken, found.n_typed) == (fate, n_taken, n_typed)
    assert (found.language, found.kind, found.trigger) == ("python", "line", "automatic")
    assert (found.n_characters, found.n_lines) == (14, 2)


@pytest.mark.parametrize(("command", "fate"), [("midspan.accepted", "accepted"), ("midspan.rejected", "rejected")])
async def test_what_the_editor_says(connect: Any, script: Script, command: str, fate: str) -> None:
    session = await shown(connect, script)
    await session.request("workspace/executeCommand", {"command": command, "arguments": ["unknown"]})
    await session.request("workspace/executeCommand", {"command": command, "arguments": ["proposal-1"]})
    (found,) = await ended()
    assert found.fate == fate


async def test_an_edit_elsewhere_is_not_against_it(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "import os\nx = ")
    await session.complete(URI)
    session.change(URI, (0, 0), (0, 0), "import re\n")
    session.change(URI, (2, 4), (2, 4), "hello")
    (found,) = await ended()
    assert found.fate == "accepted"


async def test_what_stays_is_looked_at_later(connect: Any, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    real_sleep = asyncio.sleep
    waited: list[float] = []

    async def sleep(seconds: float, result: Any = None) -> Any:
        waited.append(seconds)
        return await real_sleep(0.02 if seconds >= 30 else seconds)

    monkeypatch.setattr("midspan.server.outcomes.asyncio.sleep", sleep)
    session = await shown(connect, script, "first_name + last_name")
    session.type(URI, "first_name + last_name")
    await until(lambda: any(one.kept_30 is not None for one in read(outcomes_file())))
    await until(lambda: any(one.kept_600 is not None for one in read(outcomes_file())))
    (found,) = read(outcomes_file())
    assert (found.kept_30, found.kept_120, found.kept_600) == (1.0, 1.0, 1.0)
    assert [seconds for seconds in waited if seconds >= 30] == [30, 90, 480]


async def test_a_setting_turns_it_off(connect: Any, script: Script) -> None:
    session = await connect(initialization_options={"outcomes": {"keep": False}})
    session.open(URI, "python", "x = ")
    await session.complete(URI)
    session.type(URI, "hello")
    session.close_document(URI)
    await asyncio.sleep(0.2)
    assert not outcomes_file().exists()


async def test_a_file_that_cannot_be_written_costs_nothing_but_the_record(
    connect: Any, script: Script, state: Path
) -> None:
    (state / "midspan").write_text("no folder")
    session = await shown(connect, script)
    session.type(URI, "hello(a)\n    b")
    assert await session.complete(URI)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("x = first_name + last_name\n", 1.0),
        ("# more\n" * 20 + "x = first_name + last_name\n", 1.0),
        ("x = first_name + surname\n", 0.8),
        ("nothing of it\n", 0.0),
        ("", 0.0),
    ],
)
def test_how_much_is_still_there(document: str, expected: float) -> None:
    assert share_kept("first_name + last_name", document, 4) == pytest.approx(expected, abs=0.1)


def test_what_is_written_is_read_again_and_newer_facts_replace_older(tmp_path: Path) -> None:
    path = tmp_path / "new" / "outcomes.sqlite"
    write([outcome(1), outcome(2, probability=0.5, kept_30=0.25)], path, 90)
    write([outcome(1, fate="accepted", n_taken=5)], path, 90)
    found = {one.id: one for one in read(path)}
    assert found["1"].fate == "accepted"
    assert (found["2"].probability, found["2"].kept_30, found["2"].kept_120) == (0.5, 0.25, None)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_too_old_is_forgotten_and_clocks_may_jump(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.sqlite"
    write([outcome(1, at=time.time() - 100 * 86_400), outcome(2), outcome(3, at=time.time() + 86_400)], path, 90)
    assert [one.id for one in read(path)] == ["2", "3"]
    assert [one.id for one in read(path, since=time.time() + 60)] == ["3"]


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.sqlite"
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(OutcomesUnreadable, match="Delete it"):
        read(path)
    write([outcome(1)], path, 90)
    assert [one.id for one in read(path)] == ["1"]
    assert path.with_suffix(".damaged").exists()


def test_a_file_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE outcomes (something)")
        connection.execute("PRAGMA user_version = 99")
    write([outcome(1)], path, 90)
    assert [one.id for one in read(path)] == ["1"]


def test_a_locked_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.sqlite"
    write([outcome(1)], path, 90)
    with sqlite3.connect(path) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OutcomesUnreadable, match="locked"):
            write([outcome(2)], path, 90)
        connection.rollback()
    assert [one.id for one in read(path)] == ["1"]


def test_no_text_is_kept(tmp_path: Path) -> None:
    assert {name for name in Outcome.__dataclass_fields__ if "text" in name or "uri" in name or "path" in name} == set()
