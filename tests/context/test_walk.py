"""The files of a folder: in order, without links, whatever lies there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from midspan.context.walk import source_files


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x = 1\n")


def paths(root: Path, *near: str) -> list[str]:
    return [one.path for one in source_files(root, near=near)]


def test_sources_from_the_top_down(tmp_path: Path) -> None:
    make(tmp_path, "b/c/d.py", "a.py", "b/x.ts", "z.py", "picture.png", "LICENSE")
    assert paths(tmp_path) == ["a.py", "z.py", "b/x.ts", "b/c/d.py"]


def test_the_nearest_first(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "b/1.py", "b/c/2.py", "b/c/d/3.py", "b/e/4.py", "f/5.py")
    assert paths(tmp_path, "b/c") == ["b/c/2.py", "b/c/d/3.py", "b/1.py", "b/e/4.py", "a.py", "f/5.py"]
    assert paths(tmp_path, "gone", "b/e", "b/c")[:3] == ["b/e/4.py", "b/c/2.py", "b/c/d/3.py"]
    assert sorted(paths(tmp_path, "gone", "b/e", "b/c")) == sorted(paths(tmp_path))


def test_a_near_folder_that_is_excluded_stays_so(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "gen/b/c.py")
    (tmp_path / ".gitignore").write_text("gen/\n")
    assert paths(tmp_path, "gen/b") == ["a.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
def test_links_pipes_and_closed_folders_are_passed_over(tmp_path: Path) -> None:
    root = tmp_path / "root"
    make(root, "a.py", "sub/b.py", "closed/c.py")
    make(tmp_path, "outside/d.py")
    (root / "round").symlink_to(root)
    (root / "sub" / "up").symlink_to("..")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "e.py").symlink_to(tmp_path / "outside" / "d.py")
    os.mkfifo(root / "f.py")
    (root / "closed").chmod(0)
    try:
        found = paths(root)
        assert [path for path in found if path != "closed/c.py"] == ["a.py", "sub/b.py"]  # root opens every folder
        assert paths(root, "out", "round/sub") == found
    finally:
        (root / "closed").chmod(0o700)


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that are any bytes")
def test_odd_names(tmp_path: Path) -> None:
    names = ["a b.py", "é.py", "😀.py", "line\nbreak.py", "-x.py", "'quoted'.py"]
    make(tmp_path, *names)
    with open(os.fsencode(tmp_path) + b"/\xff.py", "w"):
        pass
    assert sorted(paths(tmp_path)) == sorted(names)


def test_a_folder_that_is_gone_is_empty(tmp_path: Path) -> None:
    assert paths(tmp_path / "gone") == []
    make(tmp_path, "a/b.py", "c.py")
    walk = source_files(tmp_path)
    assert next(walk).path == "c.py"
    (tmp_path / "a" / "b.py").unlink()
    (tmp_path / "a").rmdir()
    assert list(walk) == []


def test_a_deep_tree(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(150):
        folder = folder / "d"
        folder.mkdir()
    (folder / "deep.py").write_text("")
    assert len(paths(tmp_path)) == 1
