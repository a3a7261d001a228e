"""From disk into memory: what can't be loaded says so in one line; GGUF; adapters."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from engines import checkpoint

from midspan.host.engine.build import build_engine
from midspan.host.models import adapter
from midspan.host.models.devices import choose_device, choose_dtype
from midspan.host.models.errors import ModelUnusable
from midspan.host.models.load import LoadedModel, load
from midspan.host.models.store import ModelFiles


def load_folder(path: Path, fim: str = "auto") -> LoadedModel:
    return load(ModelFiles(path.name, path, fim, fim), "cpu", "float32", lambda detail: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint that a test may break."""
    return Path(shutil.copytree(checkpoint("qwen2"), tmp_path / "model"))


def check_unusable(path: Path, words: str) -> None:
    with pytest.raises(ModelUnusable, match=words) as caught:
        build_engine(load_folder(path), 16)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message or path.name in message


def test_truncated_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    check_unusable(folder, "damaged|cannot be loaded")


def test_weights_that_are_no_safetensors(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x00" * 64)
    check_unusable(folder, "damaged|cannot be loaded")


def test_an_unknown_architecture(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "hyena9000"}))
    check_unusable(folder, "hyena9000")


def test_a_missing_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    check_unusable(folder, "tokenizer")


def test_pickled_weights_are_not_read(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    check_unusable(folder, "safetensors")


def test_code_of_the_models_author_is_not_run(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    proof = folder / "ran"
    (folder / "evil.py").write_text(f"open({str(proof)!r}, 'w')\nclass Config: pass\nclass Model: pass\n")
    remote = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}}
    (folder / "config.json").write_text(json.dumps(config | remote))
    check_unusable(folder, "cannot be loaded")
    assert not proof.exists()


def test_a_format_that_the_model_has_no_tokens_for(folder: Path) -> None:
    with pytest.raises(ModelUnusable, match="<fim_prefix>"):
        build_engine(load_folder(folder, fim="starcoder"), 16)


def test_a_device_that_is_not_there() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(ModelUnusable, match="cuda"):
        choose_device("cuda")
    assert choose_device("auto").type in ("cpu", "mps")


@pytest.mark.parametrize("wanted", ["float32", "bfloat16", "float16"])
def test_a_precision_that_was_asked_for_is_taken(wanted: str) -> None:
    assert choose_dtype(wanted, torch.device("cpu")) == getattr(torch, wanted)


def test_the_adapter_that_ships_is_whole() -> None:
    read = adapter.read_adapter("fim-lora-v0")
    assert read.sentinels == {"suffix": 8, "prefix": 9, "end": 10}
    assert read.scale == 2.0


def test_a_damaged_adapter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(Path(adapter.__file__).parent / "adapters", tmp_path / "adapters")
    weights = tmp_path / "adapters" / "fim-lora-v0.safetensors"
    weights.write_bytes(weights.read_bytes() + b"x")
    monkeypatch.setattr(adapter, "_FOLDER", tmp_path / "adapters")
    with pytest.raises(ModelUnusable, match="damaged"):
        adapter.read_adapter("fim-lora-v0")


def test_an_adapter_of_another_model_is_refused() -> None:
    module = load_folder(checkpoint("qwen2")).module
    with pytest.raises(ModelUnusable, match="does not fit"):
        adapter.merged_copy(module, adapter.read_adapter("fim-lora-v0"))


def test_a_merged_copy_is_the_sum_and_leaves_the_model_alone() -> None:
    module = load_folder(checkpoint("llama")).module
    torch.manual_seed(0)
    before = module.model.layers[1].mlp.up_proj.weight.clone()
    a, b = torch.randn(4, before.shape[1]), torch.randn(before.shape[0], 4)
    row = torch.randn(module.config.hidden_size)
    tensors = {"lora.1.up.A": a, "lora.1.up.B": b, "rows.end": row}
    merged = adapter.merged_copy(module, adapter.Adapter("test", tensors, 0.5, {"end": 9}))
    assert torch.equal(module.model.layers[1].mlp.up_proj.weight, before)
    assert torch.allclose(merged.model.layers[1].mlp.up_proj.weight, before + 0.5 * b @ a, atol=1e-6)
    assert torch.equal(merged.get_input_embeddings().weight[9], row)
    shared = merged.model.layers[0].mlp.up_proj.weight
    assert shared.data_ptr() == module.model.layers[0].mlp.up_proj.weight.data_ptr()
