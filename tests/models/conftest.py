from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import Loopback, serving

from midspan.host.models import fetch

INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture(autouse=True)
def cache(isolated_dirs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for every test, no index or proxy of the developer's, and no waiting between attempts."""
    for name in INDEX_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("MIDSPAN_CACHE", str(isolated_dirs / "midspan"))
    monkeypatch.setattr(fetch, "PAUSE_SECONDS", 0.01)
    return isolated_dirs / "midspan"


@pytest.fixture
def web() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback
