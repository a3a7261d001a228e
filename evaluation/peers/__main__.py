"""`make peers`: everything that comparisons need beside midspan, built once and kept."""

from __future__ import annotations

import sys

from ..errors import PeerMissing
from .make import make_ready


def main() -> int:
    """Make peers ready; return the exit code."""
    try:
        make_ready("default", _say)
    except PeerMissing as error:
        sys.stderr.write(f"make peers: {error}\n")
        return 1
    return 0


def _say(what: str) -> None:
    sys.stdout.write(f"peers: {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
