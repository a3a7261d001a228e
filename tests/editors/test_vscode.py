"""A real VS Code (code-server in Chromium) with our packaged extension: open, type, see grey text, take it.

Not in `make test`: `CODE_SERVER=folder make test-editors`, where the folder has code-server and playwright-core in its
node_modules (docs/editors.md says how to get them); Chromium and Node 24 have to be on the PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from scripted_endpoint import by_ends, scripted_endpoint
from user_settings import write_user_settings

ROOT = Path(__file__).parents[2] / "editors" / "vscode"
VSIX = ROOT / "dist" / "midspan.vsix"
CODE_SERVER = Path(os.environ.get("CODE_SERVER", "/nowhere"))
ENTRY = CODE_SERVER / "node_modules" / "code-server" / "out" / "node" / "entry.js"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.skipif(not ENTRY.exists(), reason="needs code-server in the folder CODE_SERVER"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
    pytest.mark.skipif(not VSIX.exists(), reason="needs the packaged extension: npm run package in editors/vscode"),
]

MIDSPAN = str(Path(sys.executable).with_name("midspan"))
SCRIPT = {"item.price *": " item.quantity", "def twice(n):\n    ": "double = 2 * n\n    return double\n"}
PYTHON = "names = []\n"
TYPESCRIPT = "const item = { price: 1, quantity: 2 };\n"
TWICE = "def twice(n):\n    double = 2 * n\n    return double"
WANTED = {
    "PYTHON_WANTED": f"{PYTHON}total = item.price * item.quantity\n{TWICE}",
    "TYPESCRIPT_WANTED": f"{TYPESCRIPT}const total = item.price * item.quantity",
}


@contextmanager
def code_server(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Serve VS Code with nothing in it but our extension; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    places = ["--user-data-dir", str(folder / "user"), "--extensions-dir", str(folder / "extensions")]
    settings = {
        "security.workspace.trust.enabled": False,
        "workbench.startupEditor": "none",
        "editor.formatOnSave": False,
        "workbench.colorTheme": environment.get("THEME", "Default Light Modern"),
    }
    # What runs on a machine is a setting of that machine: the browser's user is another one.
    for whose, values in (("User", settings), ("Machine", {"midspan.path": MIDSPAN})):
        (folder / "user" / whose).mkdir(parents=True)
        (folder / "user" / whose / "settings.json").write_text(json.dumps(values), "utf-8")
    command = ["node", str(ENTRY), *places]
    subprocess.run([*command, "--install-extension", str(VSIX)], check=True, env=environment, capture_output=True)
    options = ["--auth", "none", "--bind-addr", address, "--disable-telemetry", "--disable-update-check"]
    with (folder / "code-server.log").open("wb") as log:
        process = subprocess.Popen([*command, *options], env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://{address}/healthz")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < end, "code-server does not answer"
            time.sleep(0.2)


def test_from_keystroke_to_the_text_on_disk(short_dir: Path, own_host: dict[str, str]) -> None:
    project = short_dir / "project"
    project.mkdir()
    (project / "inventory.py").write_text(PYTHON, "utf-8")
    (project / "cart.ts").write_text(TYPESCRIPT, "utf-8")
    pictures = Path(os.environ.get("PICTURES", short_dir / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    environment = {**own_host, "CODE_SERVER": str(CODE_SERVER), "CHROMIUM": str(CHROMIUM), **WANTED}
    with scripted_endpoint(by_ends(SCRIPT)) as endpoint:
        backend = {"kind": "openai", "endpoint": endpoint, "model": "scripted", "fim": "starcoder"}
        write_user_settings(own_host, {"backend": backend, "completion": {"deadline_ms": 10_000}})
        with code_server(short_dir / "vscode", environment) as address:
            drive = ["node", str(ROOT / "test" / "drive.mjs"), address, str(project), str(pictures)]
            done = subprocess.run(drive, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    logs = "\n".join(path.read_text("utf-8") for path in (short_dir / "vscode").rglob("*midspan*.log"))
    assert "failed" not in found, f"{found['failed']}\n{logs}"
    assert found["line"] == " item.quantity"
    assert 0 < len(found["after_word"]) < len(found["line"])
    assert found["line"].endswith(found["after_word"])
    assert found["after_tab"] == ""
    assert "double = 2 * n" in found["block"]
    assert found["after_escape"] == ""
    assert found["python"] == WANTED["PYTHON_WANTED"]
    assert found["typescript"] == WANTED["TYPESCRIPT_WANTED"]
    print("\n".join(e[:260] for e in found["errors"]))
    assert found["errors"] == []
