"""Editing sessions as readable text files: the language, read into steps (docs/harness.md); `play` performs them.

One step a line; a text of several lines stands below its step, each line after a bar. `¦` is the cursor, `├…┤` ghost
text. All that can be wrong with a script is found here, before any server is started.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from .errors import EvaluationError
from .harness import AUTOMATIC, INVOKED
from .replay.user import MODES, Mode
from .steps import (
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
    Outcome,
    Save,
    Set,
    Type,
    Wait,
)

CURSOR, GHOST_START, GHOST_END = "¦", "├", "┤"
_BLOCK = re.compile(r"\s*\| ?(.*)")
_LINE = re.compile(r"\s*(\w+)\s*(.*?)\s*")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_POSITION = re.compile(r"([1-9]\d{0,8}):([1-9]\d{0,8})")
_COUNT = re.compile(r"[1-9]\d{0,8}")
_SECONDS = re.compile(r"\d{1,5}(?:\.\d+)?")
_ASK = re.compile(r"(automatic|invoked)?\s*(?:until (ghost|nothing))?")
_PATTERN = re.compile(r"/(.+)/")
_SETTING = re.compile(r"([\w-]+(?:\.[\w-]+)+)\s*=\s*(.*)")


class ScriptError(EvaluationError):
    """A script cannot be read; the text says where, and what was expected."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: where it stands ("FILE:LINE"), its line, and what it means."""

    where: str
    line: str
    action: Action


@dataclass(frozen=True, slots=True)
class Script:
    """The steps of one file."""

    name: str
    steps: tuple[Step, ...]


def read_script(path: Path) -> Script:
    """Read a script. Raises ScriptError with file and line."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ScriptError(f"{path} cannot be read: {reason}. Give a text file of steps (docs/harness.md).") from error
    return parse_script(text, str(path))


def parse_script(text: str, name: str) -> Script:
    """Read a script's text. Raises ScriptError with its name and the line."""
    steps = tuple(Step(line.where, f"{line.word} {line.rest}".rstrip(), _action(line)) for line in _lines(text, name))
    if not steps:
        raise ScriptError(f"{name}: there is no step in it. Begin with `open NAME LANGUAGE`.")
    _check_documents(steps)
    return Script(name, steps)


@dataclass(frozen=True, slots=True)
class _Line:
    """A step as it is written: a word, what follows it, and the text below it (None where there is none)."""

    where: str
    word: str
    rest: str
    block: str | None = None

    def fail(self, expected: str) -> NoReturn:
        raise ScriptError(f"{self.where}: {expected}")

    def match(self, pattern: re.Pattern[str], expected: str) -> re.Match[str]:
        return pattern.fullmatch(self.rest) or self.fail(expected)


def _lines(text: str, name: str) -> Iterator[_Line]:
    """Yield the steps as they are written, each with the text below it."""
    step: tuple[str, str, str] | None = None
    block: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        where = f"{name}:{number}"
        if bar := _BLOCK.fullmatch(line):
            if step is None:
                raise ScriptError(f"{where}: a text belongs directly below a step, such as `open a.py python`.")
            block.append(bar[1])
            continue
        if step is not None:
            yield _Line(*step, "\n".join(block) if block else None)
        step, block = None, []
        if line.strip() and not line.lstrip().startswith("#"):
            found = _LINE.fullmatch(line)
            if found is None or found[1] not in _READERS:
                raise ScriptError(f"{where}: a step begins with one of {', '.join(_READERS)}.")
            step = (where, found[1], found[2])
    if step is not None:
        yield _Line(*step, "\n".join(block) if block else None)


def _action(line: _Line) -> Action:
    if line.block is not None and line.word not in ("open", "type", "expect"):
        line.fail(f"`{line.word}` takes no text below it. Begin lines of comment with #.")
    return _READERS[line.word](line)


def _check_documents(steps: tuple[Step, ...]) -> None:
    """Make sure that each step has a document in front, and none is opened twice. Raises ScriptError."""
    in_front, opened = "", set[str]()
    for step in steps:
        if isinstance(step.action, Open):
            in_front = step.action.name
            if in_front in opened and step.action.text is not None:
                raise ScriptError(f"{step.where}: {in_front} is open already. Leave out the text, or close it before.")
            opened.add(in_front)
        elif not in_front and not isinstance(step.action, Set | Wait):
            raise ScriptError(f"{step.where}: no document is in front. Write `open NAME LANGUAGE` before this.")
        elif isinstance(step.action, Close):
            opened.discard(in_front)
            in_front = ""


