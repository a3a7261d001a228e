"""What happened on the way to an answer: considered, dropped and why, milliseconds, tokens.

`complete --explain`, the editor's "why" and the benchmarks all read this one record. It is the only thing that
every stage may write to. It holds text of candidates, so it is never logged.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .ask import Usage
from .errors import MidspanError

if TYPE_CHECKING:
    from ..context.gather import Gathered


@dataclass(frozen=True, slots=True)
class Dropped:
    """A candidate, or a part of one, that is not offered, and the reason in a few words."""

    text: str
    why: str


@dataclass(slots=True)
class Trace:
    """The record of one request. ``timing_ms`` holds the steps that docs/protocol.md explains."""

    began: float = field(default_factory=time.monotonic)
    verdict: str = ""
    source: str = "none"
    """Where the answer came from: "model", "reuse" or "none"."""
    backend: str = ""
    model: str = ""
    text_so_far: str = ""
    """What the model has written of the first candidate, while it still writes."""
    timing_ms: dict[str, float] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    gathered: Gathered | None = None
    dropped: list[Dropped] = field(default_factory=list)
    error: MidspanError | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the milliseconds that the body takes to the step ``name``, even when it is cancelled."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.timing_ms[name] = self.timing_ms.get(name, 0.0) + (time.monotonic() - start) * 1000

    def mark(self, name: str, since: float) -> None:
        """Set the step ``name`` to the milliseconds since the monotonic instant ``since``, if it is not set."""
        self.timing_ms.setdefault(name, (time.monotonic() - since) * 1000)

    def add_usage(self, new: Usage) -> None:
        """Add what one candidate cost."""
        self.usage = self.usage.plus(new)

    def drop(self, text: str, why: str) -> None:
        """Note that ``text`` is not offered."""
        self.dropped.append(Dropped(text, why))
