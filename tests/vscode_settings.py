"""Writes the settings page of the VS Code extension anew, from the one schema: `make docs` does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from midspan.completion.settings import Settings

PACKAGE = Path(__file__).parents[1] / "editors" / "vscode" / "package.json"
USER_ONLY = ("backend", "host", "outcomes")
"""Sections that no project may set: VS Code offers them for the user's own settings only."""
NOT_THE_EDITORS = ("api_key_env",)
"""What an editor may not set at all."""
TITLES = {
    "completion": "Completion",
    "context": "Context",
    "backend": "Model server",
    "host": "Model host",
    "outcomes": "Record",
}
OWN: dict[str, dict[str, Any]] = {
    "midspan.path": {
        "type": "string",
        "default": "",
        "scope": "machine",
        "markdownDescription": "The server's program. Empty: the one that was set up here, else `midspan` on the PATH.",
    },
    "midspan.package": {
        "type": "string",
        "default": "",
        "scope": "machine",
        "markdownDescription": "What *Set Up the Server* installs by pip, such as a folder of sources. Empty: `midspan[host]`.",  # noqa: E501
    },
}


def configuration() -> list[dict[str, Any]]:
    """Return what `contributes.configuration` has to be."""
    definitions = msgspec.json.schema(Settings)["$defs"]
    sections = [{"title": "Server", "properties": OWN}]
    for field in msgspec.structs.fields(Settings):
        properties = definitions[field.type.__name__]["properties"]
        scope = "machine" if field.name in USER_ONLY else "resource"
        named = {
            f"midspan.{field.name}.{key}": _property(one, scope)
            for key, one in properties.items()
            if key not in NOT_THE_EDITORS
        }
        sections.append({"title": TITLES[field.name], "properties": named})
    return sections


def _property(schema: dict[str, Any], scope: str) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key != "description"}
    return {**kept, "scope": scope, "markdownDescription": schema["description"]}


def render() -> str:
    """Return the whole file."""
    package = json.loads(PACKAGE.read_text("utf-8"))
    package["contributes"]["configuration"] = configuration()
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PACKAGE.write_text(render(), "utf-8")
