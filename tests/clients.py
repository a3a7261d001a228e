"""Where other people's editor plugins lie, which some tests drive: clones in the folder that CLIENTS names."""

from __future__ import annotations

import os
from pathlib import Path


def client(name: str) -> Path | None:
    """Return the folder of a plugin's clone, None where there is none."""
    folder = os.environ.get("CLIENTS")
    path = Path(folder).absolute() / name if folder else None
    return path if path is not None and path.is_dir() else None
