"""Find one file of a package on a Python package index: PyPI, or the mirror that the environment names.

Knows the two forms of a package's page: JSON (PEP 691) and HTML (PEP 503). Does not download the file.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

from .errors import FetchError
from .fetch import Page, get_page, redacted

PYPI = "https://pypi.org/simple/"
_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5, application/vnd.pypi.simple.v1+html;q=0.5"


@dataclass(frozen=True, slots=True)
class IndexFile:
    """Where a file of a package is, and what to send along to get it."""

    url: str
    headers: dict[str, str]


def index_url() -> str:
    """Return the index that uv's or pip's environment variables name, else PyPI."""
    for variable in _VARIABLES:
        value = os.environ.get(variable, "").strip()
        if value:
            # uv allows `name=url`.
            address = value.split("=", 1)[1] if "=" in value.split("://", 1)[0] else value
            return address.rstrip("/") + "/"
    return PYPI


def find_file(package: str, filename: str, index: str) -> IndexFile:
    """Return where ``filename`` of ``package`` is on that index.

    Raises FetchError when the index can't be reached, refuses or does not have it.
    """
    if urlsplit(index).scheme not in ("http", "https"):
        raise FetchError(f"The package index {index} is not an http(s) address. Set PIP_INDEX_URL to one that is.")
    address, headers = _without_credentials(urljoin(index, package + "/"))
    page = _get_page(address, {**headers, "Accept": _ACCEPT})
    found = _read_page(page).get(filename)
    if found is None:
        raise FetchError(f"The package index {address} has no {filename}. Set PIP_INDEX_URL to one that does.")
    url = urldefrag(urljoin(page.url, found)).url
    same_server = urlsplit(url).netloc == urlsplit(address).netloc
    return IndexFile(url, headers if same_server else {})


def _get_page(address: str, headers: dict[str, str]) -> Page:
    page = get_page(address, headers)
    if page.status in (401, 403, 407):
        raise FetchError(
            f"The package index {redacted(address)} answers {page.status}. Check the user and password "
            "in PIP_INDEX_URL."
        )
    if page.status != 200:
        raise FetchError(
            f"The package index {redacted(address)} answers {page.status}. Set PIP_INDEX_URL to one that "
            "has the package, or try again later."
        )
    return page


def _read_page(page: Page) -> dict[str, str]:
    """Return the addresses on a package's page by file name."""
    try:
        if "json" in page.content_type:
            return {entry["filename"]: entry["url"] for entry in json.loads(page.content)["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise FetchError(f"{redacted(page.url)} is not the page of a package index (PEP 691).") from error
    links = _Links()
    links.feed(page.content.decode("utf-8", "replace"))
    return {unquote(urlsplit(link).path).rsplit("/", 1)[-1]: link for link in links.found}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _without_credentials(url: str) -> tuple[str, dict[str, str]]:
    """Split user and password off an address, so that they can't get into a message or to another server."""
    parts = urlsplit(url)
    if not parts.username:
        return url, {}
    server = parts.netloc.rsplit("@", 1)[1]
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    token = base64.b64encode(pair.encode()).decode()
    return urlunsplit(parts._replace(netloc=server)), {"Authorization": f"Basic {token}"}
