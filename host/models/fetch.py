"""Download one file whose content is known beforehand: resumable, checked, never half there.

What has arrived lies in `NAME.part` until it is whole and its digest is right; an interrupted download goes on
from there. Knows HTTP; does not know what the file is for. Proxies and certificates are the environment's
(HTTPS_PROXY, SSL_CERT_FILE).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import httpx2

from .errors import FetchError, StoreError, writing_to

ATTEMPTS = 4
PAUSE_SECONDS = 0.5
"""Before the second attempt; twice as long before each one after it."""
_TIMEOUT = httpx2.Timeout(30.0, connect=10.0)

NetworkError = httpx2.HTTPError
"""What huggingface_hub, which uses the same HTTP library, lets through when the network fails."""

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes that there will be."""


@dataclass(frozen=True, slots=True)
class Download:
    """What to get, and what it has to be: ``size`` in bytes and one of two digests, in hexadecimal.

    ``sha256`` is of the content; ``git_blob`` is git's SHA-1 of the content as a blob (git's object format), for
    servers that tell nothing else. ``headers`` go with every request, but never to another server.
    """

    url: str
    size: int
    sha256: str = ""
    git_blob: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered to `get_page`, with the address that it came from after redirects."""

    url: str
    status: int
    content_type: str
    content: bytes


class _Interrupted(Exception):
    """The connection broke or the server is in trouble: worth another attempt."""


def fetch(download: Download, target: Path, progress: Progress = lambda done, total: None) -> None:
    """Download into ``target``, going on from `TARGET.part` if it is there.

    Raises FetchError (unreachable, refused, wrong content: then nothing is kept) or StoreError (disk full,
    read-only). After a network failure the part stays, and the next call goes on from it.
    """
    with writing_to(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    resumed = part.exists() and part.stat().st_size > 0
    _receive_all(download, part, progress)
    if not is_right(part, download) and resumed:
        # The old part may have been the damaged one: once more, from the start.
        part.unlink()
        _receive_all(download, part, progress)
    if not is_right(part, download):
        part.unlink()
        raise FetchError(
            f"What {redacted(download.url)} sent is not the expected file (its size or digest is wrong), so it "
            "was removed. Try again; if it stays so, a proxy or mirror changes the file."
        )
    with writing_to(target.parent):
        os.replace(part, target)


def get_page(url: str, headers: Mapping[str, str]) -> Page:
    """Get a small page, whatever its status is. Raises FetchError when the server can't be reached."""
    try:
        with _open_client() as client:
            answer = client.get(url, headers=dict(headers))
    except httpx2.HTTPError as error:
        raise FetchError(
            f"{redacted(url)} cannot be reached ({type(error).__name__}). Check the network (behind a proxy, set "
            "HTTPS_PROXY)."
        ) from error
    content_type = answer.headers.get("Content-Type", "")
    return Page(str(answer.url), answer.status_code, content_type, answer.content)


def ensure_room(folder: Path, n_bytes: int) -> None:
    """Raise StoreError unless the disk of ``folder`` has room for that many bytes more."""
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise StoreError(
            f"The disk of {folder} has {free / 1e6:.0f} MB left, and {n_bytes / 1e6:.0f} MB are needed. Free some, "
            "or set MIDSPAN_CACHE to a folder on another disk."
        )


def redacted(url: str) -> str:
    """Return an address without user, password and query, fit for a message."""
    return re.sub(r"//[^/@]*@", "//", url).split("?", 1)[0].split("#", 1)[0]


def _open_client() -> httpx2.Client:
    return httpx2.Client(timeout=_TIMEOUT, follow_redirects=True, headers={"User-Agent": "midspan"})


def _receive_all(download: Download, part: Path, progress: Progress) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _open_client() as client:
                _receive(client, download, part, progress)
            return
        except _Interrupted as error:
            if attempt == ATTEMPTS:
                raise FetchError(
                    f"Could not download {redacted(download.url)}: {error}. What has arrived is kept; run the "
                    "same command again to go on from there (behind a proxy, set HTTPS_PROXY)."
                ) from error
            time.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))


def _receive(client: httpx2.Client, download: Download, part: Path, progress: Progress) -> None:
    """Receive what is still missing. Raises _Interrupted when another attempt may help, else FetchError."""
    have = part.stat().st_size if part.exists() else 0
    if have > download.size:
        part.unlink()
        have = 0
    if have == download.size:
        return
    # Without "identity" a server might compress, and ranges would count compressed bytes.
    headers = {**download.headers, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with client.stream("GET", download.url, headers=headers) as response:
            start = _start_of(response, have, download)
            _write(response, part, start, download, progress)
    except httpx2.TransportError as error:
        raise _Interrupted(f"the connection failed ({type(error).__name__})") from error
    except httpx2.HTTPError as error:
        raise FetchError(f"Could not download {redacted(download.url)}: {type(error).__name__}.") from error


def _start_of(response: httpx2.Response, have: int, download: Download) -> int:
    """Return the offset at which the answer's bytes begin; a server that ignores ranges sends all, from 0."""
    status = response.status_code
    if status == 200:
        return 0
    if status == 206:
        begins = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        return int(begins[1]) if begins and int(begins[1]) <= have else 0
    if status in (408, 416, 429) or status >= 500:
        raise _Interrupted(f"the server answers {status}")
    raise FetchError(
        f"{redacted(str(response.url))} answers {status}. "
        + ("Check the credentials of your package index." if status in (401, 403, 407) else "Try again later.")
    )


def _write(response: httpx2.Response, part: Path, start: int, download: Download, progress: Progress) -> None:
    """Append the answer to the part from ``start`` on; one byte too many ends it, for the check to fail."""
    done = start
    with _opened_at(part, start) as file:
        progress(done, download.size)
        for chunk in response.iter_raw():
            with _removing_when_full(part):
                file.write(chunk)
                # What was written survives a crash, and a full disk is noticed here.
                file.flush()
            done += len(chunk)
            progress(min(done, download.size), download.size)
            if done > download.size:
                return
    if done < download.size:
        raise _Interrupted("the connection ended early")


@contextmanager
def _opened_at(part: Path, start: int) -> Iterator[BinaryIO]:
    """Open the part for writing at an offset, with what may lie behind it cut off."""
    with writing_to(part.parent):
        file = part.open("r+b" if part.exists() else "w+b")
        file.truncate(start)
        file.seek(start)
    try:
        yield file
    finally:
        with writing_to(part.parent):
            file.close()


@contextmanager
def _removing_when_full(part: Path) -> Iterator[None]:
    """Remove the part when the disk does not take it: a full disk should not be kept full by us."""
    try:
        with writing_to(part.parent):
            yield
    except StoreError:
        part.unlink(missing_ok=True)
        raise


def is_right(path: Path, download: Download) -> bool:
    """Tell whether a file has the size and the content that the download must have."""
    if not path.is_file() or path.stat().st_size != download.size:
        return False
    if download.sha256:
        return _digest(path, hashlib.sha256()) == download.sha256
    header = f"blob {download.size}\0".encode()
    return _digest(path, hashlib.sha1(header, usedforsecurity=False)) == download.git_blob


def _digest(path: Path, digest: hashlib._Hash) -> str:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
