"""Task sets: holes with their true content, read from JSON lines and sampled by group.

The format, one object a line: `{"id", "source", "license", "language", "path", "group", "prefix", "suffix", "answer",
"tests", "context": [{"path", "text"}]}`. The hole lies between prefix and suffix. ``tests``, where given, is appended
to the filled text, which then has to run to its end. ``group`` names the problem or repository that tasks share.

Tasks may have two more keys: ``repository``, the folder (relative to the task file) that ``path`` lies in, from which
context is gathered, and ``needs``, `[{"name", "path"}]`: the names that the answer takes from other files of it.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

from ..context.snippet import Snippet
from .errors import TasksError

MAX_LINE_BYTES = 2_000_000
"""A longer line is no task: nobody edits such a file."""

MAX_PROBLEMS = 1000
"""So many rows that are left out are told one by one."""

Kind = Literal["line", "inside", "block"]
_TEXTS = ("id", "language", "prefix", "suffix", "answer")
_OPTIONAL_TEXTS = ("source", "license", "path", "group", "tests", "repository")


@dataclass(frozen=True, slots=True)
class Need:
    """A name that an answer takes from another file, which is at ``path`` in the repository."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Task:
    """A hole and what belongs into it. Texts that the file leaves out are empty; so is a ``repository``'s full path."""

    id: str
    language: str
    prefix: str
    suffix: str
    answer: str
    source: str = ""
    license: str = ""
    path: str = ""
    group: str = ""
    tests: str = ""
    context: tuple[Snippet, ...] = ()
    repository: str = ""
    needs: tuple[Need, ...] = ()

    @property
    def kind(self) -> Kind:
        """What is missing: several lines (a block), the rest of a line, or something inside of a line."""
        if "\n" in self.answer.strip("\r\n"):
            return "block"
        rest_of_line = self.suffix.split("\n", 1)[0]
        return "inside" if rest_of_line.strip() and not self.answer.endswith("\n") else "line"


@dataclass(frozen=True, slots=True)
class TaskSet:
    """The tasks of one file; ``problems`` are the rows that were left out, a line each."""

    name: str
    tasks: tuple[Task, ...]
    problems: tuple[str, ...] = ()


def load(path: Path) -> TaskSet:
    """Read a task file, plain or gzip. Rows that are no tasks are left out. Raises TasksError."""
    name = path.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".json")
    tasks: dict[str, Task] = {}
    problems: list[str] = []
    try:
        with _open(path) as file:
            for number, line in enumerate(_lines(file), 1):
                task = _read(line, path.parent)
                if isinstance(task, Task) and task.id in tasks:
                    task = f"the id {task.id[:80]!r} stands here twice"
                if isinstance(task, Task):
                    tasks[task.id] = task
                elif len(problems) < MAX_PROBLEMS:
                    problems.append(f"{path.name}:{number}: {task}")
    except gzip.BadGzipFile as error:
        raise TasksError(
            f"{path} is not a whole gzip file. Fetch it again, or rename it to .jsonl if it is plain text."
        ) from error
    except (EOFError, zlib.error) as error:
        raise TasksError(f"{path} is cut off or damaged. Fetch it again.") from error
    except OSError as error:
        raise TasksError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not tasks:
        first = f" ({problems[0]})" if problems else ""
        raise TasksError(f"{path} holds no tasks{first}. It has to be JSON lines with id, prefix, suffix, answer.")
    return TaskSet(name, tuple(tasks.values()), tuple(problems))


def sample(tasks: Sequence[Task], limit: int | None, seed: int) -> tuple[Task, ...]:
    """Return at most ``limit`` tasks, spread evenly over their groups, in the order of the file.

    One task of each group is taken in turn, groups and tasks shuffled by the seed. None takes all.
    """
    if limit is None or limit >= len(tasks):
        return tuple(tasks)
    chance = random.Random(seed)
    groups: dict[str, list[int]] = defaultdict(list)
    for index, task in enumerate(tasks):
        groups[task.group or task.id].append(index)
    piles = [groups[name] for name in sorted(groups)]
    for pile in piles:
        chance.shuffle(pile)
    chance.shuffle(piles)
    turns = max(map(len, piles))
    in_turn = [pile[turn] for turn in range(turns) for pile in piles if turn < len(pile)]
    return tuple(tasks[index] for index in sorted(in_turn[:limit]))


def _open(path: Path) -> BinaryIO:
    if not path.is_file():
        raise TasksError(f"{path} is not a file. Give task files, such as tasks/*.jsonl.gz.")
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one that is too long only its beginning, which is longer than `MAX_LINE_BYTES`."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        rest = line
        while len(line) > MAX_LINE_BYTES and rest and not rest.endswith(b"\n"):
            rest = file.readline(1 << 20)
        yield line


def _read(line: bytes, folder: Path) -> Task | str:
    """Return the task of a line in a file that lies in a folder, or what is wrong with it."""
    if len(line) > MAX_LINE_BYTES:
        return f"longer than {MAX_LINE_BYTES:,} bytes"
    if not line.strip():
        return "blank"
    try:
        row = json.loads(line)
    except UnicodeDecodeError:
        return "not UTF-8"
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(row, dict):
        return "not an object"
    for name in _TEXTS:
        if not isinstance(row.get(name), str):
            return f"`{name}` is missing" if row.get(name) is None else f"`{name}` is not a text"
    for name in _OPTIONAL_TEXTS:
        if not isinstance(row.get(name) or "", str):
            return f"`{name}` is not a text"
    if not row["id"]:
        return "`id` is empty"
    context = _snippets(row.get("context") or [])
    if context is None:
        return "`context` is not a list of objects with `path` and `text`"
    needs = _needs(row.get("needs") or [])
    if needs is None:
        return "`needs` is not a list of objects with `name` and `path`"
    required: Mapping[str, str] = {name: row[name] for name in _TEXTS}
    optional = {name: row.get(name) or "" for name in _OPTIONAL_TEXTS}
    if optional["repository"]:
        optional["repository"] = str(folder / optional["repository"])
    return Task(**required, **optional, context=context, needs=needs)


def _needs(value: object) -> tuple[Need, ...] | None:
    if not isinstance(value, list):
        return None
    pairs = [(one.get("name"), one.get("path")) for one in value if isinstance(one, dict)]
    needs = tuple(Need(name, path) for name, path in pairs if isinstance(name, str) and isinstance(path, str))
    return needs if len(needs) == len(value) else None


def _snippets(context: object) -> tuple[Snippet, ...] | None:
    if not isinstance(context, list):
        return None
    snippets = []
    for one in context:
        if not isinstance(one, dict) or not isinstance(one.get("text"), str):
            return None
        path = one.get("path") or ""
        if not isinstance(path, str):
            return None
        snippets.append(Snippet(path, one["text"]))
    return tuple(snippets)
