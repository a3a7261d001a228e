"""`midspan bench engine` over a tiny model: its keys, and figures that belong together."""

from __future__ import annotations

import pytest
from engines import checkpoint

from midspan.completion.settings import HostSettings
from midspan.evaluation.bench import engine as bench

KEYS = {
    *("decode_tok_s", "prefill_tok_s", "bandwidth_bound_tok_s", "decode_of_bound", "prefill_of_peak"),
    *("reencoded_tokens_median", "cold_start_s", "rss_mb", "device", "dtype"),
}


async def test_the_engine_is_measured_beside_what_the_machine_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_N_PROMPT", 256)  # the tiny model reads no more
    monkeypatch.setattr(bench, "_N_PAST", 64)
    said: list[str] = []
    host = HostSettings(model=str(checkpoint("qwen2")), device="cpu", dtype="float32", fim="qwen")
    found = await bench.measure(host, said.append, n_starts=1)
    assert found.keys() >= KEYS
    assert (found["device"], found["dtype"]) == ("cpu", "float32")
    assert found["decode_of_bound"] == pytest.approx(found["decode_tok_s"] / found["bandwidth_bound_tok_s"], abs=0.001)
    assert 0 < found["decode_of_bound"] < 1
    assert 0 <= found["prefill_of_peak"] < 1
    assert found["cold_start_s"] > 0
    assert found["rss_mb"] > 50
    assert 1 <= found["reencoded_tokens_median"] <= found["reencoded_tokens_most"]
    assert said
