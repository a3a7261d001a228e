"""What a replay types: lines that people have added to a repository, in the state that they found it in."""

from __future__ import annotations

import os
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import islice, takewhile
from pathlib import Path, PurePosixPath

from ..context.document import Document
from ..context.languages import for_path
from ..context.units import enclosing_unit
from ..server.paths import SUFFIXES
from .errors import HistoryError
from .git import Change, Repository, Span

MAX_FILE_BYTES = 400_000
_MAX_LINE = 1000
"""Files with longer lines were written by programs."""
_MAX_HUNK_LINES, _ENOUGH_KEYS = 3, 40
"""Of a longer hunk, lines from somewhere within it are typed: many places tell more than a few long ones."""
_MIN_KEYS = 8
_MOST_CHANGES = 300
"""Of a commit: one that touches more files was no typing."""
_FEW_COMMITS, _MOST_FILES, _MOST_FOLDERS = 5, 400, 10_000
_TRIES_PER_FILE = 4

_NOT_WRITTEN_HERE = frozenset(
    {
        *("node_modules", "vendor", "vendored", "_vendor", "third_party", "thirdparty"),
        *("dist", "build", "site-packages", ".venv", "venv", "__pycache__"),
    }
)
_GENERATED = re.compile(r"(\.min\.|_pb2|\.generated\.|\.g\.|-lock\.)")
_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Hunk:
    """Text that somebody added: typing ``added`` at ``offset`` of ``before`` gives the file as it was afterwards.

    ``before`` holds the commit's earlier additions to the file, and no longer what the hunk removed.
    """

    commit: str
    path: str
    language_id: str
    before: str
    offset: int
    added: str


@dataclass(frozen=True, slots=True)
class History:
    """Hunks in the order in which they were written. ``is_held_out``: no commits, but functions of the present state.

    ``problems`` tells, in words, what was left out.
    """

    name: str
    hunks: tuple[Hunk, ...]
    n_commits: int
    problems: tuple[str, ...] = ()
    is_held_out: bool = False


def sample_history(
    folder: Path,
    *,
    n_keystrokes: int,
    n_commits: int = 50,
    seed: int = 1,
    paths: Sequence[str] = (),
    languages: Sequence[str] = (),
) -> History:
    """Return about ``n_keystrokes`` of what was added in the last ``n_commits`` commits, spread over the files.

    Where there are too few commits (a shallow clone, a young repository), or ``folder`` is no repository (an unpacked
    package), bodies of functions are held out of the present state and typed again. ``paths`` (patterns such as
    `src/*`) and ``languages`` (LSP ids) choose files. Nothing is written, and nothing of the repository runs.
    Raises HistoryError.
    """
    if not folder.is_dir():
        raise HistoryError(f"{folder} is not a folder. Give a repository, or a folder with source files.")
    wanted = _Wanted(tuple(paths), tuple(languages))
    name = _shown(folder.resolve().name)
    chance = random.Random(seed)
    problems: dict[str, int] = defaultdict(int)
    repository = _repository(folder)
    if repository is None and (folder / ".git").exists():
        problems["a .git that git does not know as a repository"] += 1
    hunks: tuple[Hunk, ...] = ()
    n_used = 0
    if repository is not None:
        found = _added(repository, n_commits, wanted, chance, problems)
        hunks = _chosen(found, n_keystrokes, chance)
        n_used = len({hunk.commit for _, hunk in found})
        if n_used >= _FEW_COMMITS or sum(n_keys(hunk.added) for hunk in hunks) >= n_keystrokes:
            return History(name, hunks, n_used, _told(problems))
    files = [] if repository is None else repository.files()
    texts = (
        _texts_of(repository, files, wanted, chance, problems)
        if repository and files
        else _texts_on_disk(folder, wanted, chance, problems)
    )
    if held_out := _chosen(_held_out(texts, chance), n_keystrokes, chance):
        return History(name, held_out, 0, _told(problems), is_held_out=True)
    if hunks:
        return History(name, hunks, n_used, _told(problems))
    told = f" Left out: {', '.join(_told(problems))}." if problems else ""
    raise HistoryError(
        f"{folder} holds nothing that could be typed: no recent additions to files in languages that midspan knows, "
        f"and no functions in them.{told}"
    )


def _repository(folder: Path) -> Repository | None:
    """Return the repository that a folder belongs to, None where it belongs to none."""
    try:
        return Repository(folder)
    except HistoryError as error:
        if "not a git repository" in str(error):
            return None
        raise


