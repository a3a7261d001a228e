from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import Loopback, Served

from midspan.host.models.errors import FetchError, StoreError
from midspan.host.models.fetch import ATTEMPTS, Download, ensure_room, fetch, redacted

CONTENT = bytes(range(256)) * 4000


def of(web: Loopback, content: bytes = CONTENT, path: str = "/file") -> Download:
    return Download(web.url + path, len(content), hashlib.sha256(content).hexdigest())


def test_whole_file_arrives_and_progress_ends_at_the_total(web: Loopback, tmp_path: Path) -> None:
    web.pages["/file"] = Served(CONTENT)
    seen: list[tuple[int, int]] = []

    fetch(of(web), tmp_path / "new" / "file", lambda done, total: seen.append((done, total)))

    assert (tmp_path / "new" / "file").read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]


def test_broken_connection_goes_on_where_it_broke(web: Loopback, tmp_path: Path) -> None:
    web.pages["/file"] = Served(CONTENT, cut_after=300_000, cuts=2)

    fetch(of(web), tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == CONTENT
    assert web.bytes_asked_from("/file") == ["", "bytes=300000-", "bytes=600000-"]


def test_what_arrived_is_kept_for_the_next_run(web: Loopback, tmp_path: Path) -> None:
    web.pages["/file"] = Served(CONTENT, cut_after=100_000)
    with pytest.raises(FetchError, match="run the same command again"):
        fetch(of(web), tmp_path / "file")
    arrived = (tmp_path / "file.part").stat().st_size
    assert arrived == ATTEMPTS * 100_000

    web.pages["/file"] = Served(CONTENT)
    fetch(of(web), tmp_path / "file")

    assert web.bytes_asked_from("/file")[-1] == f"bytes={arrived}-"
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_server_without_ranges_is_read_from_the_start(web: Loopback, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 5000)
    web.pages["/file"] = Served(CONTENT, ranges=False)

    fetch(of(web), tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(web.requests) == 1


def test_damaged_part_is_thrown_away_and_fetched_anew(web: Loopback, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 5000)
    web.pages["/file"] = Served(CONTENT)

    fetch(of(web), tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [CONTENT[:-1] + b"!", CONTENT + b"more"], ids=["other", "longer"])
def test_wrong_content_is_removed_and_said(web: Loopback, tmp_path: Path, wrong: bytes) -> None:
    web.pages["/file"] = Served(wrong)

    with pytest.raises(FetchError, match="not the expected file"):
        fetch(of(web), tmp_path / "file")

    assert list(tmp_path.iterdir()) == []


def test_git_digest_is_checked_too(web: Loopback, tmp_path: Path) -> None:
    web.pages["/file"] = Served(b"hello\n")
    # The id that `git hash-object` gives these six bytes.
    right = Download(web.url + "/file", 6, git_blob="ce013625030ba8dba906f756967f9e9ca394464a")
    wrong = Download(web.url + "/file", 6, git_blob="0" * 40)

    fetch(right, tmp_path / "file")
    with pytest.raises(FetchError):
        fetch(wrong, tmp_path / "other")


@pytest.mark.parametrize(("status", "n_requests"), [(404, 1), (401, 1), (500, ATTEMPTS), (429, ATTEMPTS)])
def test_only_what_may_pass_is_tried_again(web: Loopback, tmp_path: Path, status: int, n_requests: int) -> None:
    web.pages["/file"] = Served(b"", status=status)

    with pytest.raises(FetchError, match=str(status)):
        fetch(of(web), tmp_path / "file")

    assert len(web.requests) == n_requests


def test_nothing_listens(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="HTTPS_PROXY"):
        fetch(Download("http://127.0.0.1:9/file?token=s3cret", 1, "0"), tmp_path / "file")


def test_credentials_do_not_follow_a_redirect_to_another_server(web: Loopback, tmp_path: Path) -> None:
    web.pages["/file"] = Served(b"", status=302, headers={"Location": f"http://localhost:{web.port}/there"})
    web.pages["/there"] = Served(CONTENT)
    download = of(web)

    fetch(Download(download.url, download.size, download.sha256, headers={"Authorization": "Bearer k"}), tmp_path / "f")

    assert [("authorization" in request.headers) for request in web.requests] == [True, False]


def test_disk_that_takes_no_more(web: Loopback, tmp_path: Path) -> None:
    """A limit on file size makes the system refuse bytes, as a full disk does."""
    web.pages["/file"] = Served(CONTENT)
    download = of(web)
    code = f"""
import resource, signal, sys
from pathlib import Path
from midspan.host.models.errors import StoreError
from midspan.host.models.fetch import Download, fetch
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    fetch(Download({download.url!r}, {download.size}, {download.sha256!r}), Path({str(tmp_path / "file")!r}))
except StoreError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "No room left" in done.stdout
    assert "MIDSPAN_CACHE" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_file_in_place_of_the_folder(web: Loopback, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreError, match="Cannot write"):
        fetch(of(web), tmp_path / "taken" / "file")


def test_room_is_asked_for_before(tmp_path: Path) -> None:
    ensure_room(tmp_path, 1)
    with pytest.raises(StoreError, match="MB are needed"):
        ensure_room(tmp_path, 10**18)


def test_addresses_are_shown_without_secrets() -> None:
    assert redacted("https://me:pw@host.example/a/b?key=1#x") == "https://host.example/a/b"
