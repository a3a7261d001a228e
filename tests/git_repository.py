"""Small git repositories that tests build, with fixed dates and authors."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

_WHO = {"NAME": "A Tester", "EMAIL": "tester@example.com"}


@dataclass(slots=True)
class GitRepository:
    """A repository in a folder; each commit is a minute after the one before."""

    folder: Path
    _n: int = field(default=0)

    @classmethod
    def init(cls, folder: Path, *options: str) -> GitRepository:
        """Make a new one."""
        folder.mkdir(parents=True, exist_ok=True)
        repository = cls(folder)
        repository.git("init", "-q", "-b", "main", *options)
        return repository

    def git(self, *arguments: str) -> str:
        """Run git there; return what it prints."""
        date = f"2026-01-01T00:{self._n:02d}:00Z"
        own = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _WHO.items()}
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **own,
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_DATE": date,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        command = ["git", "-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, files: dict[str, str | bytes | None]) -> str:
        """Write files (None removes one) and commit them; return the commit's id."""
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self._n += 1
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"commit {self._n}")
        return self.git("rev-parse", "HEAD").strip()


def digest(folder: Path) -> str:
    """Return a digest of everything below a folder: names, contents, and times of change."""
    found = sha256()
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found.update(f"{path.relative_to(folder)} {status.st_mode} {status.st_mtime_ns}\n".encode())
        if path.is_file() and not path.is_symlink():
            found.update(path.read_bytes())
    return found.hexdigest()
