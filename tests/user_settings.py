"""The user's own settings file, in an environment that a test made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def write_user_settings(environment: Mapping[str, str], sections: Mapping[str, Mapping[str, object]]) -> None:
    """Write `config.toml` where midspan looks for it."""
    path = Path(environment["XDG_CONFIG_HOME"]) / "midspan" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, values in sections.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""]
    path.write_text("\n".join(lines), encoding="utf-8")
