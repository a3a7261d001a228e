"""Which files are read, and which never: links out of the folder, pipes, data."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from midspan.context.source_file import MAX_BYTES, read_source


def test_a_file_is_read_with_its_state(tmp_path: Path) -> None:
    (tmp_path / "größe 😀.py").write_bytes(b"\xef\xbb\xbfx = 1\r\n")
    source = read_source(tmp_path, "größe 😀.py")
    assert source is not None
    assert source.text == "x = 1\r\n"
    assert source.stamp.size == 10


def test_bytes_that_are_no_utf8_are_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"name = 'caf\xe9'\n")
    source = read_source(tmp_path, "a.py")
    assert source is not None
    assert source.text == "name = 'caf\ufffd'\n"


@pytest.mark.parametrize(
    "content",
    [b"\0x = 1", b"x" * (MAX_BYTES + 1), b"short\n" * 9 + b"x" * 6_000 + b"\nshort", b"x" * 6_000],
    ids=["NUL", "large", "a long line", "one long line"],
)
def test_data_is_not_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.js").write_bytes(content)
    assert read_source(tmp_path, "a.js") is None


def test_long_lines_are_found_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_bytes((b"x" * 4_990 + b"\n") * 20 + b"x" * 4_000)
    assert read_source(tmp_path, "a.js") is not None
    (tmp_path / "a.js").write_bytes(b"x\r" * 20_000)
    assert read_source(tmp_path, "a.js") is not None


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
def test_nothing_is_reached_through_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "a.py").write_text("secret = 1\n")
    (root / "folder").symlink_to(outside)
    (root / "a.py").symlink_to(outside / "a.py")
    assert read_source(root, "a.py") is None
    assert read_source(root, "folder/a.py") is None
    assert read_source(root, "../outside/a.py") is None
    (tmp_path / "other way").symlink_to(root)
    (root / "b.py").write_text("b = 1\n")
    assert read_source(tmp_path / "other way", "b.py") is not None


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
def test_no_pipe_or_folder_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")
    (tmp_path / "b.py").mkdir()
    assert read_source(tmp_path, "a.py") is None
    assert read_source(tmp_path, "b.py") is None
    assert read_source(tmp_path, "c.py") is None
    assert read_source(tmp_path, "a\0.py") is None
    assert read_source(tmp_path / "gone", "a.py") is None
