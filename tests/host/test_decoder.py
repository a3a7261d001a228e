"""Our own forward passes against transformers', on random weights of each shape that they know."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import engines  # noqa: F401 - one thread
import pytest
import torch
import transformers
from random_models import SHAPES, random_model

from midspan.host.engine.architecture import architecture_of
from midspan.host.engine.decoder import Decoder
from midspan.host.engine.graphs import GraphedDecoder
from midspan.host.engine.native import build
from midspan.host.engine.native.build import load_library
from midspan.host.engine.native.decoder import NativeDecoder, supports
from midspan.host.engine.native.pack import pack
from midspan.host.engine.network import Network
from midspan.host.engine.weights import LowRank, read_weights, with_adapter
from midspan.host.models.adapter import Adapter, merged_copy
from midspan.host.models.errors import ModelUnusable

PIECES = (1, 5, 1, 33, 9, 2, 67, 1, 3, 36)
"""So many tokens are read at a time: across windows, spans of keys, calls and the cache's growth."""
IDS = torch.randint(0, 200, (2 * sum(PIECES),), generator=torch.Generator().manual_seed(3)).tolist()


def read_in_pieces(network: Network) -> torch.Tensor:
    """Return the logits after each token of IDS."""
    cache, found, at = network.new_cache(), [], 0
    with torch.inference_mode():
        for n in PIECES * 2:
            found.append(network.run(IDS[at : at + n], cache, n))
            at += n
    return torch.cat(found)


def expected(module: Any) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = module(torch.tensor([IDS])).logits[0]
    return logits


@pytest.fixture(scope="module")
def library() -> Any:
    built = load_library(lambda detail: None)
    if built is None:
        pytest.skip("there is no C compiler here")
    return built


@pytest.mark.parametrize("shape", SHAPES)
def test_our_logits_are_those_of_transformers(shape: str) -> None:
    module = random_model(shape)
    architecture = architecture_of(module.config)
    assert architecture is not None
    found = read_in_pieces(Decoder(read_weights(module, architecture, 512), torch.float32))
    assert (found - expected(module)).abs().max() < 1e-3


