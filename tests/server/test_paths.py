"""URIs of every kind → short paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from midspan.server.paths import folder_on_disk, relative_path


@pytest.mark.parametrize(
    ("uri", "folders", "path"),
    [
        ("file:///w/p/src/a.py", ["file:///w/p"], "src/a.py"),
        ("file:///w/p/src/a.py", ["file:///w/p/"], "src/a.py"),
        ("file:///w/p/src/a.py", ["file:///w", "file:///w/p/src", "file:///w/p"], "a.py"),
        ("file:///w/pp/a.py", ["file:///w/p"], "a.py"),
        ("file:///w/p/a%20b%23%C3%A4.py", ["file:///w/p"], "a b#ä.py"),
        ("file:///w/my%20p/a.py", ["file:///w/my p"], "a.py"),
        ("file:///c%3A/Work/src/a.py", ["file:///C:/Work"], "src/a.py"),
        ("file:///C:/Work/src/a.py", ["file:///c%3A/Work/"], "src/a.py"),
        ("file:///C:/Work/a.py", ["file:///C:/"], "Work/a.py"),
        ("file://server/share/p/a.py", ["file://SERVER/share"], "p/a.py"),
        ("file://server/share/p/a.py", ["file:///share"], "a.py"),
        ("file:///w/p/../q/a.py", ["file:///w/p"], "a.py"),
        ("file:///w/a.py", ["file:///"], "w/a.py"),
        ("vscode-remote://ssh/w/p/a.py", ["vscode-remote://ssh/w"], "p/a.py"),
        ("vscode-remote://ssh/w/p/a.py", ["file:///w"], "a.py"),
        ("file:///w/a.py", [], "a.py"),
        ("untitled:Untitled-1", ["file:///w"], "untitled.py"),
        ("inmemory://model/1", [], "1"),
        ("http://[broken", ["file:///w"], "[broken"),
        ("", [], ""),
    ],
)
def test_relative_path(uri: str, folders: list[str], path: str) -> None:
    assert relative_path(uri, "python", folders) == path


def test_unsaved_document_in_a_language_without_suffix() -> None:
    assert relative_path("untitled:x", "klingon", []) == "untitled"


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("file:///w/my%20p", Path("/w/my p")),
        ("file:///c%3A/Work", Path("c:/Work")),
        ("file://server/share", Path("//server/share")),
        ("vscode-remote://ssh/w", None),
        ("http://[broken", None),
    ],
)
def test_folder_on_disk(uri: str, folder: Path | None) -> None:
    assert folder_on_disk(uri) == folder