def _added(
    repository: Repository, n_commits: int, wanted: _Wanted, chance: random.Random, problems: dict[str, int]
) -> list[tuple[int, Hunk]]:
    """Return what recent commits added, oldest first, each with its commit's place in time."""
    recent, cut_off = repository.recent_commits(n_commits), repository.cut_off()
    commits = [commit for commit in reversed(recent) if commit not in cut_off]
    if len(commits) < len(recent):
        problems["commits whose past a shallow clone lacks"] += len(recent) - len(commits)
    with repository.contents(MAX_FILE_BYTES) as contents:
        return [
            hunk
            for age, commit in enumerate(commits)
            for hunk in _hunks_of(repository, commit, age, wanted, contents.read, chance, problems)
        ]


def _texts_of(
    repository: Repository,
    files: Sequence[tuple[str, str]],
    wanted: _Wanted,
    chance: random.Random,
    problems: dict[str, int],
) -> list[tuple[str, str | None]]:
    """Return some files of HEAD, by their paths."""
    known = [(path, id) for path, id in files if wanted.language_of(path)]
    with repository.contents(MAX_FILE_BYTES) as contents:
        some = chance.sample(known, min(len(known), _MOST_FILES))
        return [(path, _text(contents.read(id), path, problems)) for path, id in some]


def n_keys(text: str) -> int:
    """Return about how many keys it takes to type a text: indentation comes with Enter."""
    return sum(max(1, len(line.strip())) for line in text.split("\n"))


_Read = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class _Wanted:
    paths: tuple[str, ...]
    languages: tuple[str, ...]

    def language_of(self, path: str) -> str:
        """Return the language of a file that somebody wrote by hand and that is asked for, else nothing."""
        place = PurePosixPath(path)
        if _NOT_WRITTEN_HERE.intersection(place.parts) or _GENERATED.search(place.name):
            return ""
        if self.paths and not any(fnmatch(path, pattern) for pattern in self.paths):
            return ""
        language = for_path(path)
        found = language.language_ids[0] if language is not None else _BY_SUFFIX.get(place.suffix, "")
        return found if not self.languages or found in self.languages else ""


_BY_SUFFIX = {suffix: language for language, suffix in SUFFIXES.items()}


def _hunks_of(
    repository: Repository,
    commit: str,
    age: int,
    wanted: _Wanted,
    read: _Read,
    chance: random.Random,
    problems: dict[str, int],
) -> Iterator[tuple[int, Hunk]]:
    """Yield what a commit added, with the commit's place in time."""
    try:
        changes = repository.changes(commit)
    except HistoryError:
        problems["commits that git cannot read"] += 1
        return
    if len(changes) > _MOST_CHANGES:
        problems["commits that change very many files"] += 1
        return
    for change in changes:
        if language := wanted.language_of(change.path):
            for hunk in _hunks_of_file(repository, commit, change, language, read, chance, problems):
                yield age, hunk


def _hunks_of_file(
    repository: Repository,
    commit: str,
    change: Change,
    language: str,
    read: _Read,
    chance: random.Random,
    problems: dict[str, int],
) -> Iterator[Hunk]:
    new = _text(read(change.after), change.path, problems)
    old = _text(read(change.before), change.path, problems) if change.before else ""
    if new is None or old is None:
        return
    try:
        spans = repository.spans(commit, change)
    except HistoryError:
        problems["files that git cannot compare"] += 1
        return
    new_lines, old_lines = _lines(new), _lines(old)
    for span in spans:
        end = len(new_lines) if span.new_end < 0 else span.new_end
        begin = span.new_start + _n_kept(old_lines[span.old_start : span.old_end], new_lines[span.new_start : end])
        hunk = _hunk(new_lines, old_lines, Span(span.old_start, span.old_end, begin, end), chance)
        if hunk is not None:
            before, offset, added = hunk
            yield Hunk(commit[:10], _shown(change.path), language, before, offset, added)


