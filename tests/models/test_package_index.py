from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from loopback import Loopback, Served

from midspan.host.models.errors import FetchError
from midspan.host.models.package_index import PYPI, find_file, index_url

WHEEL = "thing-1.0-py3-none-any.whl"
JSON_TYPE = "application/vnd.pypi.simple.v1+json"


def as_json(url: str) -> Served:
    return Served(json.dumps({"files": [{"filename": WHEEL, "url": url}]}).encode(), JSON_TYPE)


def as_html(href: str) -> Served:
    return Served(
        f'<html><body><a href="{href}" data-requires-python="&gt;=3.9">{WHEEL}</a></body></html>'.encode(), "text/html"
    )


@pytest.mark.parametrize("page", [as_json, as_html], ids=["json", "html"])
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"https://files.example/{WHEEL}#sha256=00", f"https://files.example/{WHEEL}"),
        (f"../../files/{WHEEL}", "{index}/files/" + WHEEL),
        (f"/files/{WHEEL}", "{index}/files/" + WHEEL),
    ],
)
def test_both_kinds_of_pages_and_all_kinds_of_addresses(
    web: Loopback, page: Callable[[str], Served], address: str, expected: str
) -> None:
    web.pages["/simple/thing/"] = page(address)

    found = find_file("thing", WHEEL, web.url + "/simple/")

    assert found.url == expected.format(index=web.url)


def test_password_is_sent_to_the_index_alone(web: Loopback) -> None:
    web.pages["/simple/thing/"] = as_json(f"{web.url}/files/{WHEEL}")
    index = web.url.replace("//", "//me:p%40ss@") + "/simple/"
    expected = "Basic " + base64.b64encode(b"me:p@ss").decode()

    on_the_index = find_file("thing", WHEEL, index)
    web.pages["/simple/thing/"] = as_json(f"https://elsewhere.example/{WHEEL}")
    elsewhere = find_file("thing", WHEEL, index)

    assert web.requests[0].headers["authorization"] == expected
    assert on_the_index.headers == {"Authorization": expected}
    assert elsewhere.headers == {}


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (Served(b"{}", JSON_TYPE), "PEP 691"),
        (Served(b"[]", JSON_TYPE), "PEP 691"),
        (Served(b"<html>Welcome to the portal</html>", "text/html"), "has no " + WHEEL),
        (Served(b"", status=401), "password"),
        (Served(b"", status=503), "503"),
    ],
)
def test_what_is_no_index_is_said(web: Loopback, page: Served, message: str) -> None:
    web.pages["/simple/thing/"] = page
    with pytest.raises(FetchError, match=message):
        find_file("thing", WHEEL, web.url.replace("//", "//me:secret@") + "/simple/")


def test_secret_is_in_no_message() -> None:
    with pytest.raises(FetchError) as caught:
        find_file("thing", WHEEL, "http://me:secret@127.0.0.1:9/simple/")
    assert "secret" not in str(caught.value)
    assert "127.0.0.1:9" in str(caught.value)


def test_index_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert index_url() == PYPI
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    assert index_url() == "https://pip.example/simple/"
    monkeypatch.setenv("UV_INDEX_URL", "https://uv.example/simple/")
    assert index_url() == "https://uv.example/simple/"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "mine=https://default.example/simple")
    assert index_url() == "https://default.example/simple/"


def test_local_folder_is_no_index() -> None:
    with pytest.raises(FetchError, match="PIP_INDEX_URL"):
        find_file("thing", WHEEL, "file:///srv/simple/")
