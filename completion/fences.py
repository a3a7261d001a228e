"""The code fences that chat models put around their answers, taken off while the answer still streams."""

from __future__ import annotations

FENCE = "```"


def unfenced(text: str) -> str:
    """Return what is inside a fenced answer, as far as it has come; any other text as it is."""
    if not text.lstrip().startswith(FENCE):
        return text
    _, _, inside = text.partition("\n")
    return inside.partition("\n" + FENCE)[0]