def _n_kept(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many first lines differ in their ends only: to git they are new, and nobody typed them."""
    same = (was.rstrip("\r\n") == now.rstrip("\r\n") for was, now in zip(old, new, strict=False))
    return sum(takewhile(bool, same))


def _hunk(new: Sequence[str], old: Sequence[str], span: Span, chance: random.Random) -> tuple[str, int, str] | None:
    """Return the text before a hunk is typed, where it is typed, and what."""
    start = span.new_start + chance.randrange(max(1, span.new_end - span.new_start - _MAX_HUNK_LINES + 1))
    added = _first_of(new[start : span.new_end])
    if n_keys(added.strip()) < _MIN_KEYS:
        return None
    head, rest = "".join(new[:start]), "".join(old[span.old_end :])
    eol = _line_end(added)
    if not eol:
        return head + rest, len(head), added
    added = added.removesuffix(eol)
    if _line_end(head) == eol:
        # As a person does: Enter at the end of the line above, then the text.
        return head + rest, len(head) - len(eol), eol + added
    # At the very start, or where a file mixes line ends: in an empty line.
    return head + eol + rest, len(head), added


def _first_of(lines: Sequence[str]) -> str:
    """Return the lines that are typed in one place: whole ones, and no more once they are enough keys."""
    n = 1
    while n < min(_MAX_HUNK_LINES, len(lines)) and n_keys("".join(lines[:n]).strip()) < _ENOUGH_KEYS:
        n += 1
    return "".join(lines[:n])


def _held_out(texts: Iterable[tuple[str, str | None]], chance: random.Random) -> list[tuple[int, Hunk]]:
    """Return functions of files as if their bodies were typed now."""
    found = []
    wanted = _Wanted((), ())
    for path, text in texts:
        if not text:
            continue
        language = wanted.language_of(path)
        document = Document.open(f"held-out:/{path}", language, 1, text)
        units = {}
        for _ in range(_TRIES_PER_FILE):
            unit = enclosing_unit(document, chance.randrange(len(text)))
            if unit is not None and unit.kind != "class":
                units[unit.start] = unit
        last_end = 0
        for unit in sorted(units.values(), key=lambda unit: unit.start):
            body = _first_of(_lines(text[unit.body_start : unit.end])).rstrip()
            if unit.start >= last_end and n_keys(body) >= _MIN_KEYS:
                before = text[: unit.body_start] + text[unit.end :]
                found.append((0, Hunk("", _shown(path), language, before, unit.body_start, body)))
                last_end = unit.end
    return found


def _texts_on_disk(
    folder: Path, wanted: _Wanted, chance: random.Random, problems: dict[str, int]
) -> Iterator[tuple[str, str | None]]:
    """Yield some files of a folder, by their paths in it; no links, no hidden or foreign folders, no end of them."""
    found = []
    for place, folders, names in islice(os.walk(folder), _MOST_FOLDERS):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_WRITTEN_HERE)
        for name in sorted(names):
            file = Path(place, name)
            path = file.relative_to(folder).as_posix()
            if wanted.language_of(path) and not file.is_symlink() and file.is_file():
                found.append((path, file))
    for path, file in chance.sample(found, min(len(found), _MOST_FILES)):
        try:
            data = file.read_bytes() if file.stat().st_size <= MAX_FILE_BYTES else None
        except OSError:
            data = None
        yield path, _text(data, path, problems)


def _text(data: bytes | None, path: str, problems: dict[str, int]) -> str | None:
    """Return a content as the text that somebody typed, None for anything else."""
    if data is None:
        problems["files that are missing or too large"] += 1
    elif data.startswith(_LFS):
        problems["files kept elsewhere (LFS)"] += 1
    elif b"\0" in data:
        problems["binary files"] += 1
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            problems["files that are not UTF-8"] += 1
            return None
        if max(map(len, text.split("\n"))) <= _MAX_LINE:
            return text
        problems["files with very long lines"] += 1
    return None


def _chosen(found: Sequence[tuple[int, Hunk]], n_keystrokes: int, chance: random.Random) -> tuple[Hunk, ...]:
    """Draw hunks, one of each file in turn, until there is enough to type; return them as they were written."""
    by_file: dict[str, list[int]] = defaultdict(list)
    for index, (_, hunk) in enumerate(found):
        by_file[hunk.path].append(index)
    piles = [by_file[path] for path in sorted(by_file)]
    for pile in piles:
        chance.shuffle(pile)
    chance.shuffle(piles)
    chosen: list[int] = []
    left = n_keystrokes
    for turn in range(max(map(len, piles), default=0)):
        for pile in piles:
            if turn < len(pile) and left > 0:
                chosen.append(pile[turn])
                left -= n_keys(found[pile[turn]][1].added)
    return tuple(found[index][1] for index in sorted(chosen))


def _lines(text: str) -> list[str]:
    r"""Split at ``\n`` as git does, the ends kept."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _line_end(text: str) -> str:
    return "\r\n" if text.endswith("\r\n") else "\n" if text.endswith("\n") else ""


def _shown(path: str) -> str:
    """Return a path that can be printed and stored: names of files may hold any bytes."""
    return "".join(c if c.isprintable() else "\ufffd" for c in path)


def _told(problems: dict[str, int]) -> tuple[str, ...]:
    return tuple(f"{what}: {n}" for what, n in sorted(problems.items()))
