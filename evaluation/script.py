"""Editing sessions as readable text files: what is typed, and what has to be on screen then (docs/harness.md).

One step a line; a text of several lines stands below its step, each line after a bar. `¦` is the cursor, `├…┤` ghost
text. Scripts run against any language server with inline completion (LSP 3.18).
"""

from __future__ import annotations

import asyncio
import json
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .errors import EvaluationError
from .harness import AUTOMATIC, INVOKED, LspSession, RequestFailed
from .json_rpc import Json
from .replay.user import MODES, Mode, part_of

CURSOR, GHOST_START, GHOST_END = "¦", "├", "┤"
_BLOCK = re.compile(r"\s*\| ?(.*)")
_STEP = re.compile(r"(\w+)\s*(.*)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_AROUND = 6


class ScriptError(EvaluationError):
    """A script cannot be read; the text says where and what was expected."""


class ExpectationFailed(EvaluationError):
    """What is on screen is not what the script expects; the text shows both."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a script: a word, what follows it, and the text below it (None where there is none)."""

    where: str
    word: str
    rest: str
    block: str | None = None


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
        raise ScriptError(f"{path} cannot be read: {error}.") from error
    return parse_script(text, path.name)


def parse_script(text: str, name: str = "script") -> Script:
    """Read a script's text. Raises ScriptError with its name and the line."""
    steps: list[Step] = []
    block: list[str] = []

    def end_block() -> None:
        if block:
            last = steps.pop()
            steps.append(Step(last.where, last.word, last.rest, "\n".join(block)))
            block.clear()

    for number, line in enumerate(text.split("\n"), 1):
        where = f"{name}:{number}"
        if found := _BLOCK.fullmatch(line):
            if not steps:
                raise ScriptError(f"{where}: a text belongs below a step, such as `open a.py python`.")
            block.append(found[1])
            continue
        end_block()
        if line.strip() and not line.lstrip().startswith("#"):
            step = _STEP.fullmatch(line.strip())
            if step is None or step[1] not in _STEPS:
                raise ScriptError(f"{where}: a step begins with one of {', '.join(_STEPS)}.")
            steps.append(Step(where, step[1], step[2]))
    end_block()
    return Script(name, tuple(steps))


@dataclass(slots=True)
class Screen:
    """What a user would see: the document in front, and the ghost text in it."""

    session: LspSession
    root: Path
    uri: str = ""
    ghost: str = ""
    item: Json | None = None
    settings: dict[str, object] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)

    def picture(self) -> str:
        """Return the lines around the cursor, with the ghost text in place."""
        document = self.session.documents[self.uri]
        before, after = document.units[: document.cursor], document.units[document.cursor :]
        ghost = f"{GHOST_START}{self.ghost}{GHOST_END}" if self.ghost else ""
        lines = f"{before}{CURSOR}{ghost}{after}".split("\n")
        at = before.count("\n")
        shown = lines[max(0, at - _AROUND) : at + _AROUND + 1 + self.ghost.count("\n")]
        return "\n".join(f"  | {line}".rstrip() for line in shown)


async def run_script(
    script: Script, session: LspSession, root: Path, tell: Callable[[str], None] = lambda line: None
) -> Screen:
    """Run the steps in a session; return the screen at the end.

    ``root`` is the folder that names of documents are in. Raises ExpectationFailed, ScriptError, or RequestFailed.
    """
    screen = Screen(session, root)
    for step in script.steps:
        tell(f"{step.where}: {step.word} {step.rest}".rstrip())
        if not screen.uri and step.word not in ("open", "set", "wait"):
            raise ScriptError(f"{step.where}: no document is open yet. Begin with `open NAME LANGUAGE`.")
        await _STEPS[step.word](screen, step)
    return screen


