"""Renders docs/configuration.md from the schema.

Write it anew with `python -m midspan.completion.settings_docs > docs/configuration.md`.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator

import msgspec

from .settings import Settings, allowed_values

HEAD = """\
# Configuration

Settings are looked for in this order, each over the one before: the defaults, your own file (`midspan doctor` shows
where; on Linux `~/.config/midspan/config.toml`), the project's `midspan.toml` in the workspace's folder, and what the
editor sends (`initializationOptions`, or its settings under `midspan`). Names may be nested or joined with a dot.
A key that is unknown or has a wrong value is left out, and midspan says which one was meant.

```toml
[completion]
disabled_languages = ["markdown"]

[backend]                      # any OpenAI-compatible server, in your own file only
kind = "openai"
endpoint = "http://127.0.0.1:11434/v1"
model = "qwen2.5-coder:1.5b"
```

This page is generated from `completion/settings.py`.
"""


def render() -> str:
    """Return the page."""
    return HEAD + "".join(_section(field) for field in msgspec.structs.fields(Settings))


def _section(section: msgspec.structs.FieldInfo) -> str:
    doc = " ".join((section.type.__doc__ or "").split())
    head = f"\n## [{section.name}]\n\n{doc}\n\n| key | value | default | meaning |\n|---|---|---|---|\n"
    return head + "".join(f"| `{row[0]}` | {row[1]} | `{row[2]}` | {row[3]} |\n" for row in _rows(section.type))


def _rows(section: type[msgspec.Struct]) -> Iterator[tuple[str, str, str, str]]:
    for field in msgspec.structs.fields(section):
        default = msgspec.json.encode(field.default).decode()
        meta = typing.get_args(field.type)[1]
        yield field.name, allowed_values(field.type), default, str(meta.description)


if __name__ == "__main__":
    sys.stdout.write(render())
