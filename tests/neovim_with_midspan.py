"""A real Neovim with our plugin, the real `midspan --stdio`, and a model whose answers the test writes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from neovim_driver import PLUGIN, Neovim, neovim, with_plugin
from scripted_endpoint import by_ends, scripted_endpoint

MIDSPAN = [str(Path(sys.executable).with_name("midspan")), "--stdio"]

# What the scripted model writes when the text before the cursor ends so.
SCRIPT = {
    "item.price *": " item.quantity",
    "print(len(": "names))",
    "def twice(n):\n    ": "double = 2 * n\n    return double\n",
}


def ours(settings: Mapping[str, object], cmd: list[str] = MIDSPAN) -> str:
    """Return the lines that set our plugin up."""
    return with_plugin(PLUGIN, "midspan", {"cmd": cmd, "settings": settings})


def scripted(address: str) -> dict[str, object]:
    """Return the settings with which midspan asks the scripted model."""
    backend = {"kind": "openai", "endpoint": address, "model": "scripted", "fim": "starcoder"}
    return {"backend": backend, "completion": {"deadline_ms": 10_000}}


@contextmanager
def editor_with_scripted_model(
    file: Path, directory: Path, environment: Mapping[str, str], cmd: list[str] = MIDSPAN
) -> Iterator[Neovim]:
    """Run Neovim with our plugin on a file, and wait until midspan is attached."""
    with (
        scripted_endpoint(by_ends(SCRIPT)) as address,
        neovim(file, directory, ours(scripted(address), cmd), environment) as editor,
    ):
        editor.wait_for_server()
        yield editor
