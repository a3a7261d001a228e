"""From a recorded request to the token ids that our host read, by the host's own code."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ...completion.settings import HostSettings
from ...host.engine.build import build_engine
from ...host.models.load import load
from ...host.models.store import resolve
from ...host.wire import read_request
from .base import PeerAsk


def renderer(host: HostSettings) -> Callable[[Mapping[str, Any]], PeerAsk]:
    """Return what renders the bodies of requests to a host with these settings. Loads its model once."""
    files = resolve(host.model)
    if host.fim != "auto":
        files = replace(files, fim_line=host.fim, fim_block=host.fim)
    prompts = build_engine(load(files, "cpu", "auto", lambda detail: None), memory_mb=16).prompts

    def render(body: Mapping[str, Any]) -> PeerAsk:
        asked = read_request(json.dumps(body).encode(), 0.0).generate
        prompt = prompts.build(asked)
        return PeerAsk(prompt.ids, asked.kind, asked.max_tokens, prompt.stop_ids)

    return render
