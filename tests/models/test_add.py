from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from model_folder import safetensors_bytes, write_checkpoint

from midspan.completion.fim import BY_NAME, choose
from midspan.host.models import store
from midspan.host.models.add import add
from midspan.host.models.catalog import CATALOG, look_up, suggest
from midspan.host.models.errors import ModelNotFound, ModelUnusable, StoreError
from midspan.host.models.machine import Fit, Machine, cpu_features, fit, look_at_machine


def add_here(what: str, name: str = "") -> str:
    return add(what, name, "", lambda done, total: None, lambda message: None)


def test_folder_is_pointed_to_and_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_checkpoint(tmp_path / "My Model!")
    monkeypatch.chdir(tmp_path)

    assert "host.model" in add_here("./My Model!")

    assert store.resolve("My-Model").path == folder
    assert store.installed()[0].manifest is not None
    assert sorted(path.name for path in store.folder_of("My-Model").iterdir()) == ["manifest.json", "verified.json"]


def test_gguf_file_is_pointed_to(tmp_path: Path) -> None:
    (tmp_path / "code.gguf").write_bytes(b"GGUF" + bytes(20))
    add_here(str(tmp_path / "code.gguf"), name="team/code")
    assert store.resolve("team/code").path == tmp_path / "code.gguf"


def test_incomplete_folder_is_not_added(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "mine")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelUnusable, match="tokenizer"):
        add_here(str(folder))
    assert store.installed() == []


def test_weights_that_are_cut_short_are_not_added(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "mine")
    weights = folder / "model.safetensors"
    for length in (len(weights.read_bytes()) - 1, 20, 4, 0):
        weights.write_bytes(safetensors_bytes()[:length])
        with pytest.raises(ModelUnusable, match="not whole"):
            add_here(str(folder))
    assert store.installed() == []


def test_name_that_is_taken(tmp_path: Path) -> None:
    add_here(str(write_checkpoint(tmp_path / "a" / "mine")))
    with pytest.raises(StoreError, match="--name"):
        add_here(str(write_checkpoint(tmp_path / "b" / "mine")))
    add_here(str(tmp_path / "a" / "mine"))
    with pytest.raises(StoreError, match="default"):
        add_here(str(write_checkpoint(tmp_path / "default")))


@pytest.mark.parametrize("name", ["a/b/c", "..", "-x", "a b"])
def test_impossible_names(tmp_path: Path, name: str) -> None:
    folder = write_checkpoint(tmp_path / "mine")
    with pytest.raises(StoreError, match="cannot be the name"):
        add_here(str(folder), name=name)


def test_what_is_nothing_gets_a_suggestion() -> None:
    with pytest.raises(ModelNotFound, match=r'Did you mean "qwen2.5-coder-0.5b"\?'):
        add_here("qwen2.5-coder-0.5")
    assert suggest("defualt") == "default"
    assert suggest("xyz") is None


def test_catalogue_agrees_with_the_formats() -> None:
    assert len({entry.name for entry in CATALOG}) == len(CATALOG)
    for entry in CATALOG:
        assert entry.fim in BY_NAME
        assert choose(entry.repo).name == entry.fim
        assert entry.revision is None or len(entry.revision) == 40
        assert look_up(entry.repo) is entry
        # Weights in bf16 take two bytes a parameter, in fp32 four.
        assert 1900 < entry.download_mb / entry.parameters < 4200


def test_what_fits_a_machine() -> None:
    laptop = Machine(ram_mb=8_000, ram_free_mb=4_000, cores=4)
    older = replace(laptop, cpu_weight_bytes=4)
    with_gpu = replace(laptop, gpu="any", gpu_mb=24_000)

    assert fit(0.5, laptop) == Fit(2000, "well")
    assert fit(0.5, older) == Fit(3000, "well")
    assert fit(1.5, laptop) == Fit(4000, "slow")
    assert fit(1.5, older) == Fit(7000, "no")
    assert fit(3.0, laptop).how == "no"
    assert fit(7.6, with_gpu) == Fit(16200, "well")
    assert fit(14, with_gpu).how == "no"


def test_this_machine_has_memory_and_cores() -> None:
    machine = look_at_machine()
    assert machine.ram_mb > machine.ram_free_mb > 0
    assert machine.cores >= 1
    assert isinstance(cpu_features(), tuple)
