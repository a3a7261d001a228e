"""Drives a real VS Code from a test: code-server in Chromium, by the scenarios in `editors/vscode/test`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).parents[1] / "editors" / "vscode"
VSIX = ROOT / "dist" / "midspan.vsix"
CODE_SERVER = Path(os.environ.get("CODE_SERVER", "/nowhere"))
ENTRY = CODE_SERVER / "node_modules" / "code-server" / "out" / "node" / "entry.js"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MIDSPAN = str(Path(sys.executable).with_name("midspan"))


@contextmanager
def code_server(
    folder: Path,
    environment: Mapping[str, str],
    *,
    machine: Mapping[str, object] = MappingProxyType({"midspan.path": MIDSPAN}),
    extension: Path | None = VSIX,
) -> Iterator[str]:
    """Serve VS Code with nothing in it but one extension (or none); gives its address.

    ``machine`` are the settings of the machine, as the browser's user may not say what runs there.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {
        "security.workspace.trust.enabled": False,
        "workbench.startupEditor": "none",
        "workbench.secondarySideBar.defaultVisibility": "hidden",
        "editor.formatOnSave": False,
        "workbench.colorTheme": os.environ.get("THEME", "Default Light Modern"),
    }
    for whose, values in (("User", settings), ("Machine", dict(machine))):
        (folder / "user" / whose).mkdir(parents=True)
        (folder / "user" / whose / "settings.json").write_text(json.dumps(values), "utf-8")
    command = code_server_command(folder)
    if extension is not None:
        subprocess.run(installing(folder, extension), check=True, env=environment, capture_output=True)
    options = ["--auth", "none", "--bind-addr", address, "--disable-telemetry", "--disable-update-check"]
    with (folder / "code-server.log").open("wb") as log:
        serve = [*command, *options]
        process = subprocess.Popen(serve, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_for(f"http://{address}/healthz")
        yield f"http://{address}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # `node` may be a script that has started the real one
        process.wait(timeout=20)


def code_server_command(folder: Path) -> list[str]:
    """The command of a code-server whose extensions and settings are in a folder."""
    places = ["--user-data-dir", str(folder / "user"), "--extensions-dir", str(folder / "extensions")]
    return [str(shutil.which("node")), str(ENTRY), *places]


def installing(folder: Path, extension: Path) -> list[str]:
    """The command that installs an extension there."""
    return [*code_server_command(folder), "--install-extension", str(extension)]


def play(
    scenario: str, address: str, folder: Path, out: Path, environment: Mapping[str, str], argument: object = None
) -> dict[str, Any]:
    """Play a scenario in a folder's window; returns what it saw. `out` takes its pictures."""
    out.mkdir(parents=True, exist_ok=True)
    told = {"CODE_SERVER": str(CODE_SERVER), "CHROMIUM": str(CHROMIUM), "ARGUMENT": json.dumps(argument)}
    drive = [str(shutil.which("node")), str(ROOT / "test" / "drive.mjs"), address, str(folder), str(out), scenario]
    run = subprocess.run(drive, env={**environment, **told}, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def _wait_for(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < end, "code-server does not answer"
            time.sleep(0.2)
