"""Scripted editing sessions (`sessions/*.session`) against the real server process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from scripted_endpoint import scripted_endpoint

from midspan.completion.backends.host import HostBackend
from midspan.completion.settings import HostSettings
from midspan.evaluation.script import read_script, run_all

SESSIONS = Path(__file__).with_name("sessions")
SERVE = (sys.executable, "-P", "-m", "midspan.cli", "--stdio")
TEXT = "compute(first, second)"


def written(prompt: str) -> str:
    """What the scripted model writes: a call, or what is left of it."""
    line = prompt.rsplit("\n", 1)[-1]
    for n in range(len(TEXT), 0, -1):
        if line.endswith(TEXT[:n]):
            return TEXT[n:]
    return TEXT if line.endswith("= ") else ""


@pytest.mark.parametrize("path", sorted(SESSIONS.glob("*.session")), ids=lambda path: path.stem)
async def test_session(path: Path, isolated_dirs: Path) -> None:
    with scripted_endpoint(written) as endpoint:
        settings: dict[str, object] = {
            "backend": {"kind": "openai", "endpoint": endpoint, "model": "m", "fim": "suffix"}
        }
        failures = await run_all([read_script(path)], SERVE, isolated_dirs, settings, lambda line: None)
    assert not failures, "\n".join(failures)


@pytest.mark.default_model
@pytest.mark.parametrize("path", sorted((SESSIONS / "default_model").glob("*.session")), ids=lambda path: path.stem)
async def test_session_with_the_default_model(
    path: Path, shared_host: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in shared_host.items():
        monkeypatch.setenv(name, value)
    backend = HostBackend(HostSettings())
    await backend.prepare(lambda what: None)
    await backend.close()
    settings: dict[str, object] = {"completion": {"invoked_deadline_ms": 60_000, "deadline_ms": 60_000}}
    failures = await run_all([read_script(path)], SERVE, tmp_path, settings, lambda line: None)
    assert not failures, "\n".join(failures)
