"""What every model server looks like to the pipeline."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from ..ask import Ask, Delta, Likelihood

SAMPLING_TEMPERATURE = 0.7
"""For candidates beside the most likely one."""


class Backend(Protocol):
    """A client of one model server. Closing (or cancelling) a stream is how its work is called off."""

    name: str
    """A word for reports: "host" or "openai"."""
    model: str
    """The model that answers, as far as it is known."""
    reads_ahead: bool
    """Whether an ask for no tokens costs nobody anything but time: then the prompt is read, and known the next time."""

    def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Yield the pieces of one candidate as the server sends them.

        Raises BackendError (nothing answers, refused, busy, failed) or ModelMissing.
        """
        ...

    async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
        """Return how likely the model finds ``answer`` in the ask's hole, None where the server can't tell.

        Raises as `stream` does.
        """
        ...

    async def prepare(self, progress: Callable[[str], None]) -> None:
        """Make ready what is needed to answer (start the host, load the model); say what takes time.

        Raises BackendError or ModelMissing, each with what the user can do.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. The server behind it goes on living."""
        ...
