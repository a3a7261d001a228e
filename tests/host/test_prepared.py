"""A model that was made ready once: the same model, found in a moment, and never when it is another."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
import transformers
from engines import ask, hole

from midspan.host.engine.build import engine_for
from midspan.host.engine.engine import Engine
from midspan.host.engine.native.build import load_library
from midspan.host.models import devices, load
from midspan.host.models.places import native_dir, prepared_dir
from midspan.host.models.store import ModelFiles
from midspan.host.options import Options, read_options

START = """
import sys
from pathlib import Path
from midspan.host.engine.build import engine_for
from midspan.host.models import devices
from midspan.host.models.store import ModelFiles
from midspan.host.options import read_options
devices._cpu_has_bf16 = lambda: False
engine_for(ModelFiles("tiny", Path(sys.argv[1])), read_options(["--device", "cpu"]), lambda detail: None)
print("transformers" in sys.modules)
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelFiles:
    """A checkpoint that the native code can run, on a machine that is slow in bf16."""
    if load_library(lambda detail: None) is None:
        pytest.skip("there is no C compiler here")
    built = native_dir()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "native").symlink_to(built)  # once is enough for all tests
    monkeypatch.setenv("MIDSPAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(devices, "_cpu_has_bf16", lambda: False)
    sizes = {"hidden_size": 64, "tie_word_embeddings": True}
    wide = replace(
        tiny_models.FAMILIES["qwen2"], config=lambda v: transformers.Qwen2Config(**tiny_models._sizes(v, **sizes))
    )
    monkeypatch.setitem(tiny_models.FAMILIES, "wide", wide)
    return ModelFiles("tiny-wide", tiny_models.make("wide", tmp_path), "qwen", "qwen")


def options(*more: str) -> Options:
    return read_options(["--device", "cpu", *more])


def start(files: ModelFiles, *more: str) -> Engine:
    return engine_for(files, options(*more), lambda detail: None)


def start_without_reading(files: ModelFiles, monkeypatch: pytest.MonkeyPatch, *more: str) -> Engine | None:
    """Return the engine, None where the checkpoint had to be read."""

    class HasRead(Exception):
        pass

    def refuse(*args: Any) -> Any:
        raise HasRead

    with monkeypatch.context() as patch:
        patch.setattr(load, "load", refuse)
        try:
            return start(files, *more)
        except HasRead:
            return None


def test_what_was_kept_is_the_model(files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    assert start_without_reading(files, monkeypatch) is None
    first = start(files)
    second = start_without_reading(files, monkeypatch)
    assert second is not None
    ids = list(range(60))
    assert torch.equal(first.models["line"].forward_all(ids), second.models["line"].forward_all(ids))
    request = hole("def area(self):\n    return ", "\n")
    assert ask(first, request)[0] == ask(second, request)[0]
    assert second.vocabulary.eos_ids == first.vocabulary.eos_ids
    assert (second.vocabulary.bos, second.vocabulary.start_id) == (first.vocabulary.bos, first.vocabulary.start_id)
    assert second.models["line"].n_context == first.models["line"].n_context


def test_a_checkpoint_that_changed_is_read_again_and_its_old_state_dropped(
    files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(files)
    config = files.path / "config.json"
    config.write_text(config.read_text("utf-8") + "\n", "utf-8")
    assert start_without_reading(files, monkeypatch) is None
    start(files)
    assert start_without_reading(files, monkeypatch) is not None
    assert len(list(prepared_dir().iterdir())) == 1


@pytest.mark.parametrize("file", ["tensors.bin", "facts.json"])
def test_what_is_damaged_is_made_again(file: str, files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    start(files)
    (folder,) = prepared_dir().iterdir()
    (folder / file).write_bytes((folder / file).read_bytes()[:-100])
    assert start_without_reading(files, monkeypatch) is None
    start(files)
    assert start_without_reading(files, monkeypatch) is not None


def test_another_precision_is_not_what_was_kept(files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    start(files)
    assert start_without_reading(files, monkeypatch, "--dtype", "float32") is None
    assert start(files, "--dtype", "float32").dtype == "float32"


def test_a_cache_that_can_not_be_written_costs_time_only(files: ModelFiles) -> None:
    prepared_dir().parent.mkdir(parents=True, exist_ok=True)
    prepared_dir().write_text("in the way")
    assert ask(start(files), hole("def area(self):\n    return "))[0].finish is not None


def test_a_start_from_what_was_kept_does_without_transformers(files: ModelFiles) -> None:
    """Importing it takes longer than everything else."""
    command = [sys.executable, "-P", "-c", START, str(files.path)]
    said = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert said == ["True\n", "False\n"]
