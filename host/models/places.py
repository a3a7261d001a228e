"""Where midspan keeps what it downloads. Knows folders, nothing of what is in them."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_root() -> Path:
    """Return the cache folder of this user: `MIDSPAN_CACHE` if set, else the platform's own place for caches."""
    override = os.environ.get("MIDSPAN_CACHE")
    if override:
        return Path(override).expanduser().absolute()
    return platformdirs.user_cache_path("midspan", appauthor=False)


def models_dir() -> Path:
    """Return the folder with one folder for each model."""
    return cache_root() / "models"


def downloads_dir() -> Path:
    """Return the folder of downloads that are under way or were interrupted."""
    return cache_root() / "downloads"


def native_dir() -> Path:
    """Return the folder of native code that was built for this machine."""
    return cache_root() / "native"


def prepared_dir() -> Path:
    """Return the folder with what was made ready of models for a quick start."""
    return cache_root() / "prepared"
