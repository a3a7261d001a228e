"""Engines over tiny models, made once for a test run, and what tests read off an engine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tiny_models import FAMILIES, make

from midspan.completion.fim import Hole
from midspan.host.engine.build import build_engine
from midspan.host.engine.engine import Engine
from midspan.host.engine.request import GenerateRequest, Kind, Piece, Summary, TokenInfo
from midspan.host.models.load import load
from midspan.host.models.store import ModelFiles

# More threads only get into each other's way with matrices this small.
torch.set_num_threads(1)

_FOLDER = tempfile.TemporaryDirectory(prefix="tiny-models-")


@cache
def checkpoint(family: str) -> Path:
    """Return the folder of a family's tiny checkpoint."""
    return make(family, Path(_FOLDER.name))


def new_engine(family: str, fim: str | None = None, memory_mb: int = 64, chunk_tokens: int = 0) -> Engine:
    """Return a fresh engine, in fp32 on the CPU, with the family's own format unless another is named."""
    name = fim or FAMILIES[family].fim
    files = ModelFiles(f"tiny-{family}", checkpoint(family), name, name)
    return build_engine(load(files, "cpu", "float32", lambda detail: None), memory_mb, chunk_tokens)


@cache
def reference(family: str) -> Any:
    """Return transformers' own model of a family's checkpoint, in fp32."""
    name = FAMILIES[family].fim
    files = ModelFiles(f"tiny-{family}", checkpoint(family), name, name)
    return load(files, "cpu", "float32", lambda detail: None).module


@cache
def engine(family: str, fim: str | None = None) -> Engine:
    """Return an engine that tests share: nothing may depend on what its sessions hold."""
    return new_engine(family, fim)


@dataclass
class Answer:
    """One candidate, put together from its pieces."""

    text: str = ""
    tokens: list[TokenInfo] = field(default_factory=list)
    finish: str | None = None


def collect(events: Iterable[Piece | Summary]) -> tuple[list[Answer], Summary]:
    """Put the pieces of all candidates together."""
    answers: dict[int, Answer] = {}
    summary = Summary()
    for event in events:
        if isinstance(event, Summary):
            summary = event
            continue
        answer = answers.setdefault(event.index, Answer())
        assert answer.finish is None, "a piece after the last one"
        answer.text += event.text
        answer.tokens += event.tokens
        answer.finish = event.finish
    return [answers[index] for index in sorted(answers)], summary


def ask(of: Engine, request: GenerateRequest) -> tuple[Answer, Summary]:
    """Return the one candidate of a request, and what it cost."""
    answers, summary = collect(of.generate(request))
    assert len(answers) == 1
    return answers[0], summary


def hole(prefix: str, suffix: str = "", kind: Kind = "block", max_tokens: int = 12) -> GenerateRequest:
    """Return a request without session for a hole."""
    return GenerateRequest(Hole(prefix, suffix), kind, max_tokens)


def check_same_but_for_ties(left: Answer, right: Answer) -> None:
    """Two greedy answers are equal up to where the two best tokens were within 1e-4 of each other."""
    for a, b in zip(left.tokens, right.tokens, strict=False):
        assert abs(a.logprob - b.logprob) < 1e-3
        if a.text != b.text:
            assert abs(a.logprob - b.logprob) < 1e-4
            return
    assert left.text == right.text
