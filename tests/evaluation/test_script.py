"""The language of session scripts: what it means, and what is said of what it does not mean."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from scripted_endpoint import scripted_endpoint

from midspan.evaluation.errors import EvaluationError
from midspan.evaluation.script import ScriptError, Step, parse_script, read_script, run_all

SERVE = (sys.executable, "-P", "-m", "midspan.cli", "--stdio")
OPEN = "open a.py python\n  | x = ¦\n"


def test_steps_blocks_and_comments() -> None:
    script = parse_script('# a comment\nopen a.py python\n  | x = ¦\n  |\n  |   y\n\ntype "a"\n', "s")
    assert script.steps == (Step("s:2", "open", "a.py python", "x = ¦\n\n  y"), Step("s:7", "type", '"a"'))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jump 3\n", "s:1: a step begins with one of open, type"),
        ("  | text\n", "s:1: a text belongs below a step"),
        ("\n?\n", "s:2: a step begins with"),
    ],
)
def test_what_is_no_script(text: str, said: str) -> None:
    with pytest.raises(ScriptError) as error:
        parse_script(text, "s")
    assert str(error.value).startswith(said)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="cannot be read"):
        read_script(tmp_path / "absent.session")


async def failures(text: str, folder: Path) -> list[str]:
    with scripted_endpoint(lambda prompt: "foo(bar)") as endpoint:
        settings: dict[str, object] = {
            "backend": {"kind": "openai", "endpoint": endpoint, "model": "m", "fim": "suffix"}
        }
        return await run_all([parse_script(text, "s")], SERVE, folder, settings, lambda line: None)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ('ask\nexpect ghost "zzz"\n', "s:4: expected the ghost text 'zzz'\non screen:\n  | x = ¦├foo(bar)┤"),
        ("ask\nexpect nothing\n", "s:4: expected no ghost text\non screen:\n  | x = ¦├foo(bar)┤"),
        ("expect ghost\n", "s:3: expected some ghost text\non screen:\n  | x = ¦"),
        ("accept\n", "s:3: there is no ghost text to accept.\n  | x = ¦"),
        ("expect text\n  | y\n", "s:3: expected the text\n  | y\non screen:\n  | x = ¦"),
        ('ask\nexpect ghost contains "q"\n', "s:4: expected ghost text that contains 'q'"),
        ("ask\nexpect ghost matches /^q/\n", "s:4: expected ghost text that matches /^q/"),
    ],
)
async def test_what_is_not_as_expected_is_shown_as_a_picture(steps: str, said: str, isolated_dirs: Path) -> None:
    (failure,) = await failures(OPEN + steps, isolated_dirs)
    assert failure.startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ask\n", "no document is open yet"),
        ("open a.py\n", "write `open NAME LANGUAGE`"),
        ("open absent.py python\n", "absent.py cannot be read"),
        (OPEN + "type no quotes\n", "stands in double quotes"),
        (OPEN + "move 0:1\n", "write `move LINE:COLUMN`"),
        (OPEN + "ask loudly\n", "write `ask` or `ask invoked`"),
        (OPEN + "accept all\n", "write `accept`, `accept line` or `accept word`"),
        (OPEN + "expect\n", "write `expect ghost"),
        (OPEN + "expect text\n", "belongs below `expect text`"),
        (OPEN + "expect ghost matches /(/\n", "is no regular expression"),
        (OPEN + "wait long\n", "write `wait SECONDS`"),
        (OPEN + "set x\n", "write `set section.key=value`"),
        (OPEN + "backspace two\n", "write `backspace COUNT`"),
    ],
)
async def test_a_step_that_means_nothing_is_named(text: str, said: str, isolated_dirs: Path) -> None:
    with pytest.raises(ScriptError, match=r"^s:\d+: ") as error:
        await failures(text, isolated_dirs)
    assert said in str(error.value)


async def test_another_server_that_cannot_be_started(isolated_dirs: Path) -> None:
    with pytest.raises(EvaluationError, match="cannot be started"):
        await run_all([parse_script(OPEN)], ["/absent/server"], isolated_dirs, {}, lambda line: None)
