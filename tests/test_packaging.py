"""What is published: sdist and wheel hold every module and nothing else, and the wheel works anywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("server", "completion", "context", "host", "evaluation", "cli")
DATA_SUFFIXES = {".scm", ".json", ".safetensors", ".typed", ".txt", ".lua", ".c", ".h"}
PUBLISHED = [
    *ROOMS,
    *("editors", "docs", "examples", "pyproject.toml", "setup.py", "MANIFEST.in", "constraints.txt"),
    *("README.md", "LICENSE", "THIRD_PARTY.md", "CHANGELOG.md"),
]


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command to its end and return what it printed; its errors are the assertion's text."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of_rooms() -> set[str]:
    """Every module and data file of the rooms, as paths in the wheel."""
    found = (path for room in ROOMS for path in (ROOT / room).rglob("*") if "__pycache__" not in path.parts)
    return {
        "midspan/" + path.relative_to(ROOT).as_posix()
        for path in found
        if path.suffix == ".py" or path.suffix in DATA_SUFFIXES
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is published, without anything that was built here."""
    copy = tmp_path_factory.mktemp("source")
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules")
    for name in PUBLISHED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def dist(source: Path) -> Path:
    """The folder with the sdist, and the wheel built from it."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", cwd=source)
    return source / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


def test_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    assert files_of_rooms() - inside == set()
    assert {f"midspan/{room}/py.typed" for room in ROOMS} <= inside


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert inside - files_of_rooms() == set()
    assert "midspan/__init__.py" not in inside


def test_wheel_carries_the_licences(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        licences = {Path(name).name for name in archive.namelist() if "/licenses/" in name}
    assert licences == {"LICENSE", "THIRD_PARTY.md"}


def test_sdist_holds_what_a_builder_needs(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {name.removeprefix("midspan/") for name in files_of_rooms()} - inside == set()
    assert {"setup.py", "README.md", "LICENSE", "THIRD_PARTY.md", "constraints.txt"} <= inside
    assert not [name for name in inside if name.startswith("tests/")]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of an environment that holds the wheel; its dependencies are those of this one."""
    place = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", place / "venv", cwd=place)
    scripts = place / "venv" / ("Scripts" if os.name == "nt" else "bin")
    target = run(scripts / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).strip()
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(scripts / "python"),
        "install",
        "--no-index",
        "--no-deps",
    ]
    run(*pip, wheel, cwd=place)
    # Libraries come from this environment, without its .pth files: they would bring in the editable midspan.
    for site in (path for path in sys.path if path.endswith("site-packages")):
        Path(target, "libraries.pth").write_text(site + "\n", encoding="utf-8")
    return scripts


def test_installed_wheel_is_what_is_imported(installed: Path, tmp_path: Path) -> None:
    modules = "midspan.server.app", "midspan.context.languages"
    script = f"import {', '.join(modules)}; print({', '.join(name + '.__file__' for name in modules)})"
    for path in run(installed / "python", "-c", script, cwd=tmp_path).split():
        assert str(installed.parent) in path


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["complete", "--help"], ["serve", "--help"], ["models", "--help"]],
)
def test_installed_command_works_from_any_directory(installed: Path, tmp_path: Path, arguments: list[str]) -> None:
    assert "midspan" in run(installed / "midspan", *arguments, cwd=tmp_path)


def test_installed_wheel_finds_its_data(installed: Path, tmp_path: Path) -> None:
    """Each language's queries are read through the package, not from the folder one stands in."""
    script = (
        "from midspan.context.languages import for_language_id\n"
        "for name in ('python', 'javascript', 'typescript', 'typescriptreact', 'go'):\n"
        "    assert for_language_id(name) is not None, name\n"
        "from importlib.resources import files\n"
        "assert list(files('midspan.host.models').joinpath('adapters').iterdir())\n"
    )
    run(installed / "python", "-c", script, cwd=tmp_path)


def test_namespace_has_no_file_of_its_own() -> None:
    assert not (ROOT / "__init__.py").exists()
