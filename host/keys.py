"""Who may ask: the keys of a key file. Knows keys as digests only; never prints one."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path


class KeyFileError(Exception):
    """The key file can't be used; the text says why and what to do."""


class Keys:
    """The keys that open the host; with none at all, everyone may ask (loopback and Unix sockets only).

    ``public`` are the paths that need no key: whoever watches over a team's host need not have one.
    """

    def __init__(self, keys: tuple[str, ...] = (), public: frozenset[str] = frozenset({"/healthz", "/health"})) -> None:
        self.public = public
        self._digests = tuple(map(_digest, keys))

    def admit(self, authorization: str) -> bool:
        """Tell whether an `Authorization` header holds one of the keys (in constant time for each)."""
        if not self._digests:
            return True
        scheme, _, key = authorization.partition(" ")
        given = _digest(key.strip())
        # All are compared, so that the time does not tell which one came near.
        matches = [hmac.compare_digest(given, known) for known in self._digests]
        return scheme.lower() == "bearer" and any(matches)


def read_keys(path: Path) -> Keys:
    """Read a key file: one key a line, `#` begins a comment. Raises KeyFileError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"The key file {path} cannot be read. Write one key a line into it.") from error
    keys = tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
    if not keys:
        raise KeyFileError(f"The key file {path} holds no key. Write one key a line into it.")
    return Keys(keys)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
