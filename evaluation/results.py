"""Results on disk: whether they can be written is known before the work, and they are never half there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import EvaluationError


def check_writable(*paths: Path | None) -> None:
    """Make sure that results can be written where they shall be. Raises EvaluationError."""
    for path in filter(None, paths):
        was_there = path.exists()
        try:
            with path.open("a", encoding="utf-8"):
                pass
        except OSError as error:
            raise EvaluationError(f"{path} cannot be written: {error.strerror}. Choose another file.") from error
        if not was_there:
            path.unlink()


def write(path: Path, text: str) -> None:
    """Write a text in one step. Raises EvaluationError."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        if path.exists() and not path.is_file():  # a device, such as /dev/stdout
            path.write_text(text, "utf-8", errors="surrogatepass")
            return
        fresh.write_text(text, "utf-8", errors="surrogatepass")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise EvaluationError(f"{path} cannot be written: {error.strerror}.") from error


def as_json(result: Mapping[str, Any]) -> str:
    """Return a result as its file holds it."""
    return json.dumps(result, indent=1) + "\n"


def read_json(path: Path) -> dict[str, Any]:
    """Return an earlier result. Raises EvaluationError."""
    try:
        result = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError:
        result = None
    if not isinstance(result, dict):
        raise EvaluationError(f"{path} is no result of midspan. Give a file that --json wrote.")
    return result
