from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Midspan = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def midspan(isolated_dirs: Path) -> Midspan:
    """Run the command in a process, with an empty home and in an empty folder."""
    folder = isolated_dirs / "work"
    folder.mkdir()

    def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "midspan.cli", *arguments],
            env={**os.environ, **environment},
            cwd=folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
