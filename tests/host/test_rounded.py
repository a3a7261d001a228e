"""Matrices of rounded weights: torch's operators for them, here by those of the CPU."""

from __future__ import annotations

from collections.abc import Callable

import engines  # noqa: F401 - one thread
import pytest
import torch
from random_models import random_model

from midspan.host.engine import rounded as rounded_module
from midspan.host.engine.architecture import architecture_of
from midspan.host.engine.decoder import Decoder
from midspan.host.engine.rounded import GROUP, Int4Matrix, Int8Matrix, Rounded, rounded, works
from midspan.host.engine.weights import on_device, read_weights

CPU = torch.device("cpu")
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def matrix(n_out: int = 64, n_in: int = 96) -> torch.Tensor:
    return torch.randn((n_out, n_in), generator=torch.Generator().manual_seed(3)).to(DEVICE, torch.bfloat16)


def weights_of(one: Rounded, n_in: int) -> torch.Tensor:
    """The weights as they are multiplied, [out, in]."""
    dtype = torch.bfloat16 if isinstance(one, Int4Matrix) else torch.float32
    return torch.cat([one(part) for part in torch.split(torch.eye(n_in, dtype=dtype, device=DEVICE), 8)]).T.float()


def test_eight_bits_are_off_by_half_a_step_of_their_row() -> None:
    weight = matrix()
    error = (weights_of(Int8Matrix(weight, torch.float32), 96) - weight.float()).abs()
    step = weight.float().abs().amax(1, keepdim=True) / 127
    assert (error <= 0.501 * step).all()
    assert error.max() > 0


def test_four_bits_are_off_by_half_a_step_of_their_group() -> None:
    weight = matrix()
    error = (weights_of(Int4Matrix(weight), 96) - weight.float()).abs().view(64, -1, GROUP)
    low, high = weight.float().view(64, -1, GROUP).aminmax(dim=-1, keepdim=True)
    assert (error <= 0.5 * (high - low) / 15 + 0.02 * (high - low)).all()
    assert error.max() > 0


@pytest.mark.parametrize("make", [lambda weight: Int8Matrix(weight, torch.bfloat16), Int4Matrix])
def test_many_tokens_give_what_few_give(make: Callable[[torch.Tensor], Rounded]) -> None:
    one, x = make(matrix()), matrix(40, 96)
    few = torch.cat([one(part) for part in torch.split(x, 8)]).float()
    assert torch.allclose(one(x).float(), few, atol=0.1, rtol=0.02)


def test_they_take_less_memory() -> None:
    weight = matrix(512, 512)
    assert Int8Matrix(weight, torch.bfloat16).n_bytes < 0.52 * weight.nbytes
    assert Int4Matrix(weight).n_bytes < 0.33 * weight.nbytes


def test_what_cannot_have_four_bits_has_eight() -> None:
    assert isinstance(rounded(matrix(64, 96), torch.bfloat16, 4), Int4Matrix)
    assert isinstance(rounded(matrix(60, 96), torch.bfloat16, 4), Int8Matrix)
    assert isinstance(rounded(matrix(64, 40), torch.bfloat16, 4), Int8Matrix)


def test_operators_that_are_missing_or_wrong_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert works(DEVICE, torch.bfloat16, 8)
    assert works(DEVICE, torch.bfloat16, 4)

    def missing(*args: object) -> torch.Tensor:
        raise NotImplementedError("could not run on this backend")

    monkeypatch.setattr(rounded_module.Int8Matrix, "__call__", missing)
    assert not works(DEVICE, torch.bfloat16, 8)
    monkeypatch.setattr(rounded_module.Int4Matrix, "__call__", lambda self, x: torch.ones((len(x), 64), device=DEVICE))
    assert not works(DEVICE, torch.bfloat16, 4)


@pytest.mark.parametrize("bits", [8, 4])
def test_a_decoder_of_rounded_weights_is_the_exact_one_of_such_weights(bits: int) -> None:
    module = random_model("qwen2")
    architecture = architecture_of(module.config)
    assert architecture is not None
    weights = read_weights(module, architecture, 64)
    rough = Decoder(weights, torch.float32, bits, DEVICE)
    for name, parameter in module.named_parameters():
        if parameter.ndim == 2 and "embed" not in name:
            matrix = rounded(parameter.to(DEVICE), torch.float32, 8 if "lm_head" in name else bits)
            parameter.copy_(weights_of(matrix, parameter.shape[1]).cpu())
    exact = Decoder(read_weights(module, architecture, 64), torch.float32)
    ids = list(range(3, 40))
    with torch.inference_mode():
        right = exact.run(ids, exact.new_cache(), 4)
        found = rough.run(ids, rough.new_cache(), 4).cpu()
    assert (found - right).norm() / right.norm() < (1e-3 if bits == 8 else 0.05)  # 4 bits are multiplied in bf16
    assert rough.n_bytes < 0.4 * exact.n_bytes
    assert rough.dtype == f"int{bits}"


def test_all_of_a_layer_goes_to_a_device() -> None:
    module = random_model("qwen2")
    architecture = architecture_of(module.config)
    assert architecture is not None
    weights = read_weights(module, architecture, 64)
    moved = on_device(weights.layers[0], torch.device("meta"))
    assert moved.qkv.weight.is_meta
    assert moved.before_mlp.weight.is_meta
    assert moved.qkv.bias is not None
    assert moved.qkv.bias.is_meta
    assert weights.layers[0].qkv.weight.device == CPU
