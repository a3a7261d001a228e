"""What is measured: settings, and the pipeline that they make, ready to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from ..completion.completer import Completer
from ..completion.errors import SettingsError
from ..completion.settings import Settings
from ..completion.settings_files import load, problems_of

REPEATABLE: Mapping[str, object] = {"host.chunk_tokens": 32, "host.idle_minutes": 5}
"""What makes two runs the same: sizes of matrices that follow the speed of the moment change the last bit of sums."""


def settings_of(overrides: Mapping[str, object], project_dir: Path | None = None) -> Settings:
    """Return the user's settings (and a project's), with what is overridden and what makes runs repeatable.

    Raises SettingsError for an override that would be left out.
    """
    if problems := problems_of(overrides):
        raise SettingsError(" ".join(problems))
    settings, _ = load(project_dir, {**REPEATABLE, **overrides})
    return settings


async def open_subject(settings: Settings, progress: Callable[[str], None]) -> Completer:
    """Return the pipeline with its model loaded. Raises SettingsError, ModelMissing or BackendError."""
    completer = Completer(settings)
    try:
        await completer.prepare(progress)
    except BaseException:
        await completer.close()
        raise
    return completer


def flat(settings: Settings) -> dict[str, object]:
    """Return settings by their dotted names."""
    sections: dict[str, dict[str, object]] = msgspec.to_builtins(settings)
    return {f"{section}.{key}": value for section, keys in sections.items() for key, value in keys.items()}
