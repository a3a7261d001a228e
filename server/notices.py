"""What the user is told outside of proposals: rarely, and never the same thing again and again.

Knows neither LSP nor why something went wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable

BETWEEN_ANY = 60.0
"""Seconds between two pop-ups."""
BETWEEN_SAME = 600.0
"""Seconds between two pop-ups with the same text."""


class Notices:
    """Decides which messages pop up; the others only go to the editor's log."""

    def __init__(
        self,
        pop_up: Callable[[str], None],
        log: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pop_up = pop_up
        self._log = log
        self._clock = clock
        self._shown_at: dict[str, float] = {}

    def tell(self, text: str) -> None:
        """Show a message, or log it if one was shown a short while ago."""
        now = self._clock()
        if self._is_due(text, now):
            self._shown_at = {
                other: shown_at for other, shown_at in self._shown_at.items() if now - shown_at < BETWEEN_SAME
            }
            self._shown_at[text] = now
            self._pop_up(text)
        else:
            self._log(text)

    def _is_due(self, text: str, now: float) -> bool:
        newest = max(self._shown_at.values(), default=-BETWEEN_SAME)
        same = self._shown_at.get(text, now - BETWEEN_SAME)
        return now - newest >= BETWEEN_ANY and now - same >= BETWEEN_SAME
