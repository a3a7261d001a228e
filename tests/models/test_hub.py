"""Models from a hub: in child processes, since huggingface_hub reads HF_ENDPOINT when it is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import COMMIT, put_on_hub
from loopback import Loopback, Served
from model_folder import checkpoint_files, safetensors_bytes

from midspan.host.models import store

pytest.importorskip("huggingface_hub")
REPO = "acme/tiny-coder"


def add(web: Loopback, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "midspan.cli", "models", "add", *arguments]
    # The engine, which another test may have loaded, sets HF_HUB_OFFLINE for its process.
    env = {**os.environ, "HF_ENDPOINT": web.url, "NO_PROXY": "*", "HF_HUB_OFFLINE": "0", **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def test_checkpoint_is_fetched_checked_and_found(web: Loopback, cache: Path) -> None:
    files = {
        **checkpoint_files(),
        "README.md": b"# read me",
        "pytorch_model.bin": b"pickle",
        "consolidated.safetensors": b"twice",
        "onnx/model.json": b"{}",
        "modeling_tiny.py": b"import os",
    }
    put_on_hub(web, REPO, files)

    done = add(web, REPO)

    assert done.returncode == 0, done.stderr
    found = store.resolve(REPO)
    manifest = store.find(REPO)
    assert manifest is not None
    assert (manifest.source, manifest.revision, manifest.licence) == (REPO, COMMIT, "apache-2.0")
    assert sorted(manifest.files) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert {name: (found.path / name).read_bytes() for name in manifest.files} == checkpoint_files()
    assert list((cache / "downloads").iterdir()) == []


def test_interrupted_download_goes_on_in_the_next_run(web: Loopback, cache: Path) -> None:
    weights = safetensors_bytes() + bytes(500_000)
    put_on_hub(web, REPO, {**checkpoint_files(), "model.safetensors": weights})
    page = web.pages[address := f"/{REPO}/resolve/{COMMIT}/model.safetensors"]
    page.cut_after = 100_000

    first = add(web, REPO)
    assert first.returncode == 1
    assert "run the same command again" in first.stderr
    assert store.installed() == []
    part = next((cache / "downloads").rglob("*.part")).stat().st_size
    n_before = len(web.bytes_asked_from(address))

    page.cut_after = None
    second = add(web, REPO)

    assert second.returncode == 0, second.stderr
    assert web.bytes_asked_from(address)[n_before:] == [f"bytes={part}-"]
    assert (store.resolve(REPO).path / "model.safetensors").read_bytes() == weights


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_wrong_content_is_an_error_and_leaves_no_model(web: Loopback, name: str) -> None:
    put_on_hub(web, REPO, checkpoint_files())
    right = web.pages[f"/{REPO}/resolve/{COMMIT}/{name}"].content
    web.pages[f"/{REPO}/resolve/{COMMIT}/{name}"] = Served(right[:-1] + b"?")

    done = add(web, REPO)

    assert done.returncode == 1
    assert "not the expected file" in done.stderr
    assert store.installed() == []


def test_progress_for_programs_is_one_object_a_line(web: Loopback) -> None:
    put_on_hub(web, REPO, checkpoint_files())

    lines = [json.loads(line) for line in add(web, REPO, "--json").stdout.splitlines()]

    total = sum(map(len, checkpoint_files().values()))
    assert lines[-1]["status"] == "ok"
    assert lines[-2]["bytes"] == lines[-2]["total"] == total
    assert all({"bytes", "total"} <= line.keys() for line in lines[:-1])


def test_failure_for_programs_is_the_last_line(web: Loopback) -> None:
    done = add(web, REPO, "--json")

    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 1
    assert last["status"] == "error"
    assert REPO in last["message"]
    assert "Traceback" not in done.stderr


def test_second_time_nothing_is_fetched(web: Loopback) -> None:
    put_on_hub(web, REPO, checkpoint_files())
    add(web, REPO)
    n_files = len([r for r in web.requests if "/resolve/" in r.path])

    done = add(web, REPO)

    assert "already here" in done.stdout
    assert len([r for r in web.requests if "/resolve/" in r.path]) == n_files


def test_catalogue_name_takes_its_repository_format_and_licence(web: Loopback) -> None:
    commit = "8123ea2e9354afb7ffcc6c8641d1b2f5ecf18301"
    put_on_hub(web, "Qwen/Qwen2.5-Coder-0.5B", checkpoint_files(), commit=commit)

    done = add(web, "qwen2.5-coder-0.5b")

    assert done.returncode == 0, done.stderr
    found, manifest = store.resolve("qwen2.5-coder-0.5b"), store.find("qwen2.5-coder-0.5b")
    assert manifest is not None
    assert (found.fim_line, found.fim_block, manifest.revision) == ("qwen", "qwen", commit)
    assert manifest.licence == "Apache-2.0"


def test_token_is_sent_to_the_hub_and_printed_nowhere(web: Loopback) -> None:
    put_on_hub(web, REPO, checkpoint_files())

    done = add(web, REPO, HF_TOKEN="hf_secret")

    assert {request.headers.get("authorization") for request in web.requests} == {"Bearer hf_secret"}
    assert "hf_secret" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (404, {"X-Error-Code": "RepoNotFound"}, "There is no acme/tiny-coder"),
        (401, {"X-Error-Code": "GatedRepo"}, "licence accepted"),
        (404, {"X-Error-Code": "RevisionNotFound"}, "--revision main"),
        (503, {}, "answers 503"),
    ],
)
def test_refusals_say_what_to_do(web: Loopback, status: int, headers: dict[str, str], message: str) -> None:
    web.pages[f"/api/models/{REPO}"] = Served(b"{}", "application/json", status=status, headers=headers)

    done = add(web, REPO)

    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_repository_of_pickles_is_refused_before_anything_is_fetched(web: Loopback) -> None:
    files = checkpoint_files()
    del files["model.safetensors"]
    put_on_hub(web, REPO, {**files, "pytorch_model.bin": b"pickle"})

    done = add(web, REPO)

    assert done.returncode == 1
    assert "no safetensors" in done.stderr
    assert not any("/resolve/" in request.path for request in web.requests)


def test_hub_that_is_not_there() -> None:
    nowhere = Loopback()
    nowhere.port = 9

    done = add(nowhere, REPO)

    assert done.returncode == 1
    assert "HF_ENDPOINT" in done.stderr


def test_offline_is_respected(web: Loopback) -> None:
    put_on_hub(web, REPO, checkpoint_files())
    done = add(web, REPO, HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set" in done.stderr
    assert web.requests == []


@pytest.mark.slow
def test_what_was_fetched_can_be_loaded_and_run(web: Loopback, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from tiny_models import make

    from midspan.host.models.load import load

    made = make("qwen2", tmp_path)
    put_on_hub(web, REPO, {path.name: path.read_bytes() for path in made.iterdir()})
    assert add(web, REPO).returncode == 0

    loaded = load(store.resolve(REPO), "cpu", "float32", print)

    assert loaded.module.config.model_type == "qwen2"
    assert loaded.tokenizer.decode(loaded.tokenizer.encode("def f(x):")) == "def f(x):"
