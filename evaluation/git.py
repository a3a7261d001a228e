"""Reads a git repository through git's plumbing: nothing is written, nothing of the repository is run, nothing fetched.

What could run a program or reach the network is left out or switched off: porcelain, hooks, filters, text
conversion, external diffs, file system monitors, pagers, missing objects of partial clones.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .errors import HistoryError

_SAFE = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.pager=cat",
    # Gits before 2.45 fetch missing contents by `git fetch`, which notes its filter in the repository's settings even
    # where it may not connect. This value ends it before that.
    "fetch.parallel=-1",
)
_SAFE_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--text")
_RENAMES = ("-M", "-l400")
_SECONDS = 120
_MOST_WALKED = 20_000
"""Commits among which those of a folder are looked for: without a limit, a quiet folder costs a walk over all."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a commit: ids of its content before ("" if it was not there) and after.

    Paths are as the file system has them (``os.fsdecode``); ``old_path`` differs where the file was renamed.
    """

    old_path: str
    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Span:
    """Lines that a commit replaced: ``old_start:old_end`` by ``new_start:new_end``, counted from 0."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


class Repository:
    """A repository, or a folder of one: then only what lies below it is seen."""

    def __init__(self, folder: Path) -> None:
        """Open what ``folder`` belongs to. Raises HistoryError, with what to do."""
        self._folder = folder.absolute()
        self.prefix = os.fsdecode(self._run("rev-parse", "--show-prefix")).removesuffix("\n")

    def recent_commits(self, n: int) -> list[str]:
        """Return the ids of the last ``n`` commits that merge nothing, newest first. Raises HistoryError."""
        if not self._run("rev-list", "--max-count=1", "--all"):
            raise HistoryError(f"{self._folder} has no commits yet. Commit something, or give another repository.")
        range_, only = ["HEAD"], ["--"]
        if self.prefix:
            walked = self._run("rev-list", f"--max-count={_MOST_WALKED}", "HEAD", "--").decode().split()
            range_ += [f"^{walked[-1]}"] if len(walked) == _MOST_WALKED else []
            only += ["."]
        return self._run("rev-list", "--no-merges", f"--max-count={n}", *range_, *only).decode().split()

    def cut_off(self) -> frozenset[str]:
        """Return the commits whose parents a shallow clone left out: they seem to add every file."""
        place = os.fsdecode(self._run("rev-parse", "--git-path", "shallow")).removesuffix("\n")
        try:
            return frozenset((self._folder / place).read_text("ascii", "replace").split())
        except OSError:
            return frozenset()

    def changes(self, commit: str) -> list[Change]:
        """Return the regular files that a commit added or changed (not: only renamed). Raises HistoryError."""
        how = ("-r", "--root", "--no-commit-id", *_RENAMES, "-z", "--raw", "--no-abbrev")
        fields = self._run("diff-tree", *how, commit, "--").split(b"\0")
        return [change for change in _changes(fields) if change.path.startswith(self.prefix)]

    def spans(self, commit: str, change: Change) -> list[Span]:
        """Return which lines of a file a commit changed. Raises HistoryError."""
        if not change.before:
            return [Span(0, 0, 0, -1)]
        how = ("-r", "--no-commit-id", *_RENAMES, "-p", "-U0", "--diff-algorithm=histogram", *_SAFE_DIFF)
        paths = [f":(top,literal){path}" for path in dict.fromkeys((change.old_path, change.path))]
        patch = self._run("diff-tree", *how, commit, "--", *paths)
        return [_span(line) for line in patch.split(b"\n") if line.startswith(b"@@ ")]

    def files(self) -> list[tuple[str, str]]:
        """Return path and id of every regular file of HEAD. Raises HistoryError."""
        entries = self._run("ls-tree", "-r", "-z", "--full-tree" if not self.prefix else "--full-name", "HEAD")
        found = []
        for entry in entries.split(b"\0"):
            facts, _, path = entry.partition(b"\t")
            if facts.startswith((b"100644", b"100755")):
                found.append((os.fsdecode(path), facts.split()[2].decode()))
        return found

    @contextmanager
    def contents(self, max_bytes: int) -> Iterator[_Contents]:
        """Give a reader of contents by their ids, as long as the block lasts."""
        with _Contents(
            self._command("cat-file", "--batch-check"), self._command("cat-file", "--batch"), max_bytes
        ) as reader:
            yield reader

    def _run(self, *arguments: str) -> bytes:
        try:
            done = subprocess.run(
                self._command(*arguments),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=_environment(),
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            raise HistoryError("git is not on this machine. Install git, and repeat.") from error
        except subprocess.TimeoutExpired as error:
            raise HistoryError(f"git took more than {_SECONDS} s on {self._folder}. Give a folder of it.") from error
        if done.returncode != 0:
            raise HistoryError(self._explained(done.stderr.decode("utf-8", "replace")))
        return done.stdout

    def _command(self, *arguments: str) -> list[str]:
        safe = [word for setting in _SAFE for word in ("-c", setting)]
        return [
            "git",
            "--no-pager",
            "--no-optional-locks",
            "-C",
            str(self._folder),
            *safe,
            *arguments,
        ]

    def _explained(self, said: str) -> str:
        if "not a git repository" in said:
            return f"{self._folder} is not a git repository."
        if trust := re.search(r"git config --global --add safe\.directory .+", said):
            return f"{self._folder} belongs to another user, so git refuses to read it. If you trust it: {trust[0]}"
        if "unknown revision" in said or "bad revision" in said or "Not a valid object name HEAD" in said:
            return f"{self._folder} has no commits on its current branch. Check out a branch that has."
        fatal = re.search(r"^fatal: (.+)", said, re.MULTILINE)
        why = fatal[1] if fatal else said.strip().partition("\n")[0] or "it said nothing"
        return f"git cannot read {self._folder}: {why}. `git fsck` may tell more."


class _Contents:
    """Reads contents by two git processes that stay, until a damaged content ends one: then by a new one."""

    def __init__(self, check: Sequence[str], read: Sequence[str], max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._commands = (check, read)
        self._processes = [_started(command) for command in self._commands]

    def read(self, id: str) -> bytes | None:
        """Return a content, None where it is missing, damaged or too large."""
        size = self._answer(0, id)
        if size is None or size > self._max_bytes:
            return None
        if self._answer(1, id) is None:
            return None
        output = self._processes[1].stdout
        assert output is not None
        data = output.read(size)
        if output.read(1) == b"\n":
            return data
        self._restart(1)
        return None

    def _answer(self, which: int, id: str) -> int | None:
        """Return the size that a process tells of a content, None for one that is missing or no file."""
        process = self._processes[which]
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(id.encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = b""
        if not line:
            self._restart(which)
        words = line.split()
        return int(words[2]) if len(words) == 3 and words[1] == b"blob" else None

    def _restart(self, which: int) -> None:
        _end(self._processes[which])
        self._processes[which] = _started(self._commands[which])

    def __enter__(self) -> _Contents:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            _end(process)


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):
            if stream is not None:
                stream.close()
    process.terminate()
    process.wait()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        # Older gits don't know that one. This one is stronger than any `protocol.….allow` that a repository sets.
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "LC_ALL": "C",
    }


def _changes(fields: Sequence[bytes]) -> Iterator[Change]:
    """Read `git diff-tree -z --raw`: a field of facts, then one path, or two where a file was renamed."""
    at = 0
    while at + 1 < len(fields):
        old_mode, new_mode, before, after, status = fields[at].lstrip(b":").split()
        n_paths = 2 if status[:1] in (b"R", b"C") else 1
        old_path, path = os.fsdecode(fields[at + 1]), os.fsdecode(fields[at + n_paths])
        at += 1 + n_paths
        is_file = new_mode in (b"100644", b"100755") and old_mode in (b"000000", b"100644", b"100755")
        if is_file and before != after:
            yield Change(old_path, path, "" if before.strip(b"0") == b"" else before.decode(), after.decode())


def _span(header: bytes) -> Span:
    """Read the head of a hunk, `@@ -start,count +start,count @@`; a count of 0 names the line before."""
    _, old, new, *_ = header.split(b" ")
    (old_start, old_end), (new_start, new_end) = _range(old), _range(new)
    return Span(old_start, old_end, new_start, new_end)


def _range(text: bytes) -> tuple[int, int]:
    start, _, count = text[1:].partition(b",")
    n = int(count) if count else 1
    first = int(start) - 1 if n else int(start)
    return first, first + n
