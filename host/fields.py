"""The fields of a JSON request, taken out one by one, each with its type and its limits checked.

Shared by all that the host understands; knows none of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..completion.fim import Snippet

MOST_TOKENS = 4096
MOST_CANDIDATES = 16
_MOST_STOPS = 16
_MOST_SNIPPETS = 256


class BadRequest(Exception):
    """The request can't be understood; the text says what is wrong with which field."""


def read_object(body: bytes) -> Fields:
    """Read a body that is one JSON object. Raises BadRequest."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not JSON.") from error
    if not isinstance(data, dict):
        raise BadRequest("The body has to be a JSON object.")
    return Fields(data)


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object; ``where`` is what its names are preceded by in messages. All methods raise BadRequest."""

    data: Mapping[str, Any]
    where: str = ""

    def inner(self, name: str) -> Fields | None:
        """Return the object in a field, None where it is left out."""
        value = self.data.get(name)
        if value is not None and not isinstance(value, dict):
            raise BadRequest(f"`{name}` has to be an object.")
        return None if value is None else Fields(value, f"{name}.")

    def text(self, name: str, default: str | None) -> str:
        """Return the text in a field; without a default it has to be there."""
        value = self.data.get(name, default)
        value = default if value is None else value
        if not isinstance(value, str):
            raise BadRequest(f"`{self.where}{name}` has to be a text.")
        return value

    def flag(self, name: str) -> bool:
        """Return whether a field is true."""
        value = self.data.get(name) or False
        if not isinstance(value, bool):
            raise BadRequest(f"`{self.where}{name}` has to be true or false.")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Return the number in a field."""
        value = self.data.get(name)
        if value is None:
            return default
        if type(value) not in (int, float) or not low <= value <= high:
            raise BadRequest(f"`{self.where}{name}` has to be a number from {low} to {high}.")
        return float(value)

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Return the whole number in a field."""
        value = self.data.get(name)
        if value is None:
            return default
        if type(value) is not int or not low <= value <= high:
            raise BadRequest(f"`{self.where}{name}` has to be a whole number from {low} to {high}.")
        return value

    def stops(self) -> tuple[str, ...]:
        """Return the texts in `stop` that end an answer: one, several or none."""
        stop = self.data.get("stop")
        stops = [] if stop is None else [stop] if isinstance(stop, str) else stop
        if not isinstance(stops, list) or not all(isinstance(text, str) and text for text in stops):
            raise BadRequest("`stop` has to be a text, or a list of texts that are not empty.")
        if len(stops) > _MOST_STOPS:
            raise BadRequest(f"`stop` may have {_MOST_STOPS} texts at most.")
        return tuple(stops)

    def snippets(self, name: str, path: str) -> tuple[Snippet, ...]:
        """Return the texts from elsewhere in a field; ``path`` is what the field of their file's name is called."""
        snippets = self.data.get(name)
        if snippets is None:
            return ()
        where = f"{self.where}{name}"
        if not isinstance(snippets, list) or len(snippets) > _MOST_SNIPPETS:
            raise BadRequest(f"`{where}` has to be a list of {_MOST_SNIPPETS} at most.")
        found = [Fields(item, f"{where}.") for item in snippets if isinstance(item, dict)]
        if len(found) != len(snippets):
            raise BadRequest(f"Each of `{where}` has to be an object with `{path}` and `text`.")
        return tuple(Snippet(item.text(path, ""), item.text("text", None)) for item in found)
