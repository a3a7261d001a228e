"""What `midspan doctor` looks at: one function for each question, each with its answer and what to do.

Looks only; nothing is installed, started or downloaded, and no file is left (only the folder for sockets is made,
empty, where there is none). The one thing that it may ask over the network is the model server that the user's own
settings name.
"""

from __future__ import annotations

import http.client
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..completion.settings import Settings
from ..host.__main__ import ENGINE_PACKAGES
from .output import size

SERVER_PACKAGES = ("pygls", "lsprotocol", "tree-sitter", "httpx2", "msgspec", "platformdirs", "filelock", "psutil")
ENGINE_HELP = "Install the engine: pip install 'midspan[host]'"
ROOM_MB = 1000
ASK_SECONDS = 5.0


class Status(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One question's answer: ``detail`` says what is, ``fix`` what to do about it (empty when all is well)."""

    name: str
    status: Status
    detail: str
    fix: str = ""


def all_checks() -> list[Check]:
    """Look at everything, in the order in which things depend on each other."""
    from ..completion.settings_files import load

    settings, warnings = load(Path.cwd(), {})
    checks = [_python(), _packages("packages", SERVER_PACKAGES, Status.FAIL, "Reinstall: pip install midspan")]
    checks += _settings(warnings)
    checks += _own_host(settings) if settings.backend.kind == "host" else [_endpoint(settings)]
    return [*checks, _cache(), _runtime(), _machine()]


def _python() -> Check:
    version = importlib.metadata.version("midspan")
    detail = (
        f"midspan {version}, Python {platform.python_version()} ({sys.executable}), {platform.platform(terse=True)}"
    )
    return Check("python", Status.OK, detail)


def _packages(name: str, packages: Sequence[str], when_missing: Status, fix: str) -> Check:
    found, missing = [], []
    for package in packages:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    if missing:
        return Check(name, when_missing, f"missing: {', '.join(missing)}", fix)
    return Check(name, Status.OK, ", ".join(found))


def _settings(warnings: Sequence[str]) -> list[Check]:
    from ..completion.settings_files import PROJECT_FILE, user_file

    files = [path for path in (user_file(), Path.cwd() / PROJECT_FILE) if path.is_file()]
    read = ", ".join(map(str, files)) or f"none (yours would be {user_file()}); the defaults hold"
    return [Check("settings", Status.OK, read)] + [
        Check("settings", Status.WARN, warning, "Correct or remove it (docs/configuration.md).") for warning in warnings
    ]


def _own_host(settings: Settings) -> list[Check]:
    if settings.host.socket:
        return [_host(settings)]  # the engine and the model are there, not here
    return [
        _packages("engine", ENGINE_PACKAGES, Status.FAIL, f"{ENGINE_HELP} (or set backend.kind to openai)."),
        _model(settings.host.model),
        _host(settings),
    ]


def _model(name: str) -> Check:
    from ..host.models.errors import ModelNotFound, StoreError
    from ..host.models.store import resolve

    try:
        model = resolve(name)
    except ModelNotFound as error:
        return Check("model", Status.FAIL, f"{name} is not here", str(error))
    except StoreError as error:
        return Check("model", Status.FAIL, f"{name} is damaged", str(error))
    return Check("model", Status.OK, f"{model.name}, checked ({model.path})")


def _host(settings: Settings) -> Check:
    from ..completion.backends.host_address import address_path
    from ..completion.backends.host_process import log_path
    from ..completion.errors import MidspanError
    from .running_hosts import health

    try:
        answer = health(address_path(settings.host))
    except MidspanError as error:
        return Check("host", Status.FAIL, "has no place for its socket", str(error))
    if answer is None and settings.host.socket:
        fix = "Start `midspan host` there, and open the tunnel to it (docs/remote.md)."
        return Check("host", Status.FAIL, f"none answers at {settings.host.socket}", fix)
    if answer is None:
        return Check("host", Status.OK, "not running; it is started when a completion is asked for")
    detail = ", ".join(f"{key} {answer[key]}" for key in ("status", "model", "device", "dtype", "pid") if key in answer)
    if answer.get("status") == "failed":
        return Check("host", Status.FAIL, f"{detail}: {answer.get('detail')}", f"See {log_path()}.")
    return Check("host", Status.OK, detail)


def _endpoint(settings: Settings) -> Check:
    """Ask the model server of the settings which models it has, as any OpenAI client would."""
    base, key = settings.backend.endpoint.rstrip("/"), os.environ.get(settings.backend.api_key_env, "")
    if not base.startswith(("http://", "https://")):
        return Check(
            "endpoint",
            Status.FAIL,
            f'"{base}"',
            "Set backend.endpoint to an address such as http://127.0.0.1:11434/v1.",
        )
    try:
        request = urllib.request.Request(f"{base}/models", headers={"Authorization": f"Bearer {key}"} if key else {})
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=ASK_SECONDS) as response:
            return _served(base, settings.backend.model, json.loads(response.read(4_000_000)))
    except urllib.error.HTTPError as error:
        error.close()
        return _refused(base, error.code, settings.backend.api_key_env)
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        return Check(
            "endpoint",
            Status.FAIL,
            f"{base} does not answer as a model server ({reason})",
            "Start it, or correct backend.endpoint.",
        )


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows none: the key is for the server that the settings name, and for no other."""

    def redirect_request(self, *_: object) -> None:
        """Return None, which makes the redirect an error."""


def _refused(base: str, code: int, key_name: str) -> Check:
    if code in (401, 403):
        fix = f"Put the server's key into the environment variable {key_name}."
        return Check("endpoint", Status.FAIL, f"{base} answers {code}", fix)
    if 300 <= code < 400:
        fix = "Set backend.endpoint to where it leads: redirects are not followed, so that your key goes nowhere else."
        return Check("endpoint", Status.FAIL, f"{base}/models redirects ({code})", fix)
    return Check("endpoint", Status.WARN, f"{base}/models answers {code}", "Check that the address ends in /v1.")


def _served(base: str, wanted: str, answer: object) -> Check:
    entries = answer.get("data") if isinstance(answer, dict) else None
    names = [str(entry.get("id")) for entry in entries or () if isinstance(entry, dict)]
    if wanted and names and wanted not in names:
        return Check("endpoint", Status.WARN, f"{base} has no model {wanted}", f"It has: {', '.join(names[:8])}.")
    return Check("endpoint", Status.OK, f"{base} answers ({', '.join(names[:8]) or 'names no models'})")


def _cache() -> Check:
    from ..host.models.places import cache_root

    root = cache_root()
    try:
        # Where it can be made, it need not be made to know so.
        existing = next(folder for folder in (root.absolute(), *root.absolute().parents) if os.path.lexists(folder))
        with tempfile.TemporaryFile(dir=existing):
            pass
        free = shutil.disk_usage(existing).free
    except OSError as error:
        return Check("cache", Status.FAIL, f"{root}: {error.strerror}", "Make it writable, or set MIDSPAN_CACHE.")
    if free < ROOM_MB * 1e6:
        return Check(
            "cache", Status.WARN, f"{root}: {size(free)} left", "Free some, or set MIDSPAN_CACHE to another disk."
        )
    return Check("cache", Status.OK, f"{root}, {size(free)} free")


def _runtime() -> Check:
    from ..completion.backends.host_address import runtime_dir
    from ..completion.backends.host_process import log_path
    from ..completion.errors import MidspanError

    try:
        return Check("runtime", Status.OK, f"sockets in {runtime_dir()}, logs in {log_path().parent}")
    except MidspanError as error:
        return Check("runtime", Status.FAIL, "no folder for sockets", str(error))


def _machine() -> Check:
    from ..host.models.machine import cpu_features, look_at_machine

    machine, features = look_at_machine(), cpu_features()
    memory = f"{size(machine.ram_free_mb * 1e6)} of {size(machine.ram_mb * 1e6)} memory free"
    gpu = f"{machine.gpu}, {size(machine.gpu_mb * 1e6)}" if machine.gpu else "no GPU"
    detail = f"{machine.cores} cores ({', '.join(features) or 'features unknown'}), {memory}, {gpu}"
    if machine.ram_free_mb < ROOM_MB:
        return Check("machine", Status.WARN, detail, "Less than 1 GB is free: the model may be slow or not load.")
    if platform.machine() in ("x86_64", "AMD64") and features and "avx2" not in features:
        return Check("machine", Status.WARN, detail, "Without AVX2 the engine is slow; a server elsewhere helps.")
    return Check("machine", Status.OK, detail)
