"""The model servers that can be asked: one file for each wire shape, imported only when it is used."""

from __future__ import annotations

from ..settings import Settings
from .base import Backend


def open_backend(settings: Settings) -> Backend:
    """Return the backend that the settings name. Raises SettingsError where they name none that can be used."""
    if settings.backend.kind == "openai":
        from .openai import OpenAIBackend

        return OpenAIBackend(settings.backend)
    from .host import HostBackend

    return HostBackend(settings.host)