async def _open(screen: Screen, step: Step) -> None:
    words = step.rest.split()
    if len(words) != 2:
        raise ScriptError(f"{step.where}: write `open NAME LANGUAGE`, such as `open a.py python`.")
    path = screen.root / words[0]
    screen.uri = path.as_uri()
    if screen.uri in screen.session.documents and step.block is None:
        return
    text = step.block if step.block is not None else _file(path, step)
    before, mark, after = text.partition(CURSOR)
    screen.session.open(screen.uri, words[1], before + after)
    document = screen.session.documents[screen.uri]
    document.cursor = len(before.encode("utf-16-le", "surrogatepass")) // 2 if mark else len(document.units)
    _clear(screen)


def _file(path: Path, step: Step) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(
            f"{step.where}: {path} cannot be read, and no text stands below the step: {error}."
        ) from error


async def _type(screen: Screen, step: Step) -> None:
    screen.session.type(screen.uri, _text(step))
    _clear(screen)


async def _backspace(screen: Screen, step: Step) -> None:
    screen.session.backspace(screen.uri, _number(step, 1))
    _clear(screen)


async def _move(screen: Screen, step: Step) -> None:
    line, colon, column = step.rest.partition(":")
    if not (colon and line.isdecimal() and column.isdecimal() and int(line) and int(column)):
        raise ScriptError(f"{step.where}: write `move LINE:COLUMN`, both from 1.")
    screen.session.move(screen.uri, int(line) - 1, int(column) - 1)
    _clear(screen)


async def _wait(screen: Screen, step: Step) -> None:
    try:
        await asyncio.sleep(float(step.rest))
    except ValueError as error:
        raise ScriptError(f"{step.where}: write `wait SECONDS`.") from error


async def _ask(screen: Screen, step: Step) -> None:
    triggers = {"": AUTOMATIC, "automatic": AUTOMATIC, "invoked": INVOKED}
    if step.rest not in triggers:
        raise ScriptError(f"{step.where}: write `ask` or `ask invoked`.")
    _clear(screen)
    items = await screen.session.complete(screen.uri, trigger=triggers[step.rest])
    screen.latencies_ms.append(screen.session.latencies[-1].milliseconds)
    if items:
        screen.item, screen.ghost = items[0], screen.session.inserted(screen.uri, items[0])


async def _accept(screen: Screen, step: Step) -> None:
    if step.rest not in ("", *MODES):
        raise ScriptError(f"{step.where}: write `accept`, `accept line` or `accept word`.")
    if not screen.ghost:
        raise ExpectationFailed(f"{step.where}: there is no ghost text to accept.\n{screen.picture()}")
    mode: Mode = "line" if step.rest == "line" else "word" if step.rest == "word" else "whole"
    item, part = screen.item, part_of(screen.ghost, mode)
    left = screen.ghost[len(part) :]
    _clear(screen)
    if item is not None and not left:
        await screen.session.accept(screen.uri, item)
    else:
        screen.session.type(screen.uri, part)
        screen.ghost = left  # still there, as editors leave it; the item's range fits no more


async def _expect(screen: Screen, step: Step) -> None:
    what, _, rest = step.rest.partition(" ")
    if what == "text":
        _expect_text(screen, step)
    elif what == "nothing":
        _check(not screen.ghost, "no ghost text", screen, step)
    elif what == "ghost":
        _expect_ghost(screen, step, rest.strip())
    else:
        raise ScriptError(f"{step.where}: write `expect ghost …`, `expect nothing` or `expect text`.")


def _expect_text(screen: Screen, step: Step) -> None:
    if step.block is None:
        raise ScriptError(f"{step.where}: the text that is expected belongs below `expect text`, after bars.")
    document = screen.session.documents[screen.uri]
    at = len(
        document.units[: document.cursor].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    )
    text = document.text
    shown = f"{text[:at]}{CURSOR}{text[at:]}" if CURSOR in step.block else text
    _check(shown.rstrip("\n") == step.block.rstrip("\n"), f"the text\n{_barred(step.block)}", screen, step)


