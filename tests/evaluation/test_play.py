"""Playing scripts: against midspan with a scripted model, and against servers that are not ours."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import foreign_server
import pytest
from scripted_endpoint import scripted_endpoint

from midspan.evaluation.errors import EvaluationError
from midspan.evaluation.harness import LspSession, SessionFailed
from midspan.evaluation.play import Played, play
from midspan.evaluation.script import parse_script

SERVE = (sys.executable, "-P", "-m", "midspan.cli", "--stdio")
OPEN = "open a.py python\n  | x = ¦\n"


async def play_foreign(steps: str, text: str, way: str, root: Path, *, told: list[str] | None = None) -> Played:
    command = (sys.executable, foreign_server.__file__, text, way)
    lines: list[str] = [] if told is None else told
    return await play(parse_script(steps, "s"), command, root, {}, lines.append)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ('expect ghost "zz"\n', "s:4: expected the ghost text\n  | ├zz┤\non screen:\n  | x = ¦├foo(bar)┤"),
        ("expect nothing\n", "s:4: expected no ghost text\non screen:\n  | x = ¦├foo(bar)┤"),
        ('expect ghost contains "q"\n', "s:4: expected ghost text that contains 'q'\non screen:"),
        ("expect ghost matches /^q/\n", "s:4: expected ghost text that matches /^q/\non screen:"),
        ("accept\nexpect ghost\n", "s:5: expected some ghost text\non screen:\n  | x = foo(bar)¦"),
        ('type "y"\naccept\n', "s:5: there is no ghost text to accept\non screen:\n  | x = y¦"),
        ("expect text\n  | x = ¦ \n", "s:4: expected the text\n  | x = ¦ \non screen:\n  | x = ¦├foo(bar)┤"),
    ],
)
async def test_what_is_not_as_expected_is_shown_as_a_picture(steps: str, said: str, tmp_path: Path) -> None:
    played = await play_foreign(f"{OPEN}ask\n{steps}", "foo(bar)", "list", tmp_path)
    assert played.problem.startswith(said)


async def test_each_step_is_told_with_its_answer(tmp_path: Path) -> None:
    told: list[str] = []
    played = await play_foreign(f"{OPEN}ask\naccept\n", "foo", "list", tmp_path, told=told)
    assert [line for line in told if " ms: " not in line] == ["s:1: open a.py python", "s:3: ask", "s:4: accept"]
    assert told[2].endswith(" ms: ├foo┤")
    assert played.as_json() == {
        "name": "s",
        "passed": True,
        "problem": None,
        "latencies_ms": [round(played.latencies_ms[0], 2)],
    }


@pytest.mark.parametrize(
    ("way", "steps"),
    [
        ("list", 'expect ghost "foo(bar)"\naccept\nexpect text\n  | x = foo(bar)¦\n'),
        ("list", 'accept word\nexpect ghost "(bar)"\naccept\nexpect text\n  | x = foo(bar)¦\n'),
        ("snippet", 'expect ghost "foo(bar)"\n'),
        ("null", "expect nothing\n"),
        # From the line's start, it would have to begin with what stands there.
        ("range", "expect nothing\n"),
    ],
)
async def test_items_of_every_shape(way: str, steps: str, tmp_path: Path) -> None:
    played = await play_foreign(f"{OPEN}ask\n{steps}", "foo(bar)", way, tmp_path)
    assert not played.problem


@pytest.mark.parametrize(
    ("document", "text", "steps"),
    [
        ("x = foo(¦)", "x = foo(bar)", "expect ghost ├bar┤\naccept\nexpect text\n  | x = foo(bar)¦\n"),
        ("'😀'; x = foo(¦)", "'😀'; x = foo('😀')", "expect ghost ├'😀'┤\n"),
        ("x = (¦)", "x = (a, b", "expect ghost ├a, b┤\naccept word\naccept\nexpect text\n  | x = (a, b¦\n"),
        ("x = ¦y", "z = y", "expect nothing\n"),
        ("x = ¦", "x = 1\r\ny", "expect ghost\n  | 1\n  | y\naccept line\nexpect text\n  | x = 1¦\n"),
    ],
)
async def test_items_that_reach_over_the_cursor(document: str, text: str, steps: str, tmp_path: Path) -> None:
    script = f"open a.py python\n  | {document}\nask\n{steps}"
    played = await play_foreign(script, text, "range", tmp_path)
    assert not played.problem, played.problem


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("error", "s:3: the server answered with an error: textDocument/inlineCompletion: no luck (-32603)"),
        ("nonsense", "s:3: the server's answer holds no items as LSP 3.18 has them: {'things': []}"),
        ("dies", "s: the server failed: the server has gone without answering textDocument/inlineCompletion"),
        ("code", "s: the server failed: exit code 3 after a shutdown"),
    ],
)
async def test_servers_that_fail(way: str, said: str, tmp_path: Path) -> None:
    played = await play_foreign(f"{OPEN}ask\n", "foo", way, tmp_path)
    assert played.problem.startswith(said)
    assert ("its last words: out of luck" in played.problem) == (way == "dies")


async def test_servers_that_do_not_begin(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="is no language server that begins: the server has gone"):
        await play_foreign(OPEN, "foo", "mute", tmp_path)
    with pytest.raises(EvaluationError, match=r"^/absent/server cannot be started: No such file"):
        await play(parse_script(OPEN, "s"), ["/absent/server"], tmp_path, {})


async def test_documents_from_disk(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes("é = 1\r\n".encode())
    (tmp_path / "b.py").write_bytes(b"\xe4")
    played = await play_foreign('open a.py python\ntype "x"\nexpect text\n  | é = 1\n  | x¦\n', "", "null", tmp_path)
    assert not played.problem
    for name, said in (("b.py", "is not UTF-8"), ("c.py", "cannot be read (No such file")):
        played = await play_foreign(f"open {name} python\n", "", "null", tmp_path)
        assert played.problem.startswith("s:1: ")
        assert said in played.problem


async def test_a_name_that_is_setting_and_section(tmp_path: Path) -> None:
    played = await play_foreign("set a.b=1\nset a.b.c=1\n", "", "null", tmp_path)
    assert played.problem == "s:2: a.b.c cannot be set: b is a setting, not a section."


async def test_settings_are_brought_along_and_changed(isolated_dirs: Path) -> None:
    steps = "ask invoked until ghost\nask\nexpect nothing\nset completion.automatic=true\nask until ghost\n"
    with scripted_endpoint(lambda prompt: "foo(bar)") as endpoint:
        settings = {
            "backend.kind": "openai",
            "backend.endpoint": endpoint,
            "backend.model": "m",
            "backend.fim": "suffix",
            "completion.automatic": False,
            "completion.deadline_ms": 60_000,
        }
        played = await play(parse_script(OPEN + steps, "s"), SERVE, isolated_dirs, settings)
    assert not played.problem, played.problem


async def test_waiting_for_what_never_comes(isolated_dirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("midspan.evaluation.screen.PATIENCE", 0.3)
    played = await play_foreign(f"{OPEN}ask until ghost\n", "", "null", isolated_dirs)
    assert played.problem.startswith("s:3: expected some ghost text within 0 s\non screen:\n  | x = ¦")
    assert len(played.latencies_ms) > 1


async def test_a_server_that_ends_by_itself_leaves_nobody_to_miss_it(caplog: pytest.LogCaptureFixture) -> None:
    async def begun() -> None:
        with pytest.raises(SessionFailed, match="has gone"):
            await LspSession.start((sys.executable, "-S", "-c", "import sys; sys.stdin.read(5)"))

    for _ in range(15):
        await asyncio.gather(*(begun() for _ in range(4)))
    assert caplog.records == []


async def test_what_an_item_inserts_is_told_by_utf_16(tmp_path: Path) -> None:
    command = (sys.executable, foreign_server.__file__, "foo", "list")
    async with await LspSession.start(command, root=tmp_path) as session:
        session.open("file:///a.py", "python", 'x = "😀" + ')
        start, end = {"line": 0, "character": 0}, {"line": 0, "character": 11}
        item = {"insertText": 'x = "😀" + "🎉"', "range": {"start": start, "end": end}}
        assert session.inserted("file:///a.py", item) == '"🎉"'
        assert session.inserted("file:///a.py", {**item, "insertText": "y"}) == ""
