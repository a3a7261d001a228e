"""Fixtures that every room's tests share, and the rule for tests that need the default model.

Knows no room from inside: only how to keep a test away from the machine's own cache, settings and model host.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", settings.get_profile("default"), derandomize=False, max_examples=2000)
settings.load_profile("default")

# A developer's own settings and keys have no business in a test.
_OWN_SETTINGS = ("MIDSPAN_CACHE", "MIDSPAN_CONFIG", "MIDSPAN_API_KEY")
_XDG = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked `default_model` where the model is not on this machine.

    `make test` fetches it first and sets MIDSPAN_NEED_MODEL=1, with which such a test fails instead.
    """
    if item.get_closest_marker("default_model") is None:
        return
    problem = _why_no_default_model()
    if problem and os.environ.get("MIDSPAN_NEED_MODEL") == "1":
        pytest.fail(f"the default model is needed: {problem}")
    if problem:
        pytest.skip(f"the default model is not here ({problem}); fetch it with: midspan models add default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make fuzz` repeats: property tests, and tests with a parameter `seed`.

    MIDSPAN_SEED moves the latter's seeds; the names of the tests keep the numbers from the source.
    """
    moved_by = int(os.environ.get("MIDSPAN_SEED", "0"))
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        has_seed = isinstance(parameters.get("seed"), int)
        if has_seed:
            parameters["seed"] += moved_by
        if has_seed or getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("fuzz")


@cache
def _why_no_default_model() -> str:
    from midspan.host.models.store import resolve

    try:
        resolve("default")
    except Exception as error:  # whatever is wrong with the cache is the reason that is reported
        return str(error) or type(error).__name__
    return ""


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """Give a temporary directory whose path is short enough for a Unix socket in it (107 bytes on Linux)."""
    path = Path(tempfile.mkdtemp(prefix="ms-", dir="/tmp" if os.path.isdir("/tmp") else None))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def isolated_dirs(short_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test, and the processes that it starts, an empty home, cache, configuration and the like.

    Returns the directory that holds them as `home`, `cache`, `config`, `data`, `state` and `runtime`.
    """
    for name in _OWN_SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in _private_environment(short_dir).items():
        monkeypatch.setenv(name, value)
    return short_dir


@pytest.fixture
def own_host(short_dir: Path) -> Iterator[dict[str, str]]:
    """Give an environment in which `midspan` finds the real model cache, but no settings and no running host.

    A model host that is started in it ends with the test.
    """
    environment = _environment_in(short_dir)
    yield environment
    stop_processes_of(environment)


@pytest.fixture(scope="session")
def shared_host() -> Iterator[dict[str, str]]:
    """Give the same as `own_host`, one for all tests of the session: the model is loaded once."""
    directory = Path(tempfile.mkdtemp(prefix="ms-", dir="/tmp" if os.path.isdir("/tmp") else None))
    environment = _environment_in(directory)
    yield environment
    stop_processes_of(environment)
    shutil.rmtree(directory, ignore_errors=True)


def stop_processes_of(environment: dict[str, str]) -> None:
    """End every process that runs in an environment that a fixture made (known by its runtime directory)."""
    mark = environment["XDG_RUNTIME_DIR"]
    found = [one for one in psutil.process_iter() if one.pid != os.getpid() and _runs_in(one, mark)]
    for process in found:
        process.terminate()
    _, alive = psutil.wait_procs(found, timeout=5)
    for process in alive:
        process.kill()


def _runs_in(process: psutil.Process, runtime_dir: str) -> bool:
    try:
        return bool(process.environ().get("XDG_RUNTIME_DIR") == runtime_dir)
    except (psutil.Error, OSError):
        return False


def _environment_in(directory: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _OWN_SETTINGS}
    return {**inherited, **_private_environment(directory), "MIDSPAN_CACHE": str(_real_cache())}


def _private_environment(directory: Path) -> dict[str, str]:
    environment = {"HOME": str(directory / "home")}
    environment |= {name: str(directory / name.split("_")[1].lower()) for name in _XDG}
    for path in environment.values():
        Path(path).mkdir(mode=0o700, exist_ok=True)
    return environment


def _real_cache() -> Path:
    import platformdirs

    return Path(os.environ.get("MIDSPAN_CACHE") or platformdirs.user_cache_path("midspan"))


@pytest.fixture
def seed() -> int:
    """Give the seed of randomised tests: always the same, but for `make fuzz`."""
    return int(os.environ.get("MIDSPAN_SEED", "1"))