def _expect_ghost(screen: Screen, step: Step, rest: str) -> None:
    if not rest and step.block is None:
        _check(bool(screen.ghost), "some ghost text", screen, step)
    elif step.block is not None:
        _check(screen.ghost == step.block, f"the ghost text\n{_barred(step.block)}", screen, step)
    elif rest.startswith("contains "):
        wanted = _quoted(rest.removeprefix("contains ").strip(), step)
        _check(wanted in screen.ghost, f"ghost text that contains {wanted!r}", screen, step)
    elif rest.startswith("matches "):
        pattern = rest.removeprefix("matches ").strip().removeprefix("/").removesuffix("/")
        try:
            is_there = re.search(pattern, screen.ghost) is not None and bool(screen.ghost)
        except re.error as error:
            raise ScriptError(f"{step.where}: /{pattern}/ is no regular expression: {error}.") from error
        _check(is_there, f"ghost text that matches /{pattern}/", screen, step)
    else:
        wanted = rest[1:-1] if rest.startswith(GHOST_START) and rest.endswith(GHOST_END) else _quoted(rest, step)
        _check(screen.ghost == wanted, f"the ghost text {wanted!r}", screen, step)


async def _set(screen: Screen, step: Step) -> None:
    name, equals, value = step.rest.partition("=")
    section, dot, key = name.strip().partition(".")
    if not (equals and dot):
        raise ScriptError(f"{step.where}: write `set section.key=value`.")
    try:
        screen.settings[f"{section}.{key}"] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        screen.settings[f"{section}.{key}"] = value.strip()
    screen.session.configuration = dict(screen.settings)
    screen.session.notify("workspace/didChangeConfiguration", {"settings": dict(screen.settings)})


async def _save(screen: Screen, step: Step) -> None:
    screen.session.save(screen.uri)


async def _close(screen: Screen, step: Step) -> None:
    screen.session.close_document(screen.uri)
    screen.uri = ""
    screen.item, screen.ghost = None, ""


_STEPS = {
    "open": _open,
    "type": _type,
    "backspace": _backspace,
    "move": _move,
    "wait": _wait,
    "ask": _ask,
    "accept": _accept,
    "expect": _expect,
    "set": _set,
    "save": _save,
    "close": _close,
}


def _clear(screen: Screen) -> None:
    screen.item, screen.ghost = None, ""


def _check(holds: bool, wanted: str, screen: Screen, step: Step) -> None:
    if not holds:
        raise ExpectationFailed(f"{step.where}: expected {wanted}\non screen:\n{screen.picture()}")


def _text(step: Step) -> str:
    return step.block if step.block is not None else _quoted(step.rest, step)


def _quoted(text: str, step: Step) -> str:
    if not _QUOTED.fullmatch(text):
        raise ScriptError(
            f'{step.where}: a text stands in double quotes, such as "return ", or below the step after bars.'
        )
    try:
        found: str = json.loads(text)
    except ValueError as error:
        raise ScriptError(f"{step.where}: {text} is no text in JSON's sense: {error}.") from error
    return found


def _number(step: Step, default: int) -> int:
    if step.rest and not step.rest.isdecimal():
        raise ScriptError(f"{step.where}: write `{step.word} COUNT`.")
    return int(step.rest) if step.rest else default


def _barred(text: str) -> str:
    return "\n".join(f"  | {line}".rstrip() for line in text.split("\n"))


async def run_all(
    scripts: Sequence[Script],
    command: Sequence[str],
    root: Path,
    settings: dict[str, object],
    tell: Callable[[str], None],
) -> list[str]:
    """Run each script with a server of its own; return a text for each that failed.

    Raises ScriptError for a script that can't be run, and EvaluationError where the server can't be started.
    """
    failures = []
    for script in scripts:
        try:
            session = await LspSession.start(
                command, root=root, initialization_options=settings, configuration=settings
            )
        except OSError as error:
            raise EvaluationError(f"{command[0]} cannot be started: {error.strerror}. Mend --server.") from error
        try:
            async with session:
                screen = await run_script(script, session, root, tell)
            worst = max(screen.latencies_ms, default=0.0)
            tell(f"{script.name}: all as expected ({len(screen.latencies_ms)} answers, slowest {worst:.0f} ms)")
        except ExpectationFailed as failure:
            failures.append(str(failure))
        except (RequestFailed, AssertionError) as failure:
            failures.append(f"{script.name}: the server failed: {failure}")
    return failures
