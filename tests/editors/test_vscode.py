"""A real VS Code (code-server in Chromium) with our packaged extension: open, type, see grey text, take it.

Not in `make test`: `CODE_SERVER=folder make test-editors`, where the folder has code-server and playwright-core in its
node_modules (docs/editors.md says how to get them); Chromium and Node 24 have to be on the PATH.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import pytest
from scripted_endpoint import by_ends, scripted_endpoint
from user_settings import write_user_settings
from vscode_driver import CHROMIUM, ENTRY, MIDSPAN, ROOT, VSIX, code_server, installing, play

pytestmark = [
    pytest.mark.skipif(not ENTRY.exists(), reason="needs code-server in the folder CODE_SERVER"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
    pytest.mark.skipif(not VSIX.exists(), reason="needs the packaged extension: npm run package in editors/vscode"),
    pytest.mark.timeout(600),
]

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPT = {"item.price *": " item.quantity", "def twice(n):\n    ": "double = 2 * n\n    return double\n"}
PYTHON = "names = []\n"
TYPESCRIPT = "const item = { price: 1, quantity: 2 };\n"
TWICE = "def twice(n):\n    double = 2 * n\n    return double"
LINE = "total = item.price * item.quantity"


def project(folder: Path) -> Path:
    folder.mkdir()
    (folder / "inventory.py").write_text(PYTHON, "utf-8")
    (folder / "cart.ts").write_text(TYPESCRIPT, "utf-8")
    return folder


@contextmanager
def vscode(
    folder: Path,
    environment: dict[str, str],
    *,
    reply: Callable[[str], str] | None = None,
    candidates: int = 1,
    machine: Mapping[str, object] = MappingProxyType({"midspan.path": MIDSPAN}),
) -> Iterator[str]:
    with scripted_endpoint(reply or by_ends(SCRIPT)) as endpoint:
        backend = {"kind": "openai", "endpoint": endpoint, "model": "scripted", "fim": "starcoder"}
        write_user_settings(
            environment, {"backend": backend, "completion": {"deadline_ms": 10_000, "candidates": candidates}}
        )
        with code_server(folder, environment, machine=machine) as address:
            yield address


def pictures(folder: Path) -> Path:
    return Path(os.environ.get("PICTURES", folder / "pictures"))


def logs(folder: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in folder.rglob("*midspan*.log"))


def kinds(errors: list[str]) -> set[str]:
    """What was complained about in the console, whatever the place and the number of it.

    VS Code looks for its own account at its own time, and on a busy machine gives up.
    """
    return {re.sub(r"https?://\S+|\d+", "", error) for error in errors if "authentication provider" not in error}


@pytest.fixture(scope="module")
def vscodes_own_errors() -> set[str]:
    """What the console says where midspan is not installed."""
    with tempfile.TemporaryDirectory(prefix="ms-") as name:
        folder = Path(name)
        with code_server(folder / "vscode", os.environ, extension=None) as address:
            found = play("bare", address, project(folder / "project"), folder, os.environ)
    assert "failed" not in found, found["failed"]
    return kinds(found["errors"])


def test_from_keystroke_to_the_text_on_disk(
    short_dir: Path, own_host: dict[str, str], vscodes_own_errors: set[str]
) -> None:
    wanted = {"python": f"{PYTHON}{LINE}\n{TWICE}", "typescript": f"{TYPESCRIPT}const {LINE}"}
    home = short_dir / "vscode"
    with vscode(home, own_host) as address:
        found = play("typing", address, project(short_dir / "project"), pictures(short_dir), own_host, wanted)
    assert "failed" not in found, f"{found['failed']}\n{logs(home)}"
    assert found["line"] == " item.quantity"
    assert 0 < len(found["after_word"]) < len(found["line"])
    assert found["line"].endswith(found["after_word"])
    assert found["after_tab"] == ""
    assert "double = 2 * n" in found["block"]
    assert found["after_escape"] == ""
    assert (found["python"], found["typescript"]) == (wanted["python"], wanted["typescript"])
    assert kinds(found["errors"]) <= vscodes_own_errors
    activation = re.search(r"(\d+)ms", found["activation"])
    assert activation is not None, found["activation"]
    assert not any(text in logs(home) for text in ("item.", "double", "names"))


def test_others_are_cycled_through_also_beside_the_list(
    short_dir: Path, own_host: dict[str, str], vscodes_own_errors: set[str]
) -> None:
    texts = iter(["first", "first", "second", "third"])

    def reply(prompt: str) -> str:
        prefix = prompt.partition("<fim_prefix>")[2].partition("<fim_suffix>")[0]
        if prefix.endswith("x = "):
            return next(texts, "third")
        typed = re.search(r"item\.price \* (nam(?:e|es)?)$", prefix)
        return "names[0].quantity"[len(typed[1]) :] if typed else ""

    with vscode(short_dir / "vscode", own_host, reply=reply, candidates=3) as address:
        wanted = f"{PYTHON}x = second\ntotal = item.price * names[0].quantity"
        found = play("choosing", address, project(short_dir / "project"), pictures(short_dir), own_host, wanted)
    assert "failed" not in found, f"{found['failed']}\n{logs(short_dir / 'vscode')}"
    assert found["first"] == "first"
    assert found["cycled"] == ["second", "third", "second"]
    assert found["list_was_open"]
    assert found["beside_list"].endswith("es[0].quantity")
    assert kinds(found["errors"]) <= vscodes_own_errors


def test_a_server_that_is_killed_comes_back(short_dir: Path, own_host: dict[str, str]) -> None:
    pids = short_dir / "pids"
    program = script(short_dir / "midspan", f"echo $$ >>{pids}\nexec {MIDSPAN} --stdio")
    with vscode(short_dir / "vscode", own_host, machine={"midspan.path": program}) as address:
        folder = project(short_dir / "project")
        found = play("killed", address, folder, pictures(short_dir), own_host, {"pids": str(pids)})
    assert "failed" not in found, f"{found['failed']}\n{logs(short_dir / 'vscode')}"
    assert found["ghosts"] == [" item.quantity"] * 3
    assert found["saved"] == PYTHON + f"{LINE}\n# still writing\n" * 2 + f"{LINE}\n"
    assert len(found["messages"]) == 1
    assert "started again" in found["messages"][0]


@pytest.mark.parametrize(
    "lines",
    ["exit 3", "echo Welcome\nexec sleep 60", "kill -9 $$"],
    ids=["it ends at once", "it talks on stdout", "it is killed"],
)
def test_a_server_that_is_none(short_dir: Path, own_host: dict[str, str], lines: str) -> None:
    program = script(short_dir / "midspan", lines)
    with vscode(short_dir / "vscode", own_host, machine={"midspan.path": program}) as address:
        folder, wanted = project(short_dir / "project"), f"{PYTHON}x = 1"
        found = play("broken", address, folder, pictures(short_dir), own_host, wanted)
    assert "failed" not in found, found["failed"]
    assert found["saved"] == wanted
    assert found["state"] in ("codicon-loading", "codicon-error")
    assert len(found["messages"]) <= 1


def test_no_server_at_all(short_dir: Path, own_host: dict[str, str]) -> None:
    with vscode(short_dir / "vscode", own_host, machine={"midspan.path": str(short_dir / "nothing")}) as address:
        folder, wanted = project(short_dir / "project"), f"{PYTHON}x = 1"
        found = play("broken", address, folder, pictures(short_dir), own_host, wanted)
    assert "failed" not in found, found["failed"]
    assert (found["saved"], found["state"]) == (wanted, "codicon-warning")


@pytest.mark.parametrize("python", [None, "echo /usr/bin/python3\necho 3 8"], ids=["no Python", "an old Python"])
def test_setting_up_without_a_python(short_dir: Path, own_host: dict[str, str], python: str | None) -> None:
    programs = short_dir / "bin"
    programs.mkdir()
    if python:
        script(programs / "python3", python)
    # VS Code asks the user's shell for the PATH.
    shell = script(programs / "shell", f'for last; do :; done\nPATH={programs} exec /bin/sh -c "$last"')
    environment = {**own_host, "PATH": str(programs), "SHELL": shell}
    with vscode(short_dir / "vscode", environment, machine={}) as address:
        folder = project(short_dir / "project")
        found = play("set_up", address, folder, pictures(short_dir), own_host, "No Python 3.11 or later was found")
    assert "failed" not in found, found["failed"]


def test_set_up_by_the_extension(short_dir: Path, own_host: dict[str, str]) -> None:
    """From nothing but Python to grey text: the server alone, since the model is elsewhere here."""
    programs = short_dir / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    for name in ("sh", "env", "uname"):
        (programs / name).symlink_to(str(shutil.which(name)))
    machine = {"midspan.package": str(ROOT.parents[1])}
    with vscode(short_dir / "vscode", {**own_host, "PATH": str(programs)}, machine=machine) as address:
        folder = project(short_dir / "project")
        found = play("set_up", address, folder, pictures(short_dir), own_host)
    assert "failed" not in found, f"{found['failed']}\n{logs(short_dir / 'vscode')}"
    assert found["line"] == " item.quantity"
    print(f"from the command to grey text: {found['seconds']} s")


def test_in_a_hurry_with_odd_files(short_dir: Path, own_host: dict[str, str], vscodes_own_errors: set[str]) -> None:
    folder = project(short_dir / "mein Projekt – größe 名前")
    odd, long, many = "neue datei é 1.py", "long.py", [f"other_{number}.py" for number in range(5)]
    for name in (odd, *many):
        (folder / name).write_text(PYTHON, "utf-8")
    (folder / long).write_text("".join(f"name_{number} = {number}\n" for number in range(100_000)), "utf-8")
    argument = {"files": many, "long": long, "odd": odd}
    with vscode(short_dir / "vscode", own_host) as address:
        found = play("hurry", address, folder, pictures(short_dir), own_host, argument)
    assert "failed" not in found, f"{found['failed']}\n{logs(short_dir / 'vscode')}"
    assert found["raced"] == PYTHON + f"{LINE}\n" * 4
    assert found["last_of_many"] == found["in_long"] == found["in_second"] == " item.quantity"
    assert found["second"] == f"{found['raced']}{LINE}"
    assert kinds(found["errors"]) <= vscodes_own_errors


def test_updated_while_running(short_dir: Path, own_host: dict[str, str]) -> None:
    newer = with_version(VSIX, "99.0.0", short_dir / "newer.vsix")
    home = short_dir / "vscode"
    with vscode(home, own_host) as address:
        folder = project(short_dir / "project")
        argument = {"install": installing(home, newer), "wanted": PYTHON + f"{LINE}\n" * 2}
        found = play("updated", address, folder, pictures(short_dir), own_host, argument)
    assert "failed" not in found, f"{found['failed']}\n{logs(home)}"
    assert found["ghosts"] == [" item.quantity"] * 3
    assert found["saved"] == argument["wanted"]
    assert any(one.name.endswith("-99.0.0") for one in (home / "extensions").iterdir())
    # A window that is loaded anew complains of its own end.
    assert not [error for error in found["errors"] if "midspan" in error.lower()]


def test_the_package_holds_what_it_needs_and_no_more() -> None:
    vsce = ROOT / "node_modules" / ".bin" / "vsce"
    run = subprocess.run([vsce, "ls", "--no-dependencies"], cwd=ROOT, capture_output=True, text=True, check=True)
    steps = {f"walkthrough/{path.name}" for path in (ROOT / "walkthrough").glob("*.md")}
    assert set(run.stdout.split()) == {"package.json", "README.md", "LICENSE", "dist/extension.js", *steps}
    assert VSIX.stat().st_size < 2_000_000


@pytest.mark.skipif("RECORD" not in os.environ, reason="makes the README's recording: RECORD=file.webp")
@pytest.mark.default_model
def test_recording(short_dir: Path, own_host: dict[str, str]) -> None:
    from PIL import Image  # comes with matplotlib

    folder = short_dir / "project"
    shutil.copytree(EXAMPLES, folder)
    line = next(
        n for n, text in enumerate((folder / "inventory.py").read_text().split("\n"), 1) if "self.price *" in text
    )
    write_user_settings(own_host, {"completion": {"deadline_ms": 10_000}})
    with code_server(short_dir / "vscode", own_host) as address:
        found = play("recording", address, folder, short_dir, own_host, {"name": "inventory.py", "line": line})
    assert "failed" not in found, found["failed"]
    pictures = [Image.open(path).convert("RGB") for path in sorted(short_dir.glob("frame-*.png"))]
    times = [*found["frames"], found["frames"][-1] + 1500]
    durations = [after - before for before, after in pairwise(times)]
    first, *others = [picture.crop((0, 30, 1100, 480)) for picture in pictures]
    first.save(os.environ["RECORD"], save_all=True, append_images=others, duration=durations, loop=0, quality=60)


def with_version(package: Path, version: str, copy: Path) -> Path:
    """A copy of an extension's package that says it is another version."""
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "extension/package.json":
                content = json.dumps({**json.loads(content), "version": version}).encode()
            if name == "extension.vsixmanifest":
                content = re.sub(rb'(<Identity [^>]*Version=")[^"]*', rb"\g<1>" + version.encode(), content)
            new.writestr(name, content)
    return copy


def script(path: Path, lines: str) -> str:
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return str(path)
