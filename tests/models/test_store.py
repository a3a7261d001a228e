from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from model_folder import write_checkpoint

from midspan.host.models import store, verify
from midspan.host.models.checkpoint import check_model
from midspan.host.models.errors import ModelNotFound, ModelUnusable, StoreError
from midspan.host.models.manifest import Manifest
from midspan.host.models.places import cache_root, models_dir
from midspan.host.models.verify import STAMP, record_files


def install(name: str = "tiny", **facts: str) -> Path:
    with store.staging() as folder:
        write_checkpoint(folder)
        store.put(Manifest(name=name, source="here", files=record_files(folder), **facts), folder)
    return store.folder_of(name)


def test_model_is_found_by_name_with_what_its_manifest_says() -> None:
    folder = install("org/tiny", fim_line="qwen", fim_block="none", adapter="a")

    found = store.resolve("org/tiny")

    assert (found.name, found.path) == ("org/tiny", folder)
    assert (found.fim_line, found.fim_block, found.adapter, found.gguf) == ("qwen", "none", "a", None)
    assert [(model.name, model.problem) for model in store.installed()] == [("org/tiny", "")]


def test_folder_and_gguf_file_are_models_without_the_store(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "mine")
    gguf = tmp_path / "mine.gguf"
    gguf.write_bytes(b"GGUF" + bytes(20))

    assert store.resolve(str(folder)) == store.ModelFiles("mine", folder)
    assert store.resolve(str(gguf)) == store.ModelFiles("mine.gguf", gguf)
    assert store.installed() == []


@pytest.mark.parametrize("name", ["nosuch", "", "org/nosuch", "a/b/c", "/nosuch/at/all", "\0"])
def test_what_is_not_there(name: str) -> None:
    with pytest.raises(ModelNotFound, match="models add") as caught:
        store.resolve(name)
    assert caught.value.name == name


def test_default_model_that_is_missing_tells_how_to_get_it() -> None:
    with pytest.raises(ModelNotFound, match="midspan models add default"):
        store.resolve("default")


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("config.json", "config.json"),
        ("tokenizer.json", "tokenizer"),
        ("model.safetensors", "safetensors"),
    ],
)
def test_folder_that_lacks_something(tmp_path: Path, missing: str, message: str) -> None:
    folder = write_checkpoint(tmp_path / "mine")
    (folder / missing).unlink()
    with pytest.raises(ModelUnusable, match=message):
        store.resolve(str(folder))


def test_pickled_weights_are_refused_with_a_reason(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "mine")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelUnusable, match="run programs"):
        store.resolve(str(folder))


def test_missing_shard_is_named(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "mine")
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelUnusable, match="model-00002-of-00002"):
        store.resolve(str(folder))


def test_text_file_is_no_gguf(tmp_path: Path) -> None:
    (tmp_path / "readme.gguf").write_text("hello")
    with pytest.raises(ModelUnusable, match="not a GGUF"):
        store.resolve(str(tmp_path / "readme.gguf"))


def test_truncated_file_is_found_at_once() -> None:
    folder = install()
    os.truncate(folder / "model.safetensors", 10)
    with pytest.raises(ModelUnusable, match=r"model.safetensors is damaged: 10 bytes.*models remove tiny"):
        store.resolve("tiny")
    assert store.installed()[0].problem == "model.safetensors is damaged"


def test_changed_content_of_the_same_size_is_found() -> None:
    folder = install()
    store.resolve("tiny")
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelUnusable, match="sha256"):
        store.resolve("tiny")


def test_contents_are_read_once_only(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = install()
    (folder / STAMP).unlink()
    read: list[Path] = []
    real = verify.sha256_of

    def noting(path: Path) -> str:
        read.append(path)
        return real(path)

    monkeypatch.setattr(verify, "sha256_of", noting)

    store.resolve("tiny")
    assert len(read) == 3
    store.resolve("tiny")
    assert len(read) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"name": "tiny"}',
        '{"name": 3, "source": "x"}',
        '{"name": "tiny", "source": "x", "files": {"../../etc/passwd": {"size": 1, "sha256": ""}}}',
        '{"name": "tiny", "source": "x", "files": {"a": {}}}',
    ],
)
def test_damaged_manifest_says_what_to_do(text: str) -> None:
    folder = install()
    (folder / "manifest.json").write_text(text)

    with pytest.raises(StoreError, match="midspan models remove tiny"):
        store.resolve("tiny")
    assert "midspan models remove tiny" in store.installed()[0].problem

    store.remove("tiny")
    assert store.installed() == []


def test_new_version_replaces_the_old_one_whole() -> None:
    install(revision="1")
    install(revision="2")
    found = store.find("tiny")
    assert found is not None
    assert found.revision == "2"
    assert visible(models_dir()) == ["tiny"]


def test_failure_in_the_middle_leaves_nothing() -> None:
    install(revision="1")
    with pytest.raises(ModelUnusable), store.staging() as folder:
        check_model(write_checkpoint(folder) / "nosuch")
    assert [path.name for path in models_dir().iterdir()] == ["tiny"]


def test_remove_frees_the_files_and_leaves_what_was_only_pointed_to(tmp_path: Path) -> None:
    mine = write_checkpoint(tmp_path / "mine")
    install()
    store.add_reference(Manifest(name="mine", source=str(mine), path=str(mine)))
    assert store.resolve("mine").path == mine

    assert store.remove("tiny") > 0
    store.remove("mine")

    assert sorted(path.name for path in mine.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert visible(models_dir()) == []
    with pytest.raises(ModelNotFound):
        store.remove("tiny")


def test_reference_to_what_has_gone(tmp_path: Path) -> None:
    mine = write_checkpoint(tmp_path / "mine")
    store.add_reference(Manifest(name="mine", source=str(mine), path=str(mine)))
    mine.rename(tmp_path / "elsewhere")
    with pytest.raises(ModelUnusable, match="gone"):
        store.resolve("mine")


def test_file_in_place_of_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("MIDSPAN_CACHE", str(tmp_path / "taken"))

    assert store.installed() == []
    with pytest.raises(ModelNotFound):
        store.resolve("tiny")
    with pytest.raises(StoreError, match="MIDSPAN_CACHE"):
        install()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_cache() -> None:
    install()
    models_dir().chmod(0o500)
    try:
        assert store.resolve("tiny").name == "tiny"
        with pytest.raises(StoreError, match="Cannot write"):
            install("other")
    finally:
        models_dir().chmod(0o700)


def test_cache_is_where_the_platform_wants_it(monkeypatch: pytest.MonkeyPatch, isolated_dirs: Path) -> None:
    monkeypatch.delenv("MIDSPAN_CACHE")
    assert cache_root().name.lower() == "midspan"
    assert isolated_dirs in cache_root().parents or os.name == "nt"


def test_second_holder_of_a_lock_waits_and_is_told() -> None:
    waited, entered = threading.Event(), []

    def other() -> None:
        with store.lock("tiny", waited.set):
            entered.append(True)

    with store.lock("tiny"):
        thread = threading.Thread(target=other)
        thread.start()
        assert waited.wait(5)
        assert entered == []
    thread.join(5)
    assert entered == [True]


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))
