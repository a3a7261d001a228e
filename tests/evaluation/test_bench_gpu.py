"""`midspan bench gpu`: all of it but the GPU, on a shape that a CPU can run."""

from __future__ import annotations

import pytest
import torch

from midspan.evaluation.bench import gpu as bench
from midspan.evaluation.errors import EvaluationError


def test_our_decoder_is_measured_beside_transformers() -> None:
    said: list[str] = []
    found = bench.measure(["tiny"], "cpu", said.append)["shapes"]["tiny"]
    ours = found["midspan"]
    assert ours.keys() == {"bfloat16", "int8", "int4"}
    for system in (*ours.values(), found["transformers"]):
        assert system["first_token_ms"] > 0
        assert system["decode_tok_s"] > 0
    for one in ours.values():
        assert one["verify_ms"].keys() == {"2", "4", "8"}
        assert 0 <= one["decode_of_bound"] < 1  # of so small a model next to nothing
        assert 0 <= one["prefill_of_peak"] < 1
    assert [part.removeprefix("tiny: ") for part in said] == [
        *("making weights", "midspan, bfloat16", "midspan, int8", "midspan, int4", "transformers"),
    ]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_a_gpu_it_says_so() -> None:
    with pytest.raises(EvaluationError, match="no CUDA device"):
        bench.measure(["tiny"], "cuda", lambda text: None)
