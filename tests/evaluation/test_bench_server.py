"""The benchmark of the language server: every figure is there, and is of the server and not of a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from midspan.evaluation.bench import own_time, server
from midspan.evaluation.errors import EvaluationError


async def test_the_servers_own_time(monkeypatch: pytest.MonkeyPatch, isolated_dirs: Path) -> None:
    monkeypatch.setattr(own_time, "SIZES", (10, 1_000))
    monkeypatch.setattr(own_time, "N_EDITS", 4)
    told: list[str] = []
    found = await server.measure(2, 0, 1, told.append)
    assert found["initialize_ms"] > 0
    assert found["rss_mb"] > 10
    assert {size: set(languages) for size, languages in found["by_lines"].items()} == {
        size: {"python", "javascript"} for size in ("10", "1000")
    }
    files = [figures for languages in found["by_lines"].values() for figures in languages.values()]
    for key in files[0]:
        assert found[key] == max(figures[key] for figures in files)
    for figures in files:
        assert figures["did_change_p95_ms"] >= 0
        assert 0 < figures["overhead_p50_ms"] <= figures["overhead_p95_ms"]
        assert 0 < figures["gather_p50_ms"] <= figures["gather_p95_ms"] < figures["overhead_p95_ms"]
        assert figures["typed_through_p99_ms"] > 0
    assert "1000 lines of javascript" in told
    assert "proposal" not in found


async def test_what_is_timed_is_what_is_meant(monkeypatch: pytest.MonkeyPatch, isolated_dirs: Path) -> None:
    """Were the proposal to vanish, the figures would be of something else."""
    monkeypatch.setattr(own_time, "SIZES", (10,))
    monkeypatch.setattr(own_time, "warm", _not_at_all)
    monkeypatch.setattr(own_time, "_PROPOSAL", " ")
    with pytest.raises(EvaluationError, match="no proposal of model"):
        await own_time.own_time(server.MIDSPAN, lambda message: None)


async def _not_at_all(session: object) -> None:
    pass
