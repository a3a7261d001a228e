"""Tasks that need another file: cut from a repository, read with it, and whether gathering finds what they need."""

from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
from pathlib import Path

import pytest
from loopback import Served, serving
from workspaces import write_files

from midspan.completion.settings import Settings
from midspan.evaluation.bench import context, indexing
from midspan.evaluation.crossfile import packages as listed
from midspan.evaluation.crossfile.cut import Repository, cuts
from midspan.evaluation.errors import EvaluationError, TasksError
from midspan.evaluation.repositories import Repositories, share_found
from midspan.evaluation.tasks import Need, load

FILES = {
    "shop/tax.py": '"""Taxes."""\n\n\ndef with_value_added(amount: float) -> float:\n    return amount * 1.19\n',
    "shop/order.py": (
        '"""Orders.\n\n' + "A longer text about them.\n" * 10 + '"""\n\n'
        "from .tax import with_value_added\n\n\ndef total(amounts: list[float]) -> float:\n"
        "    net = sum(amounts)\n    gross = with_value_added(net)\n    return gross\n\n\n"
        "def unrelated() -> float:\n    local_only = 3\n    return local_only * 2\n"
    ),
}


def test_holes_need_what_another_file_defines(tmp_path: Path) -> None:
    repository = Repository(write_files(tmp_path, FILES))
    found = cuts(repository, 10, seed=1)
    assert found
    assert {cut.path for cut in found} == {"shop/order.py"}
    text = FILES["shop/order.py"]
    for cut in found:
        assert cut.needs == (("with_value_added", "shop/tax.py"),)
        assert "with_value_added" in text[cut.start : cut.end]
        assert "import" not in text[cut.start : cut.end]
        assert text[: cut.start].count("\n") > 10
    assert any("\n" in text[cut.start : cut.end] for cut in found)
    assert found == cuts(Repository(tmp_path), 10, seed=1)


def task_file(folder: Path) -> Path:
    text = FILES["shop/order.py"]
    start = text.index("with_value_added(net)")
    row = {
        "id": "a",
        "language": "python",
        "path": "shop/order.py",
        "group": "shop",
        "prefix": text[:start],
        "answer": text[start : start + 21],
        "suffix": text[start + 21 :],
        "repository": "repositories/shop",
        "needs": [{"name": "with_value_added", "path": "shop/tax.py"}],
    }
    write_files(folder / "repositories" / "shop", FILES)
    with gzip.open(folder / "tasks.jsonl.gz", "wt") as file:
        file.write(json.dumps(row) + "\n" + json.dumps({**row, "id": "b", "needs": [{"name": 3}]}) + "\n")
    return folder / "tasks.jsonl.gz"


def test_tasks_with_a_repository(tmp_path: Path) -> None:
    tasks = load(task_file(tmp_path))
    assert [task.needs for task in tasks.tasks] == [(Need("with_value_added", "shop/tax.py"),)]
    assert tasks.problems == ("tasks.jsonl.gz:2: `needs` is not a list of objects with `name` and `path`",)
    (task,) = tasks.tasks
    assert share_found(task, [("shop/tax.py", "def with_value_added(")]) == 1.0
    assert share_found(task, [("shop/other.py", "def with_value_added(")]) == 0.0
    with Repositories() as repositories:
        workspace = repositories.beside(task)
        assert workspace is not None
        assert workspace.library.index.files_defining("with_value_added", 5) == ["shop/tax.py"]
    (tmp_path / "repositories" / "shop").rename(tmp_path / "gone")
    with Repositories() as repositories, pytest.raises(TasksError, match="missing"):
        repositories.beside(task)


def test_what_is_needed_is_found(tmp_path: Path) -> None:
    figures = context.measure([task_file(tmp_path)], ("definitions",), 512, None, 1, Settings(), lambda _: None)
    assert figures["needs_found"]["all"] == {"share": 1.0, "ci95": [1.0, 1.0], "n": 1}
    assert figures["needs_found"]["typed_there"]["share"] == 1.0
    none = context.measure([task_file(tmp_path)], ("sibling",), 512, None, 1, Settings(), lambda _: None)
    assert none["needs_found"]["all"]["share"] == 0.0


def test_the_packages_are_pinned() -> None:
    packages = listed.packages()
    assert len({one.folder for one in packages}) == len(packages) > 30
    assert len({one.language for one in packages}) >= 6
    for one in packages:
        assert len(bytes.fromhex(one.sha256)) == 32
        assert one.url.startswith("https://")
        assert one.license


def test_a_package_is_fetched_and_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path / "shop-1.0", {**FILES, "node_modules/x.js": "x", "dist/y.py": "y"})
    archive = tmp_path / "shop-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(tmp_path / "shop-1.0", "shop-1.0")
    content = archive.read_bytes()
    with serving() as web:
        web.pages["/shop-1.0.tar.gz"] = Served(content)
        digest = hashlib.sha256(content).hexdigest()
        package = listed.Package("shop", "1.0", "Python", "MIT", f"{web.url}/shop-1.0.tar.gz", len(content), digest)
        monkeypatch.setattr(listed, "packages", lambda: (package,))
        ((_, folder),) = listed.unpack_all(tmp_path / "out", lambda _: None)
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py")) == sorted(FILES)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["shop-1.0"]
    assert listed.unpack_all(tmp_path / "out", lambda _: None)[0][1] == folder
    with pytest.raises(EvaluationError, match=r"shop 1\.0 can't be had"):
        listed.unpack_all(tmp_path / "other", lambda _: None)


def test_a_repository_of_any_size_can_be_made(tmp_path: Path) -> None:
    indexing.make_repository(tmp_path / "repository", 50)
    assert sum(path.is_file() for path in (tmp_path / "repository").rglob("*")) == 50
