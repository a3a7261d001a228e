"""The language of session scripts: what it means, and what is said of what means nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from midspan.evaluation.harness import AUTOMATIC, INVOKED
from midspan.evaluation.script import ScriptError, Step, parse_script, read_script
from midspan.evaluation.steps import (
    Accept,
    Action,
    Ask,
    Backspace,
    Close,
    ExpectGhost,
    ExpectNothing,
    ExpectText,
    Move,
    Open,
    Save,
    Set,
    Type,
    Wait,
)

OPEN = "open a.py python\n  | x = ¦\n"


def test_steps_texts_and_comments() -> None:
    script = parse_script('# a comment\nopen a.py python\n  | x = ¦\n  |\n  |   y\n\n  type "a"  \n', "s")
    assert script.name == "s"
    assert script.steps == (
        Step("s:2", "open a.py python", Open("a.py", "python", "x = \n\n  y", 4)),
        Step("s:7", 'type "a"', Type("a")),
    )


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("open b.go go", Open("b.go", "go")),
        ('type "\\t\\"¦\\n"', Type('\t"¦\n')),
        ("type\n  | two\n  |  lines", Type("two\n lines")),
        ("backspace", Backspace(1)),
        ("backspace 3", Backspace(3)),
        ("move 1:9", Move(0, 8)),
        ("wait 0.5", Wait(0.5)),
        ("ask", Ask(AUTOMATIC)),
        ("ask automatic", Ask(AUTOMATIC)),
        ("ask invoked", Ask(INVOKED)),
        ("ask until nothing", Ask(AUTOMATIC, "nothing")),
        ("ask invoked until ghost", Ask(INVOKED, "ghost")),
        ("accept", Accept("whole")),
        ("accept whole", Accept("whole")),
        ("accept line", Accept("line")),
        ("accept word", Accept("word")),
        ("expect nothing", ExpectNothing()),
        ("expect ghost", ExpectGhost("matches", "")),
        ('expect ghost "a b"', ExpectGhost("is", "a b")),
        ('expect ghost ├ "a" ┤', ExpectGhost("is", ' "a" ')),
        ("expect ghost\n  | a\n  |   b", ExpectGhost("is", "a\n  b")),
        ('expect ghost contains "a"', ExpectGhost("contains", "a")),
        ("expect ghost contains\n  | a", ExpectGhost("contains", "a")),
        ("expect ghost matches /^a b$/", ExpectGhost("matches", "^a b$")),
        ("expect text\n  | a¦", ExpectText("a¦")),
        ("set completion.automatic=false", Set("completion.automatic", False)),
        ("set backend.kind = openai", Set("backend.kind", "openai")),
        ("save", Save()),
        ("close", Close()),
    ],
)
def test_each_step(line: str, action: Action) -> None:
    (_, step) = parse_script(f"{OPEN}{line}\n", "s").steps
    assert step.action == action


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "s: there is no step in it"),
        ("# only this\n", "s: there is no step in it"),
        ("jump 3\n", "s:1: a step begins with one of open, type"),
        ("\n?\n", "s:2: a step begins with one of"),
        ("  | text\n", "s:1: a text belongs directly below a step"),
        ("open a.py python\n\n  | text\n", "s:3: a text belongs directly below a step"),
        ("ask\n", "s:1: no document is in front"),
        (OPEN + "close\nask\n", "s:4: no document is in front"),
        (OPEN + OPEN, "s:3: a.py is open already"),
        ("open a.py\n", "s:1: write `open NAME LANGUAGE`"),
        ("open a.py python\n  | ¦¦\n", "s:1: there is one cursor"),
        (OPEN + "type no quotes\n", "s:3: a text stands in double quotes"),
        (OPEN + 'type "a" "b"\n', "s:3: a text stands in double quotes"),
        (OPEN + 'type "\\q"\n', 's:3: "\\q" is no text as JSON writes them'),
        (OPEN + 'type "a"\n  | b\n', "s:3: a text stands in double quotes"),
        (OPEN + "backspace two\n", "s:3: write `backspace` or `backspace COUNT`"),
        (OPEN + "move 0:1\n", "s:3: write `move LINE:COLUMN`"),
        (OPEN + "wait nan\n", "s:3: write `wait SECONDS`"),
        (OPEN + "ask loudly\n", "s:3: write `ask` or `ask invoked`"),
        (OPEN + "ask\n  | a\n", "s:3: `ask` takes no text below it"),
        (OPEN + "accept all\n", "s:3: write `accept`, `accept line` or `accept word`"),
        (OPEN + "expect\n", "s:3: write `expect ghost …`"),
        (OPEN + "expect text\n", "s:3: the text that is expected belongs below `expect text`"),
        (OPEN + "expect ghost text\n", "s:3: a text stands in double quotes"),
        (OPEN + "expect ghost matches a\n", "s:3: write `expect ghost matches /PATTERN/`"),
        (OPEN + "expect ghost matches /(/\n", "s:3: /(/ is no regular expression"),
        (OPEN + "set x\n", "s:3: write `set SECTION.KEY=VALUE`"),
        (OPEN + "save all\n", "s:3: `save` stands alone on its line"),
    ],
)
def test_what_means_nothing_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ScriptError) as error:
        parse_script(text, "s")
    assert str(error.value).startswith(said)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.session").write_bytes(b"# \xe4\n")
    for name, reason in (("absent.session", "No such file"), ("latin.session", "it is not UTF-8")):
        with pytest.raises(ScriptError, match=f"{name} cannot be read: {reason}"):
            read_script(tmp_path / name)
