"""Finds the source files of a workspace folder: none that is excluded, none through a link, the nearest first.

Opens no file but ignore files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .exclusions import Rules
from .languages import for_path
from .source_file import MAX_BYTES, Stamp


@dataclass(frozen=True, slots=True)
class Found:
    """A file: its path below the workspace folder, with forward slashes, and its state."""

    path: str
    stamp: Stamp


def source_files(root: Path, patterns: Sequence[str] = (), near: Sequence[str] = ()) -> Iterator[Found]:
    """Yield the files of a folder that are in a language we know; what can't be read is passed over.

    ``patterns`` (gitignore's) are excluded, too. The folders ``near`` and those above them come first, with all that
    is below: in a tree that is too large to read whole, those are what matters. Sorted otherwise, so that two runs
    see the same.
    """
    seen: set[str] = set()
    rules = Rules.of(root, patterns)
    for start in _upwards(near):
        known = _rules_at(root, start, rules)
        if known is not None:
            yield from _below(root, start, known, seen)


def _upwards(near: Sequence[str]) -> list[str]:
    """Return folders, then those above them one after the other; the workspace folder itself comes last."""
    order: list[str] = []
    for folder in near:
        for above in (folder, *map(str, PurePosixPath(folder).parents)):
            if above not in order and above not in (".", ""):
                order.append(above)
    return [*sorted(order, key=lambda folder: -folder.count("/")), ""]


def _rules_at(root: Path, folder: str, rules: Rules) -> Rules | None:
    """Return what holds in a folder; None where it or one above it is excluded or a link."""
    parts = folder.split("/") if folder else []
    for depth in range(1, len(parts) + 1):
        way = "/".join(parts[:depth])
        if rules.exclude(way, is_folder=True) or os.path.islink(root / way):
            return None
        rules = rules.within(root, way)
    return rules


def _below(root: Path, start: str, rules: Rules, seen: set[str]) -> Iterator[Found]:
    # Breadth first: of a deep tree that is cut off, the top of each package is known.
    level: list[tuple[str, Rules]] = [(start, rules)]
    while level:
        following: list[tuple[str, Rules]] = []
        for folder, known in level:
            if folder in seen:
                continue
            seen.add(folder)
            entries = _entries(root / folder)
            own = known if folder == start else known.within(root, folder)
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if _is_folder(entry):
                    if not own.exclude(path, is_folder=True):
                        following.append((path, own))
                elif (found := _file(entry, path)) is not None and not own.exclude(path, is_folder=False):
                    yield found
        level = following


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _file(entry: os.DirEntry[str], path: str) -> Found | None:
    if for_path(path) is None:
        return None
    try:
        if not entry.is_file(follow_symlinks=False):
            return None
        found = entry.stat(follow_symlinks=False)
        path.encode()  # a name that is not UTF-8 can't be told to anybody
    except (OSError, UnicodeEncodeError):
        return None
    return Found(path, Stamp(found.st_mtime_ns, found.st_size)) if found.st_size <= MAX_BYTES else None
