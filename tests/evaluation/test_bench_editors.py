"""`midspan bench editors` over a tiny model: its keys, and figures that can be true."""

from __future__ import annotations

import pytest
from engines import checkpoint

from midspan.completion.settings import HostSettings
from midspan.evaluation.bench import editors as bench


async def test_what_editors_cost_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_N_KEYS", 8)
    monkeypatch.setattr(bench, "_N_WINDOWS", 2)
    monkeypatch.setattr(bench, "_IDLE_SECONDS", 0.5)
    monkeypatch.setattr(bench, "_PAUSE_SECONDS", 0.05)
    said: list[str] = []
    host = HostSettings(model=str(checkpoint("qwen2")), device="cpu", dtype="float32", fim="qwen")
    found = await bench.measure(host, {}, n_segments=1, seed=1, say=said.append)
    assert found["fast_keys"] == 8
    assert 1 <= found["fast_pauses"] <= 8
    assert 0 <= found["fast_pauses_shown"] <= found["fast_pauses_answered"] <= 1
    assert found["typing_s"] > 0.5
    assert 0 < found["typing_core_share"] < 2
    assert found["windows"] == 2
    assert found["windows_rss_mb"] > 150  # a host and two servers
    assert 0 <= found["idle_core_share"] < 1
    assert "opening windows" in said
