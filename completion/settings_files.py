"""Where settings come from: defaults ← the user's file ← the project's file ← the editor or command line.

A key that is unknown or has a wrong value is left out with a warning that says which one was meant; the rest
holds. Does not know LSP: the editor's settings arrive as a plain mapping.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from .settings import FILE_ONLY, USER_ONLY_SECTIONS, Settings, allowed_values

MAX_FILE_BYTES = 1_000_000
PROJECT_FILE = "midspan.toml"


def user_file() -> Path:
    """Return the user's settings file, whether it exists or not (MIDSPAN_CONFIG names another one)."""
    named = os.environ.get("MIDSPAN_CONFIG")
    if named:
        return Path(named)
    return platformdirs.user_config_path("midspan", appauthor=False) / "config.toml"


def load(
    project_dir: Path | None = None, overrides: Mapping[str, object] | None = None
) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings that hold for a project, and the warnings for the user.

    ``overrides`` (the editor's settings, the command line's options) may nest sections or join names with a dot.
    Never raises for what a file or an editor says.
    """
    merged: dict[str, dict[str, object]] = {}
    warnings: list[str] = []
    layers = [(str(user_file()), *_read(user_file()), False)]
    if project_dir is not None:
        project_file = project_dir / PROJECT_FILE
        layers.append((PROJECT_FILE, *_read(project_file), True))
    layers.append(("the editor's settings", overrides or {}, "", False))
    for source, values, problem, is_project in layers:
        if problem:
            warnings.append(problem)
        warnings += _merge(merged, values, source, is_project=is_project)
    return msgspec.convert(merged, Settings), tuple(warnings)


def problems_of(overrides: Mapping[str, object]) -> tuple[str, ...]:
    """Return what is wrong with settings that a command was given, one text for each that would be left out."""
    return tuple(problem for section, key, value in _flat(overrides) if (problem := _problem(section, key, value)))


def _read(path: Path) -> tuple[Mapping[str, object], str]:
    """Return what a TOML file says, and what is wrong with it. Reads regular files only."""
    try:
        if not path.is_file():
            return {}, ""
        if path.stat().st_size > MAX_FILE_BYTES:
            return {}, f"{path} is too large for a settings file and was left out."
        return _from_file(tomllib.loads(path.read_text("utf-8")), path.parent), ""
    except tomllib.TOMLDecodeError as error:
        return {}, f"{path} is not valid TOML and was left out: {error}."
    except (OSError, UnicodeDecodeError) as error:
        return {}, f"{path} cannot be read and was left out: {error}."


def _merge(
    merged: dict[str, dict[str, object]], values: Mapping[str, object], source: str, *, is_project: bool
) -> list[str]:
    warnings = []
    for section, key, value in _flat(values):
        warning = _problem(section, key, value)
        if f"{section}.{key}" in FILE_ONLY and source != str(user_file()):
            warning = f"`{section}.{key}` may be set only in {user_file()}, since it reads a secret."
        if is_project and section in USER_ONLY_SECTIONS:
            warning = (
                f"`{section}.{key}` may not be set by a project, since it decides what runs and where text goes. "
                f"Put it into {user_file()}."
            )
        if warning:
            warnings.append(f"{source}: {warning}")
        else:
            merged.setdefault(section, {})[key] = value
    return warnings


def _from_file(values: Mapping[str, object], folder: Path) -> Mapping[str, object]:
    """Make a model's path that is relative to the settings file absolute: the host starts in another folder."""
    host = values.get("host")
    model = host.get("model") if isinstance(host, Mapping) else None
    if not isinstance(host, Mapping) or not isinstance(model, str) or not model.startswith((".", "~")):
        return values
    return {**values, "host": {**host, "model": str((folder / Path(model).expanduser()).resolve())}}


def _flat(values: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    for name, value in values.items():
        section, dot, key = str(name).partition(".")
        if dot:
            yield section, key, value
        elif isinstance(value, Mapping) and value:
            for inner, inner_value in value.items():
                yield section, str(inner), inner_value
        elif not isinstance(value, Mapping):
            yield section, "", value


def _problem(section: str, key: str, value: object) -> str:
    """Return what is wrong with one setting, in words that help, or an empty string."""
    sections = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    if section not in sections:
        return f"`{section}` is no section of the settings and was left out.{_meant(section, sections)}"
    fields = {field.name: field for field in msgspec.structs.fields(sections[section])}
    if not key:
        return f"`{section}` is a section: set its keys, for example `{section}.{next(iter(fields))}`."
    if key not in fields:
        return f"`{section}.{key}` is no setting and was left out.{_meant(key, fields)}"
    try:
        msgspec.convert(value, fields[key].type)
    except msgspec.ValidationError:
        return f"`{section}.{key}` was left out: it has to be {allowed_values(fields[key].type)}."
    return ""


def _meant(name: str, known: Mapping[str, Any]) -> str:
    plain = name.replace("-", "_")
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in plain)
    for guess in (plain, snake):
        if guess in known:
            return f" Did you mean `{guess}`?"
    close = difflib.get_close_matches(snake, list(known), n=1)
    if close:
        return f" Did you mean `{close[0]}`?"
    for section in msgspec.structs.fields(Settings):
        if name in {field.name for field in msgspec.structs.fields(section.type)}:
            return f" Did you mean `{section.name}.{name}`?"
    return ""
