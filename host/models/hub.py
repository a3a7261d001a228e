"""Bring a checkpoint from a hub of models (huggingface.co, or the mirror that HF_ENDPOINT names) into the store.

huggingface_hub says what there is, at which commit and with which digests, and holds the user's token; the bytes
come by our own `fetch`, which goes on where an interrupted download ended and checks every digest (huggingface_hub
2 does neither across two runs). Takes numbers and plain data only: no pickles, no programs.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from .checkpoint import check_model
from .errors import FetchError, StoreError, writing_to
from .fetch import Download, NetworkError, Progress, ensure_room, fetch, is_right
from .manifest import Manifest
from .places import downloads_dir, models_dir
from .store import put, staging
from .verify import record_files

WANTED = ("*.safetensors", "*.json", "*.jinja", "tokenizer.model", "merges.txt", "vocab.txt")
# Some repositories hold a second copy of their weights in another layout, or what only training needs.
UNWANTED = ("consolidated*", "*trainer_state*", "training_args*")


@dataclass(frozen=True, slots=True)
class HubModel:
    """Which model to take: ``repo`` as "org/name", a revision (None: the newest), and what is known of it."""

    repo: str
    name: str
    revision: str | None = None
    licence: str = ""
    fim: str = "auto"


@dataclass(frozen=True, slots=True)
class _Listing:
    commit: str
    licence: str
    files: tuple[tuple[str, Download], ...]

    @property
    def size(self) -> int:
        return sum(download.size for _, download in self.files)


def add_from_hub(model: HubModel, progress: Progress, say: Callable[[str], None]) -> None:
    """Download a checkpoint, check it and put it into the store under ``model.name``.

    Call it under the store's lock. What has arrived is kept when it is interrupted, and the next call goes on
    from there. Raises FetchError, or StoreError (no room, not a checkpoint that can be loaded).
    """
    say(f"asking the hub for {model.repo}")
    listing = _list(model)
    folder = downloads_dir() / f"{model.name.replace('/', '--')}@{listing.commit[:12]}"
    ensure_room(models_dir(), listing.size)
    done = 0
    for filename, download in listing.files:
        target = folder / filename
        if not is_right(target, download):
            fetch(download, target, _shifted(progress, done, listing.size))
        done += download.size
        progress(done, listing.size)
    check_model(folder)
    with staging() as stage, writing_to(models_dir()):
        for filename, _ in listing.files:
            os.replace(folder / filename, stage / filename)
        shutil.rmtree(folder)
        put(_manifest(model, listing, record_files(stage)), stage)


def _manifest(model: HubModel, listing: _Listing, files: Any) -> Manifest:
    return Manifest(
        name=model.name,
        source=model.repo,
        licence=model.licence or listing.licence,
        revision=listing.commit,
        files=files,
        fim_line=model.fim,
        fim_block=model.fim,
    )


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, _: progress(before + done, total)


def _list(model: HubModel) -> _Listing:
    """Ask the hub which files the model has. Raises FetchError, saying what to do in each case."""
    if importlib.util.find_spec("huggingface_hub") is None:
        raise StoreError("Models from a hub need the engine's packages. Install them: pip install 'midspan[host]'.")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import HfApi, errors

    api = HfApi(library_name="midspan")
    try:
        info = api.model_info(model.repo, revision=model.revision, files_metadata=True, timeout=30)
    except errors.GatedRepoError as error:
        raise FetchError(
            f"{model.repo} wants its licence accepted first. Do that at {api.endpoint}/{model.repo}, then set "
            "HF_TOKEN to a token of yours (or run `hf auth login`), and try again."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise FetchError(
            f"{model.repo} has no revision {model.revision}. Try `--revision main` for its newest one."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise FetchError(
            f"There is no {model.repo} at {api.endpoint}, or it is private. Check its name; for a private one set "
            "HF_TOKEN."
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise FetchError("HF_HUB_OFFLINE is set. Unset it to download models.") from error
    except errors.HfHubHTTPError as error:
        raise FetchError(
            f"The hub {api.endpoint} answers {error.response.status_code} for {model.repo}. Check the name and "
            "HF_ENDPOINT, or try again later."
        ) from error
    except errors.HFValidationError as error:
        raise FetchError(f'"{model.repo}" is not a name on the hub ("org/name").') from error
    except (NetworkError, OSError) as error:
        raise FetchError(
            f"The hub {api.endpoint} cannot be reached ({type(error).__name__}). Check the network (behind a proxy, "
            "set HTTPS_PROXY; for a mirror, HF_ENDPOINT), or copy the checkpoint's folder here and add that."
        ) from error
    return _read(model.repo, info)


def _read(repo: str, info: Any) -> _Listing:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    headers = build_hf_headers(library_name="midspan")
    files = tuple(
        (file.rfilename, _download(hf_hub_url(repo, file.rfilename, revision=info.sha), file, headers))
        for file in info.siblings or ()
        if _is_wanted(file.rfilename)
    )
    _check_weights(repo, [name for name, _ in files])
    card = info.card_data or {}
    return _Listing(str(info.sha), str(card.get("license") or ""), files)


def _download(url: str, file: Any, headers: dict[str, str]) -> Download:
    sha256 = file.lfs.sha256 if file.lfs else ""
    if file.size is None or not (sha256 or file.blob_id):
        raise FetchError(f"The hub does not tell size and digest of {file.rfilename}. Try without HF_ENDPOINT.")
    return Download(url, file.size, sha256, "" if sha256 else file.blob_id, headers)


def _is_wanted(filename: str) -> bool:
    # Files in folders are other formats of the same weights (onnx/, gguf/); and a name must not lead elsewhere.
    if "/" in filename or "\\" in filename or filename.startswith("."):
        return False
    return any(fnmatch(filename, p) for p in WANTED) and not any(fnmatch(filename, p) for p in UNWANTED)


def _check_weights(repo: str, names: Sequence[str]) -> None:
    if not any(name.endswith(".safetensors") for name in names):
        raise FetchError(
            f"{repo} has no safetensors, and other weights (pickles can run programs) are not taken. Look for a "
            "conversion of it, or serve it with another server and set backend.kind to openai."
        )
