"""Makes a loopback server speak enough of a model hub's API for a checkpoint to be downloaded from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from loopback import Loopback, Served

COMMIT = "a3b1" * 10


def put_on_hub(web: Loopback, repo: str, files: Mapping[str, bytes], commit: str = COMMIT, **info: object) -> None:
    """Serve a repository: weights as large files with a sha256, the rest with git's digest of the blob."""
    description = {
        "id": repo,
        "modelId": repo,
        "sha": commit,
        "cardData": {"license": "apache-2.0"},
        "siblings": [_sibling(name, content) for name, content in files.items()],
        **info,
    }
    page = Served(json.dumps(description).encode(), "application/json")
    for revision in ("", "/revision/main", f"/revision/{commit}"):
        web.pages[f"/api/models/{repo}{revision}"] = page
    for name, content in files.items():
        web.pages[f"/{repo}/resolve/{commit}/{name}"] = Served(content)


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
    sibling: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
    if name.endswith((".safetensors", ".bin")):
        sha256 = hashlib.sha256(content).hexdigest()
        sibling["lfs"] = {"size": len(content), "sha256": sha256, "pointerSize": 134}
    return sibling
