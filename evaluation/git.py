"""Reads a git repository through git's plumbing: nothing is written, nothing of the repository is run, nothing fetched.

What could run a program or reach the network is left out or switched off: porcelain, hooks, filters, text
conversion, external diffs, file system monitors, pagers, missing objects of partial clones.
"""

from __future__ import annotations

import os
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
    "protocol.allow=never",
)
_SAFE_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color")
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a commit: ids of its content before ("" if it was not there) and after."""

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
        self.prefix = self._run("rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").strip("\n")

    def recent_commits(self, n: int) -> list[str]:
        """Return the ids of the last ``n`` commits that merge nothing, newest first. Raises HistoryError."""
        if not self._run("rev-list", "--max-count=1", "--all"):
            raise HistoryError(f"{self._folder} has no commits yet. Commit something, or give another repository.")
        only = ("--", ".") if self.prefix else ("--",)
        return self._run("rev-list", "--no-merges", f"--max-count={n}", "HEAD", *only).decode().split()

    def changes(self, commit: str) -> list[Change]:
        """Return the regular files that a commit added or changed (not: only renamed). Raises HistoryError."""
        only = ("--", ".") if self.prefix else ("--",)
        fields = self._run(
            "diff-tree", "-r", "--root", "--no-commit-id", "-M", "-l400", "-z", "--raw", "--no-abbrev", commit, *only
        )
        return list(_changes(fields.split(b"\0")))

    def spans(self, change: Change) -> list[Span]:
        """Return which lines changed between two contents. Raises HistoryError."""
        if not change.before:
            return [Span(0, 0, 0, -1)]
        patch = self._run("diff", "-U0", "--diff-algorithm=histogram", *_SAFE_DIFF, change.before, change.after)
        return [_span(line) for line in patch.split(b"\n") if line.startswith(b"@@ ")]

    def files(self) -> list[tuple[str, str]]:
        """Return path and id of every regular file of HEAD. Raises HistoryError."""
        entries = self._run("ls-tree", "-r", "-z", "--full-tree" if not self.prefix else "--full-name", "HEAD")
        found = []
        for entry in entries.split(b"\0"):
            facts, _, path = entry.partition(b"\t")
            if facts.startswith((b"100644", b"100755")):
                found.append((path.decode("utf-8", "surrogateescape"), facts.split()[2].decode()))
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
            "--literal-pathspecs",
            "-C",
            str(self._folder),
            *safe,
            *arguments,
        ]

    def _explained(self, said: str) -> str:
        if "not a git repository" in said:
            return f"{self._folder} is not a git repository."
        if "dubious ownership" in said:
            trust = f"git config --global --add safe.directory {self._folder}"
            return f"{self._folder} belongs to another user, so git refuses to read it. If you trust it: {trust}"
        if "unknown revision" in said or "bad revision" in said or "Not a valid object name HEAD" in said:
            return f"{self._folder} has no commits on its current branch. Check out a branch that has."
        lines = said.strip().splitlines() or ["it said nothing"]
        return f"git cannot read {self._folder}: {lines[0].removeprefix('fatal: ')}. `git fsck` may tell more."


class _Contents:
    """Reads contents by two git processes that stay."""

    def __init__(self, check: Sequence[str], read: Sequence[str], max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._processes = [
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
            )
            for command in (check, read)
        ]

    def read(self, id: str) -> bytes | None:
        """Return a content, None where it is missing or too large."""
        size = self._answer(0, id)
        if size is None or size > self._max_bytes:
            return None
        if self._answer(1, id) is None:
            return None
        output = self._processes[1].stdout
        assert output is not None
        data = output.read(size)
        output.read(1)
        return data if len(data) == size else None

    def _answer(self, which: int, id: str) -> int | None:
        """Return the size that a process tells of a content, None for one that is missing or no file."""
        process = self._processes[which]
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(id.encode() + b"\n")
            process.stdin.flush()
        except OSError:
            return None
        words = process.stdout.readline().split()
        return int(words[2]) if len(words) == 3 and words[1] == b"blob" else None

    def __enter__(self) -> _Contents:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
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
        path = fields[at + n_paths].decode("utf-8", "surrogateescape")
        at += 1 + n_paths
        is_file = new_mode in (b"100644", b"100755") and old_mode in (b"000000", b"100644", b"100755")
        if is_file and before != after:
            yield Change(path, "" if before.strip(b"0") == b"" else before.decode(), after.decode())


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