def _open(line: _Line) -> Open:
    words = line.rest.split()
    if len(words) != 2:
        line.fail("write `open NAME LANGUAGE`, such as `open a.py python`.")
    if line.block is None:
        return Open(words[0], words[1])
    if line.block.count(CURSOR) > 1:
        line.fail(f"there is one cursor, so one {CURSOR}.")
    before, mark, after = line.block.partition(CURSOR)
    return Open(words[0], words[1], before + after, len(before) if mark else None)


def _type(line: _Line) -> Type:
    return Type(_text(line, line.rest))


def _backspace(line: _Line) -> Backspace:
    return Backspace(int(line.match(_COUNT, "write `backspace` or `backspace COUNT`.")[0]) if line.rest else 1)


def _move(line: _Line) -> Move:
    found = line.match(_POSITION, "write `move LINE:COLUMN`, both from 1.")
    return Move(int(found[1]) - 1, int(found[2]) - 1)


def _wait(line: _Line) -> Wait:
    return Wait(float(line.match(_SECONDS, "write `wait SECONDS`, such as `wait 0.5`.")[0]))


def _ask(line: _Line) -> Ask:
    found = line.match(_ASK, "write `ask` or `ask invoked`, and then, if wanted, `until ghost` or `until nothing`.")
    until: Mapping[str | None, Outcome] = {"ghost": "ghost", "nothing": "nothing"}
    return Ask(INVOKED if found[1] == "invoked" else AUTOMATIC, until.get(found[2]))


def _accept(line: _Line) -> Accept:
    modes: Mapping[str, Mode] = {"": "whole", **{mode: mode for mode in MODES}}
    if line.rest not in modes:
        line.fail("write `accept`, `accept line` or `accept word`.")
    return Accept(modes[line.rest])


def _expect(line: _Line) -> Action:
    what, _, rest = line.rest.partition(" ")
    if what == "nothing" and not rest and line.block is None:
        return ExpectNothing()
    if what == "nothing" and rest.startswith("because "):
        return ExpectNothing(_text(line, rest.removeprefix("because ").strip()))
    if what == "text" and not rest:
        return ExpectText(line.block or line.fail("the text that is expected belongs below `expect text`, after bars."))
    if what == "ghost":
        return _expect_ghost(line, rest.strip())
    return line.fail("write `expect ghost …`, `expect nothing` or `expect text`.")


def _expect_ghost(line: _Line, rest: str) -> ExpectGhost:
    if not rest and line.block is None:
        return ExpectGhost("matches", "")
    how, _, argument = rest.partition(" ")
    if how == "contains":
        return ExpectGhost("contains", _text(line, argument.strip()))
    if how == "matches":
        return ExpectGhost("matches", _pattern(line, argument.strip()))
    if rest.startswith(GHOST_START) and rest.endswith(GHOST_END) and line.block is None:
        return ExpectGhost("is", rest[1:-1])
    return ExpectGhost("is", _text(line, rest))


def _pattern(line: _Line, text: str) -> str:
    found = _PATTERN.fullmatch(text)
    if found is None:
        line.fail("write `expect ghost matches /PATTERN/`.")
    try:
        re.compile(found[1])
    except re.error as error:
        line.fail(f"{text} is no regular expression: {error}.")
    return found[1]


def _set(line: _Line) -> Set:
    found = line.match(_SETTING, "write `set SECTION.KEY=VALUE`, such as `set completion.automatic=false`.")
    try:
        return Set(found[1], tomllib.loads(f"value = {found[2]}")["value"])
    except tomllib.TOMLDecodeError:
        return Set(found[1], found[2])


def _alone(action: Action) -> Callable[[_Line], Action]:
    def read(line: _Line) -> Action:
        return line.fail(f"`{line.word}` stands alone on its line.") if line.rest else action

    return read


def _text(line: _Line, rest: str) -> str:
    """Return a text in quotes after a step, or that below it."""
    if line.block is not None and not rest:
        return line.block
    if line.block is not None or not _QUOTED.fullmatch(rest):
        line.fail('a text stands in double quotes, such as "return ", or below the step after bars.')
    try:
        found: str = json.loads(rest)
    except ValueError as error:
        line.fail(f"{rest} is no text as JSON writes them: {error}.")
    return found


_READERS: Mapping[str, Callable[[_Line], Action]] = {
    "open": _open,
    "type": _type,
    "backspace": _backspace,
    "move": _move,
    "wait": _wait,
    "ask": _ask,
    "accept": _accept,
    "expect": _expect,
    "set": _set,
    "save": _alone(Save()),
    "close": _alone(Close()),
}
