from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback import Loopback, Served, serving
from model_folder import write_checkpoint

Midspan = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def web() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


def settings(isolated_dirs: Path, text: str) -> None:
    path = isolated_dirs / "config" / "midspan" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_missing_model_fails_and_says_what_to_do(midspan: Midspan) -> None:
    done = midspan("doctor", "--json")
    found = checks(done)
    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is False
    assert found["model"]["status"] == "fail"
    assert "midspan models add default" in found["model"]["fix"]
    assert {"python", "packages", "settings", "engine", "host", "cache", "runtime", "machine"} <= found.keys()


def test_all_is_well_with_a_model(midspan: Midspan, isolated_dirs: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    settings(isolated_dirs, f"[host]\nmodel = {json.dumps(str(write_checkpoint(tmp_path / 'mine')))}\n")

    done = midspan("doctor")

    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("Ready.\n")
    assert str(isolated_dirs / "config" / "midspan" / "config.toml") in done.stdout
    assert "not running" in done.stdout


def test_wrong_setting_is_a_warning(midspan: Midspan, isolated_dirs: Path) -> None:
    settings(isolated_dirs, "[completion]\nautomatc = true\n")
    done = midspan("doctor")
    assert "warn  settings" in done.stdout
    assert "Did you mean `automatic`?" in done.stdout


def test_damaged_model_is_told_from_a_missing_one(midspan: Midspan, isolated_dirs: Path, tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "mine")
    (folder / "tokenizer.json").unlink()
    settings(isolated_dirs, f"[host]\nmodel = {json.dumps(str(folder))}\n")
    assert "damaged" in checks(midspan("doctor", "--json"))["model"]["detail"]


def endpoint(isolated_dirs: Path, address: str) -> None:
    settings(isolated_dirs, f'[backend]\nkind = "openai"\nendpoint = "{address}"\nmodel = "coder"\n')


def test_model_server_that_answers(midspan: Midspan, isolated_dirs: Path, web: Loopback) -> None:
    endpoint(isolated_dirs, web.url + "/v1")
    web.pages["/v1/models"] = Served(b'{"data": [{"id": "coder"}, {"id": "other"}]}', "application/json")

    found = checks(midspan("doctor", "--json", MIDSPAN_API_KEY="k3y"))

    assert found["endpoint"]["status"] == "ok"
    assert web.requests[0].headers["authorization"] == "Bearer k3y"
    assert not found.keys() & {"engine", "model", "host"}


@pytest.mark.parametrize(
    ("page", "status", "fix"),
    [
        (Served(b"", status=401), "fail", "MIDSPAN_API_KEY"),
        (Served(b"", status=404), "warn", "/v1"),
        (Served(b"<html>", "text/html"), "fail", "backend.endpoint"),
        (Served(b'{"data": [{"id": "other"}]}', "application/json"), "warn", "other"),
    ],
)
def test_model_server_that_does_not_suit(
    midspan: Midspan, isolated_dirs: Path, web: Loopback, page: Served, status: str, fix: str
) -> None:
    endpoint(isolated_dirs, web.url + "/v1")
    web.pages["/v1/models"] = page
    found = checks(midspan("doctor", "--json"))["endpoint"]
    assert found["status"] == status
    assert fix in found["fix"]


def test_key_does_not_follow_a_redirect(midspan: Midspan, isolated_dirs: Path, web: Loopback) -> None:
    endpoint(isolated_dirs, web.url + "/v1")
    web.pages["/v1/models"] = Served(b"", status=302, headers={"Location": web.url + "/elsewhere"})
    web.pages["/elsewhere"] = Served(b'{"data": []}', "application/json")

    found = checks(midspan("doctor", "--json", MIDSPAN_API_KEY="k3y"))["endpoint"]

    assert [request.path for request in web.requests] == ["/v1/models"]
    assert found["status"] == "fail"
    assert "redirects (302)" in found["detail"]
    assert "backend.endpoint" in found["fix"]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/v1", "127.0.0.1:11434", "http://host:abc/v1", "http://[::1/v1"]
)
def test_model_server_that_is_not_there(midspan: Midspan, isolated_dirs: Path, address: str) -> None:
    endpoint(isolated_dirs, address)
    done = midspan("doctor", "--json")
    assert done.returncode == 1
    assert checks(done)["endpoint"]["status"] == "fail"


def test_cache_that_cannot_be_written(midspan: Midspan, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    found = checks(midspan("doctor", "--json", MIDSPAN_CACHE=str(tmp_path / "taken" / "cache")))
    assert found["cache"]["status"] == "fail"
    assert "MIDSPAN_CACHE" in found["cache"]["fix"]


def test_cache_is_not_made(midspan: Midspan, tmp_path: Path) -> None:
    found = checks(midspan("doctor", "--json", MIDSPAN_CACHE=str(tmp_path / "none" / "cache")))
    assert found["cache"]["status"] == "ok"
    assert list(tmp_path.iterdir()) == []
