"""Scripted editing sessions (`sessions/*.session`) against the real server process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from scripted_endpoint import scripted_endpoint

from midspan.evaluation.play import play
from midspan.evaluation.script import read_script
from midspan.evaluation.steps import Open

SESSIONS = Path(__file__).with_name("sessions")
CANARIES = sorted((SESSIONS / "canaries").glob("*.session"))
"""Where a proposal must be offered, and where nothing may be."""
WITH_DEFAULT_MODEL = [*sorted((SESSIONS / "default_model").glob("*.session")), *CANARIES]
SERVE = (sys.executable, "-P", "-m", "midspan.cli", "--stdio")
PATIENT: dict[str, object] = {"completion.deadline_ms": 60_000, "completion.invoked_deadline_ms": 60_000}
CALL = "compute(first, second)"
BODY = "if first is None:\n        return second\n    return first"


def written(prompt: str) -> str:
    """What the scripted model writes: a function's body, a call, or what is left of the call."""
    line = prompt.rsplit("\n", 1)[-1]
    if prompt.endswith("):\n    "):
        return BODY
    for n in range(len(CALL), 0, -1):
        if line.endswith(CALL[:n]):
            return CALL[n:]
    return CALL if line.endswith("= ") else ""


@pytest.mark.parametrize("path", sorted(SESSIONS.glob("*.session")), ids=lambda path: path.stem)
async def test_session(path: Path, isolated_dirs: Path) -> None:
    with scripted_endpoint(written) as endpoint:
        backend = {
            "backend.kind": "openai",
            "backend.endpoint": endpoint,
            "backend.model": "m",
            "backend.fim": "suffix",
        }
        played = await play(read_script(path), SERVE, isolated_dirs, {**PATIENT, **backend})
    assert not played.problem, played.problem


@pytest.mark.default_model
@pytest.mark.parametrize("path", WITH_DEFAULT_MODEL, ids=lambda path: path.stem)
async def test_session_with_the_default_model(
    path: Path, shared_host: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in shared_host.items():
        monkeypatch.setenv(name, value)
    # Prompts are read in pieces of one size: by speed, a busy machine has other ones, and sums that round otherwise.
    played = await play(read_script(path), SERVE, tmp_path, {**PATIENT, "host.chunk_tokens": 64})
    assert not played.problem, played.problem


@pytest.mark.parametrize("kind", ["offer", "quiet"])
def test_there_are_canaries_enough(kind: str) -> None:
    scripts = [read_script(path) for path in CANARIES if path.stem.startswith(kind)]
    assert sum(isinstance(step.action, Open) for script in scripts for step in script.steps) >= 40
