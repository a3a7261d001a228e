"""The benchmark of the language server: every figure is there, and is of the server and not of a model."""

from __future__ import annotations

import pytest

from midspan.evaluation.bench import server


async def test_the_servers_own_time(monkeypatch: pytest.MonkeyPatch, isolated_dirs: object) -> None:
    monkeypatch.setattr(server, "SIZES", (10, 100))
    monkeypatch.setattr(server, "_N_EDITS", 4)
    found = await server.measure(2, 0, 1, lambda message: None)
    assert found["initialize_ms"] > 0
    assert found["rss_mb"] > 10
    assert set(found["by_lines"]) == {"10", "100"}
    for sizes in found["by_lines"].values():
        for figures in sizes.values():
            assert figures["overhead_p50_ms"] <= figures["overhead_p95_ms"] <= found["overhead_p95_ms"]
            assert figures["did_change_p95_ms"] >= 0
            assert figures["typed_through_p99_ms"] is not None
    assert "proposal" not in found