@pytest.mark.parametrize("shape", ["llama", "mistral with windows", "qwen3"])
def test_steps_in_fixed_buffers_give_the_same_logits(shape: str) -> None:
    """All of the way with graphs but their recording, which takes a GPU."""
    module = random_model(shape)
    architecture = architecture_of(module.config)
    assert architecture is not None
    weights = read_weights(module, architecture, 512)
    recorded = 0

    def record(step: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
        nonlocal recorded
        recorded += 1
        return step

    network = GraphedDecoder(Decoder(weights, torch.float32), 512, record)
    right = expected(module)
    assert (read_in_pieces(network) - right).abs().max() < 1e-3
    assert 3 < recorded <= 8  # four sizes, two lengths


def test_sessions_in_fixed_buffers_do_not_mix() -> None:
    module = random_model("llama")
    architecture = architecture_of(module.config)
    assert architecture is not None
    network = GraphedDecoder(Decoder(read_weights(module, architecture, 512), torch.float32), 512, lambda step: step)
    right = expected(module)
    one, other = network.new_cache(), network.new_cache()
    with torch.inference_mode():
        network.run(IDS[:20], one, 1)
        network.run(IDS[50:80], other, 1)
        network.run(IDS[20:40], one, 1)
        one.cut(30)
        network.run(IDS[80:82], other, 1)
        del other
        again = network.run(IDS[30:33], one, 3)
    assert (again - right[30:33]).abs().max() < 1e-3
    assert one.n_bytes() == 33 * 2 * 3 * 2 * 16 * 4  # tokens, both, layers, heads, size, fp32


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
def test_recorded_steps_give_the_same_logits() -> None:
    module = random_model("llama").cuda()
    architecture = architecture_of(module.config)
    assert architecture is not None
    network = GraphedDecoder(Decoder(read_weights(module, architecture, 512), torch.float32), 512)
    assert (read_in_pieces(network).cpu() - expected(module.cpu())).abs().max() < 1e-3


@pytest.mark.parametrize("shape", SHAPES)
def test_native_logits_are_those_of_transformers_with_rounded_weights(shape: str, library: Any) -> None:
    """What is left is that keys and values are kept in bf16."""
    module = random_model(shape)
    for parameter in module.parameters():
        if parameter.ndim == 2:
            scales = parameter.abs().amax(1, keepdim=True) / 127
            parameter.copy_((parameter / scales).round() * scales)
    architecture = architecture_of(module.config)
    assert architecture is not None
    assert supports(architecture)
    found = read_in_pieces(NativeDecoder(library, architecture, pack(read_weights(module, architecture, 512))))
    right = expected(module)
    assert (found - right).abs().max() < 0.05 * right.abs().max()
    assert (found - right).abs().mean() < 0.003 * right.abs().max()


@pytest.mark.parametrize("shape", ["llama", "mistral with windows", "starcoder2"])
def test_native_logits_do_not_depend_on_what_is_read_beside_them(shape: str, library: Any) -> None:
    module = random_model(shape)
    architecture = architecture_of(module.config)
    assert architecture is not None
    network = NativeDecoder(library, architecture, pack(read_weights(module, architecture, 512)))
    cache = network.new_cache()
    one_by_one = torch.cat([network.run([token], cache, 1) for token in IDS])
    assert torch.equal(one_by_one, read_in_pieces(network))


@pytest.mark.parametrize("shape", SHAPES)
def test_native_logits_of_4_bits_are_those_of_transformers_with_such_weights(shape: str, library: Any) -> None:
    """Weights that were rounded before, as GGUF's Q4_0 has them, are found again."""
    module = random_model(shape)
    for name, parameter in module.named_parameters():
        if parameter.ndim == 2 and "layers" in name:
            groups = parameter.view(parameter.shape[0], -1, 32)
            scales = (groups.gather(-1, groups.abs().argmax(-1, keepdim=True)) / -8).half().float()
            parameter.copy_(((groups / scales).round().clamp(-8, 7) * scales).view_as(parameter))
        elif parameter.ndim == 2:
            scales = parameter.abs().amax(1, keepdim=True) / 127
            parameter.copy_((parameter / scales).round() * scales)
    architecture = architecture_of(module.config)
    assert architecture is not None
    network = NativeDecoder(library, architecture, pack(read_weights(module, architecture, 512), bits=4))
    assert network.dtype == "int4"
    found, right = read_in_pieces(network), expected(module)
    assert (found - right).abs().max() < 0.05 * right.abs().max()
    assert (found - right).abs().mean() < 0.003 * right.abs().max()


def test_4_bits_are_half_of_8(library: Any) -> None:
    module = random_model("llama")
    architecture = architecture_of(module.config)
    assert architecture is not None
    weights = read_weights(module, architecture, 512)
    four, eight = (NativeDecoder(library, architecture, pack(weights, bits)) for bits in (4, 8))
    assert four.n_parameters == eight.n_parameters
    head = 208 * 64 + 208 * 4  # of whole tiles, in both
    layers = eight.n_parameters
    assert four.n_bytes == head + layers // 2 + layers // 32 * 2


@pytest.mark.parametrize("kind", ["torch", "native"])
def test_an_adapter_beside_the_weights_is_as_good_as_merged(kind: str, library: Any) -> None:
    module = random_model("llama")
    generator = torch.Generator().manual_seed(9)
    tensors = {"rows.end": torch.randn(64, generator=generator)}
    modules = {"q": (64, 64), "k": (32, 64), "v": (32, 64), "o": (64, 64), "gate": (96, 64), "up": (96, 64)}
    for layer in range(3):
        for part, (rows, columns) in (modules | {"down": (64, 96)}).items():
            tensors[f"lora.{layer}.{part}.A"] = 0.1 * torch.randn(16, columns, generator=generator)
            tensors[f"lora.{layer}.{part}.B"] = 0.1 * torch.randn(rows, 16, generator=generator)
    adapter = Adapter("test", tensors, 2.0, {"end": 7})
    right = expected(merged_copy(module, adapter))
    architecture = architecture_of(module.config)
    assert architecture is not None
    weights = with_adapter(read_weights(module, architecture, 512), adapter)
    if kind == "torch":
        assert (read_in_pieces(Decoder(weights, torch.float32)) - right).abs().max() < 1e-3
    else:
        found = read_in_pieces(NativeDecoder(library, architecture, pack(weights), with_adapter=True))
        assert (found - right).abs().mean() < 0.02 * right.abs().max()


def test_an_adapter_of_another_model_is_refused() -> None:
    module = random_model("llama")
    architecture = architecture_of(module.config)
    assert architecture is not None
    weights = read_weights(module, architecture, 512)
    with pytest.raises(ModelUnusable, match="does not fit"):
        with_adapter(weights, Adapter("test", {"lora.0.q.A": torch.zeros(4, 3)}, 1.0, {}))


def test_without_its_low_rank_parts_an_adapted_model_is_the_bare_one(library: Any) -> None:
    module = random_model("llama")
    architecture = architecture_of(module.config)
    assert architecture is not None
    weights = read_weights(module, architecture, 512)
    low_rank = LowRank(torch.randn(16, 64), torch.randn(64, 16))
    layer = replace(weights.layers[0], out=replace(weights.layers[0].out, low_rank=low_rank))
    adapted = pack(replace(weights, layers=(layer, *weights.layers[1:])))
    bare = read_in_pieces(NativeDecoder(library, architecture, pack(weights)))
    assert torch.equal(read_in_pieces(NativeDecoder(library, architecture, adapted)), bare)
    assert not torch.equal(read_in_pieces(NativeDecoder(library, architecture, adapted, with_adapter=True)), bare)


def test_rows_of_zeros_are_packed(library: Any) -> None:
    module = random_model("llama")
    module.lm_head.weight[:7] = 0
    architecture = architecture_of(module.config)
    assert architecture is not None
    found = read_in_pieces(NativeDecoder(library, architecture, pack(read_weights(module, architecture, 512))))
    assert (found[:, :7] == 0).all()


def test_native_code_that_computes_something_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: Any
) -> None:
    """As a compiler or a processor could be at fault, which can't be caused here: the source is."""
    wrong = tmp_path / "native"
    shutil.copytree(Path(build.__file__).parent, wrong)
    source = (wrong / "decoder.c").read_text("utf-8")
    assert "sums[t][r] *= " in source
    (wrong / "decoder.c").write_text(source.replace("sums[t][r] *= ", "sums[t][r] *= 0.95f * "), "utf-8")
    monkeypatch.setattr(build, "_SOURCE", wrong)
    monkeypatch.setenv("MIDSPAN_CACHE", str(tmp_path / "cache"))
    said: list[str] = []
    assert build.load_library(said.append) is None
    assert build.load_library(said.append) is None
    assert len(said) == 1  # it is not built again and again


def test_without_a_compiler_there_is_no_native_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert build.load_library(lambda detail: None) is None


@pytest.mark.parametrize(
    "config",
    [
        transformers.GemmaConfig(),
        transformers.LlamaConfig(rope_parameters={"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}),
        transformers.LlamaConfig(hidden_act="relu"),
    ],
    ids=lambda config: config.model_type,
)
def test_what_we_do_not_know_is_left_to_transformers(config: Any) -> None:
    assert architecture_of(config) is None
