"""How long to wait before a model is asked: not at all, unless the next key would come before its answer.

A request that is overtaken costs nothing on our own host, which goes on from what it has read. Elsewhere it may cost
money, and a place in a queue: there the wait follows from how the user types and how fast answers come.
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass, field

_KEPT = 16
_LONGEST_GAP = 1.0
"""Seconds; who pauses for longer is not typing."""
_LONGEST_WAIT = 0.3
_LEAST = 4
"""So many keys and answers have to be known before anything is concluded from them."""


@dataclass(slots=True)
class Pace:
    """The rhythm of one user's keys and of one server's answers, in seconds."""

    _gaps: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _answers: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _last_key: float | None = None

    def key(self, now: float) -> None:
        """Note that a key was pressed at a monotonic instant."""
        if self._last_key is not None and 0 < now - self._last_key < _LONGEST_GAP:
            self._gaps.append(now - self._last_key)
        self._last_key = now

    def answered(self, seconds: float) -> None:
        """Note how long an answer took that was waited for."""
        self._answers.append(seconds)

    def wait(self) -> float:
        """Return the seconds to wait for another key before the model is asked.

        0 where answers usually come before the next key. Else as long as most gaps between keys last: who has not
        typed on by then has paused.
        """
        if len(self._gaps) < _LEAST or len(self._answers) < _LEAST:
            return 0.0
        if statistics.median(self._answers) <= statistics.median(self._gaps):
            return 0.0
        most = statistics.quantiles(self._gaps, n=4)[2]
        return min(most, _LONGEST_WAIT)
