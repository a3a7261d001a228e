"""What an editor says about settings → overrides for `completion.settings_files.load`.

Editors send settings at the start (`initializationOptions`), when asked (`workspace/configuration`) and
unasked (`workspace/didChangeConfiguration`), ours beside those of others, or null, or an empty list. Knows the
sections' names, not what is in them: that is checked where they are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..completion.settings import Settings

SECTION = "midspan"
Overrides = dict[str, object]
_OWN = frozenset(Settings.__struct_fields__)


@dataclass(slots=True)
class EditorSettings:
    """The settings that came from the editor, by the way they came; the later ways win."""

    initial: Overrides = field(default_factory=dict)
    pushed: Overrides = field(default_factory=dict)
    pulled: Overrides = field(default_factory=dict)
    n_asked: int = 0
    n_answered: int = 0
    """The number of the question that ``pulled`` answers: editors may answer late, and out of order."""

    def ask(self) -> int:
        """Return the number of a new question to the editor."""
        self.n_asked += 1
        return self.n_asked

    def answer(self, question: int, value: object) -> None:
        """Note what the editor answers, unless a later question was answered before."""
        if question > self.n_answered:
            self.n_answered, self.pulled = question, section_part(value)

    def merged(self) -> Overrides:
        """Return them as one."""
        merged: Overrides = {}
        for overrides in (self.initial, self.pushed, self.pulled):
            merged = _merge(merged, overrides)
        return merged


def own_part(value: object) -> Overrides:
    """Return our part of what an editor sent: what is below `midspan`, else the sections whose names we know."""
    if not isinstance(value, Mapping):
        return {}
    tree = _tree(value)
    if SECTION in tree:
        return section_part(tree[SECTION])
    return {key: part for key, part in tree.items() if key in _OWN}


def section_part(value: object) -> Overrides:
    """Return the content of our section; anything but an object stands for an empty one."""
    return _tree(value) if isinstance(value, Mapping) else {}


def load_settings(project_dir: Path | None, overrides: Mapping[str, object]) -> tuple[Settings, tuple[str, ...]]:
    """Return all settings with the editor's on top, and warnings. Raises SettingsError."""
    from ..completion.settings_files import load

    return load(project_dir, overrides)


def _tree(value: Mapping[object, object]) -> Overrides:
    """Return nested objects for dotted keys, without what is null: editors send null for "not set"."""
    tree: Overrides = {}
    for key, part in value.items():
        if part is None or not isinstance(key, str):
            continue
        leaf = _tree(part) if isinstance(part, Mapping) else part
        for name in reversed(key.split(".")[1:]):
            leaf = {name: leaf}
        tree = _merge(tree, {key.split(".")[0]: leaf})
    return tree


def _merge(base: Overrides, over: Overrides) -> Overrides:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
