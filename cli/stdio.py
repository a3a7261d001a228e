"""The language server on stdin and stdout: the one command whose start a user waits for, so without any library."""

from __future__ import annotations


def serve_stdio() -> int:
    """Run the server until its client ends it, and return the exit code."""
    from ..server.lifecycle import run_stdio

    return as_code(run_stdio())


def as_code(result: object) -> int:
    """Return what a server's loop gave back as an exit code: 0 unless it is a number."""
    return result if isinstance(result, int) else 0
