"""Which files of a folder must not be read: those that may hold secrets, and those that its ignore files name.

Knows names, and the ignore files of git and of other tools (gitignore(5) tells their patterns). Reads no other file.

Each kind of ignore file judges by itself: what one tool's file takes back with ``!`` stays excluded by another's.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILES = (
    ".gitignore",
    ".midspanignore",
    ".aiexclude",
    ".aiignore",
    ".augmentignore",
    ".clineignore",
    ".codeiumignore",
    ".continueignore",
    ".copilotignore",
    ".cursorignore",
    ".cursorindexingignore",
    ".geminiignore",
    ".rooignore",
    ".tabnineignore",
    ".windsurfignore",
)
"""In any folder; each holds for what is below it."""

_GIT = ".gitignore"
MODELS_IGNORE_FILES = tuple(name for name in IGNORE_FILES if name != _GIT)
"""Those that say what no model may see; git's only say what is not part of the repository."""

_SETTINGS = "settings"
_SECRET_NAME = re.compile(
    r"\.env(?:\..+)?|\.envrc|.+\.env|\.netrc|_netrc|\.pgpass|\.my\.cnf|\.npmrc|\.yarnrc(?:\.yml)?|\.pypirc|\.htpasswd"
    r"|\.git-credentials|\.dockercfg|\.vault-token|(?:ssh_host_.+_key|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?)(?:\.pub)?"
    r"|(?:client[-_])?secrets?(?:\.\w+)?|credentials?(?:\.\w+)?|service[-_]account.*\.json|.+\.tfstate(?:\.backup)?"
    r"|.+\.(?:pem|key|p8|p12|pfx|jks|keystore|kdbx?|asc|gpg|pgp|ppk|ovpn|tfvars|secrets?|age|sops\.\w+)",
    re.IGNORECASE,
)
_SOURCE = re.compile(r".+\.(?:py|pyi|js|jsx|ts|tsx|go|rs|java|kt|cs|rb|php|c|h|cc|cpp|hpp|swift|scala|lua)", re.I)
_EXAMPLE = re.compile(r"(?:example|sample|template)", re.IGNORECASE)
_SECRET_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store"})
_NEVER = frozenset({".git", ".hg", ".svn", ".jj", ".bzr", "CVS"})
# Where no ignore file says so: what is made by tools, in folders that are called so everywhere.
_MADE_BY_TOOLS = frozenset(
    {
        *("node_modules", "bower_components", "jspm_packages", "__pycache__", "site-packages", "__pypackages__"),
        *(".venv", "venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".eggs"),
        *(".gradle", ".terraform", ".next", ".nuxt", ".svelte-kit", ".angular", ".turbo", ".parcel-cache"),
        *(".idea", ".vs", ".vscode-test", ".midspan", ".cache", "DerivedData", "Pods"),
    }
)
_MAX_IGNORE_BYTES = 1_000_000
_CACHED_SPECS = 4096
_CACHED_FOLDERS = 16_384
_SETTLED_NS = 2_000_000_000


def may_hold_secrets(path: str) -> bool:
    """Return whether a file's name, or a folder's on the way to it, says that keys or passwords may be in it.

    Source code that is called so (``secrets.py``) is code, and an example (``.env.example``) holds no secret.
    """
    pure = PurePosixPath(path)
    if any(part in _SECRET_FOLDERS for part in pure.parts[:-1]):
        return True
    return _SECRET_NAME.fullmatch(pure.name) is not None and not _EXAMPLE.search(pure.name) and not _is_source(pure)


def _is_source(path: PurePosixPath) -> bool:
    return _SOURCE.fullmatch(path.name) is not None


@dataclass(frozen=True, slots=True)
class _Rule:
    """The patterns of one ignore file. They see a path from where the file lies: without ``base``, behind ``way``.

    ``base`` is the folder below the workspace folder that it lies in ("" or with a ``/`` at its end); for a file above
    the workspace folder, ``way`` leads from there down to it.
    """

    kind: str
    spec: GitIgnoreSpec
    base: str = ""
    way: str = ""

    def says(self, path: str) -> bool | None:
        """Return whether it excludes a path (True), takes it back (False) or does not speak of it (None)."""
        return self.spec.check_file(self.way + path[len(self.base) :]).include


@dataclass(frozen=True, slots=True)
class Rules:
    """What is excluded at and below one folder of a workspace folder, as far as ignore files on the way say.

    Paths are relative to the workspace folder, with forward slashes; a folder's has none at its end. ``kinds`` are the
    ignore files that count.
    """

    folds_case: bool = False
    rules: tuple[_Rule, ...] = ()
    kinds: tuple[str, ...] = IGNORE_FILES

    @classmethod
    def of(cls, root: Path, patterns: Sequence[str] = (), kinds: tuple[str, ...] = IGNORE_FILES) -> Rules:
        """Return what holds at a workspace folder: its own patterns, git's files, and the ignore files above it.

        ``patterns`` (gitignore's) are the user's own. Those above count up to the repository that it is in.
        """
        folds_case = _folds_case(root)
        rules = [_Rule(_SETTINGS, spec)] if (spec := _spec_of(tuple(patterns), folds_case)) else []
        above = _folders_up_to_repository(root)
        for file in (_user_wide_ignore_file(), above[0] / ".git" / "info" / "exclude"):
            if _GIT in kinds and (spec := _read_spec(file, folds_case)):
                rules.append(_Rule(_GIT, spec, way=_way(above[0], root)))
        for folder in above[:-1]:
            for name in _ignore_files_in(folder):
                if name in kinds and (spec := _read_spec(folder / name, folds_case)):
                    rules.append(_Rule(name, spec, way=_way(folder, root)))
        # Who opens a folder that is excluded from the repository around it wants what is in it.
        if any(rule.way and rule.says("") for rule in rules):
            rules = [rule for rule in rules if not rule.way]
        return cls(folds_case, tuple(rules), kinds).within(root, "")

    def within(self, root: Path, folder: str) -> Rules:
        """Return what holds in a folder below: these, and its own ignore files."""
        base = f"{folder}/" if folder else ""
        own = []
        for name in _ignore_files_in(root / folder):
            if name in self.kinds and (spec := _read_spec(root / base / name, self.folds_case)):
                own.append(_Rule(name, spec, base))
        return Rules(self.folds_case, (*self.rules, *own), self.kinds) if own else self

    def exclude(self, path: str, *, is_folder: bool) -> bool:
        """Return whether a file or folder is excluded; whether a folder on the way is, has to be asked before."""
        name = path.rsplit("/", 1)[-1]
        if is_folder and (name in _NEVER or name in _MADE_BY_TOOLS or name in _SECRET_FOLDERS):
            return True
        return (not is_folder and may_hold_secrets(path)) or self.name(path, is_folder=is_folder)

    def name(self, path: str, *, is_folder: bool) -> bool:
        """Return whether an ignore file or a pattern excludes a file or folder, whatever it is called."""
        judged: set[str] = set()
        asked = path + "/" if is_folder else path
        asked = asked.casefold() if self.folds_case else asked
        for rule in reversed(self.rules):
            # The nearest file of a kind that speaks of it decides for its kind.
            if rule.kind in judged or (is_excluded := rule.says(asked)) is None:
                continue
            if is_excluded:
                return True
            judged.add(rule.kind)
        return False

    def exclude_file(self, root: Path, path: str) -> bool:
        """Return whether a file is excluded, by itself or by a folder on the way; asked of what holds at the root."""
        return self._on_the_way(root, path, Rules.exclude)

    def name_file(self, root: Path, path: str) -> bool:
        """Return whether an ignore file or a pattern excludes a file, by itself or by a folder on the way."""
        return self._on_the_way(root, path, Rules.name)

    def _on_the_way(self, root: Path, path: str, judge: Callable[..., bool]) -> bool:
        rules, parts = self, path.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if judge(rules, folder, is_folder=True):
                return True
            rules = rules.within(root, folder)
        return judge(rules, path, is_folder=False)


def is_excluded(root: Path, path: str, patterns: Sequence[str] = ()) -> bool:
    """Return whether a file below a workspace folder is excluded as things are now."""
    return Rules.of(root, patterns).exclude_file(root, path)


def _folders_up_to_repository(root: Path) -> list[Path]:
    """Return the folders from the repository's (or the workspace folder, outside of any) down to the folder."""
    folders = [root]
    for folder in (root, *root.parents):
        if folder != root:
            folders.append(folder)
        if (folder / ".git").exists():
            return folders[::-1]
    return [root]


def _way(folder: Path, root: Path) -> str:
    """Return how a path goes on from a folder above a workspace folder down to it: "" or with a ``/`` at its end."""
    way = root.relative_to(folder).as_posix()
    return "" if way == "." else f"{way}/"


def _user_wide_ignore_file() -> Path:
    # Where git looks unless core.excludesFile says otherwise (gitignore(5)).
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "git" / "ignore"


def _folds_case(root: Path) -> bool:
    """Return whether names that differ in case only are the same file there."""
    try:
        return root.name != root.name.swapcase() and root.samefile(root.with_name(root.name.swapcase()))
    except OSError:
        return False


def _ignore_files_in(folder: Path) -> tuple[str, ...]:
    """Return the names of a folder's ignore files: asked at each keystroke, so only what has changed is looked at."""
    try:
        changed = folder.stat().st_mtime_ns
    except (OSError, ValueError):
        return ()
    # What changes right after it was looked at may get the same time: the clock of files moves in steps.
    is_settled = time.time_ns() - changed > _SETTLED_NS
    return _ignore_files_since(str(folder), changed) if is_settled else _existing(str(folder))


@lru_cache(_CACHED_FOLDERS)
def _ignore_files_since(folder: str, _changed: int) -> tuple[str, ...]:
    return _existing(folder)


def _existing(folder: str) -> tuple[str, ...]:
    return tuple(name for name in IGNORE_FILES if os.path.exists(os.path.join(folder, name)))


def _read_spec(file: Path, folds_case: bool) -> GitIgnoreSpec | None:
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None
    return _cached_spec(str(file), found.st_mtime_ns, found.st_size, folds_case)


@lru_cache(_CACHED_SPECS)
def _cached_spec(file: str, _mtime_ns: int, size: int, folds_case: bool) -> GitIgnoreSpec | None:
    if size > _MAX_IGNORE_BYTES or not os.path.isfile(file):
        return None
    try:
        text = Path(file).read_bytes().decode("utf-8", "replace")
    except OSError:
        return None
    return _spec_of(tuple(text.splitlines()), folds_case)


@lru_cache(_CACHED_SPECS)
def _spec_of(lines: tuple[str, ...], folds_case: bool) -> GitIgnoreSpec | None:
    from pathspec import GitIgnoreSpec

    lines = tuple(line for line in lines if line.strip() and not line.startswith("#"))
    if not lines:
        return None
    folded = [line.casefold() if folds_case else line for line in lines]
    try:
        return GitIgnoreSpec.from_lines(folded)
    except ValueError:
        return GitIgnoreSpec.from_lines([line for line in folded if _means_something(line)])


def _means_something(pattern: str) -> bool:
    """Return whether a pattern is one: git passes over those that are not."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([pattern])
    except ValueError:
        return False
    return True
