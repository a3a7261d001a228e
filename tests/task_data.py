"""Where the evaluation data lies that some tests measure with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[1].parent / "shared" / "data"


def tasks_dir() -> Path:
    """Return the folder with the task sets (`*.jsonl.gz`); a test that asks is skipped where there is none."""
    folder = Path(os.environ.get("MIDSPAN_TASKS_DIR") or BESIDE / "tasks")
    if not folder.is_dir():
        pytest.skip(f"no task sets at {folder}; MIDSPAN_TASKS_DIR can name another folder")
    return folder


def reference_scorer() -> Path:
    """Return the scorer that comes with the task sets; a test that asks is skipped where there is none."""
    script = tasks_dir().parent / "score.py"
    if not script.is_file():
        pytest.skip(f"no scorer at {script}")
    return script
