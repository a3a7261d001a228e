"""`midspan bench gpu`: all of it but the GPU, on a shape that a CPU can run."""

from __future__ import annotations

import pytest
import torch

from midspan.evaluation.bench import gpu as bench
from midspan.evaluation.errors import EvaluationError


def test_our_decoder_is_measured_beside_transformers() -> None:
    said: list[str] = []
    found = bench.measure(["tiny"], "cpu", said.append)["shapes"]["tiny"]
    for system in ("midspan", "transformers"):
        assert found[system]["first_token_ms"] > 0
        assert found[system]["decode_tok_s"] > 0
    assert found["midspan"]["verify_ms"].keys() == {"2", "4", "8"}
    assert 0 <= found["decode_of_bound"] < 1  # of so small a model next to nothing
    assert 0 <= found["prefill_of_peak"] < 1
    assert said == ["tiny: making weights", "tiny: midspan", "tiny: transformers"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_a_gpu_it_says_so() -> None:
    with pytest.raises(EvaluationError, match="no CUDA device"):
        bench.measure(["tiny"], "cuda", lambda text: None)
