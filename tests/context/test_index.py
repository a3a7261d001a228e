"""The index on disk: what is looked up, what changes, what is damaged; and the process that keeps it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from midspan.context.index import Index, IndexWriter, database_of, remove
from midspan.context.indexing import Task, bring_up_to_date, index_saved


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIDSPAN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "lib").mkdir(parents=True)
    (root / "shapes.py").write_text("class Shape:\n    def area(self):\n        return self.width\n")
    (root / "lib" / "util.py").write_text("def double(width):\n    return 2 * width\n")
    (root / "lib" / "notes.txt").write_text("width\n")
    return root


def brought_up_to_date(folder: Path, **how: Any) -> Index:
    writer = IndexWriter(database_of(folder))
    bring_up_to_date(Task(folder, **how), writer)
    writer.close()
    return Index(folder)


def test_names_and_words_lead_to_files(folder: Path) -> None:
    index = brought_up_to_date(folder)
    assert index.n_files() == 2
    assert index.files_defining("Shape", 10) == ["shapes.py"]
    assert index.files_defining("width", 10) == []
    assert index.files_with("width", 10) == ["lib/util.py", "shapes.py"]
    assert index.files_with("width", 1) in (["lib/util.py"], ["shapes.py"])
    for odd in ("", '"', "a b", "*", "NEAR(a b)", "größe", "\ud800", "x" * 10_000, "-", "a-b", "ab*", "name:Shape"):
        assert index.files_with(odd, 10) == []


def test_only_what_has_changed_is_read_again(folder: Path) -> None:
    writer = IndexWriter(database_of(folder))
    task = Task(folder)
    assert bring_up_to_date(task, writer).n_read == 2
    assert bring_up_to_date(task, writer).n_read == 0
    (folder / "shapes.py").write_text("class Circle: pass\n")
    (folder / "lib" / "util.py").unlink()
    (folder / "new.py").write_text("def fresh(): pass\n")
    ended = bring_up_to_date(task, writer)
    assert (ended.n_files, ended.n_read, ended.done) == (2, 2, True)
    index = Index(folder)
    assert [index.files_defining(name, 9) for name in ("Circle", "Shape", "double", "fresh")] == [
        *(["shapes.py"], [], []),
        ["new.py"],
    ]


def test_what_gets_excluded_is_forgotten(folder: Path) -> None:
    index = brought_up_to_date(folder)
    (folder / ".gitignore").write_text("lib/\n")
    brought_up_to_date(folder)
    until(lambda: index.files_with("width", 9) == ["shapes.py"])
    brought_up_to_date(folder, patterns=("shapes.*",))
    until(lambda: index.n_files() == 0)


def test_a_file_that_was_saved(folder: Path) -> None:
    index = brought_up_to_date(folder)
    writer, task = IndexWriter(database_of(folder)), Task(folder)
    (folder / "shapes.py").write_text("class Square: pass\n")
    index_saved(task, "shapes.py", writer)
    until(lambda: index.files_defining("Square", 9) == ["shapes.py"])
    assert index.files_defining("Shape", 9) == []
    shutil.rmtree(folder / "lib")
    index_saved(task, "lib", writer)
    until(lambda: index.n_files() == 1)
    (folder / ".env").write_text("WIDTH = 3\n")
    (folder / "id_rsa").write_text("width")
    for path in (".env", "id_rsa", "gone.py", "shapes.py/x"):
        index_saved(task, path, writer)
    assert index.n_files() == 1
    writer.close()


def test_a_large_tree_is_known_as_far_as_the_budget_goes(folder: Path) -> None:
    for number in range(30):
        (folder / f"far_{number}.py").write_text(f"def far_{number}(): pass\n")
    index = brought_up_to_date(folder, near=("lib",), max_files=10)
    assert index.n_files() == 10
    assert index.files_defining("double", 9) == ["lib/util.py"]


@pytest.mark.parametrize("damage", [b"", b"not a database " * 1000, None])
def test_a_damaged_index_is_made_anew(folder: Path, damage: bytes | None) -> None:
    index = brought_up_to_date(folder)
    database = database_of(folder)
    index.files_with("width", 9)
    remove_side_files(database)
    content = database.read_bytes()
    database.write_bytes(damage if damage is not None else content[: len(content) // 2] + b"\xff" * 9000)
    index.files_with("width", 9)  # may find nothing, but does not fail
    with suppress(sqlite3.DatabaseError):  # what the process does about it: test_a_damaged_index_does_not_end_it
        brought_up_to_date(folder)
    remove(database)
    until(lambda: index.files_with("width", 9) == [])
    assert brought_up_to_date(folder).files_with("width", 9) == ["lib/util.py", "shapes.py"]
    until(lambda: index.files_with("width", 9) == ["lib/util.py", "shapes.py"])


def remove_side_files(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def test_an_index_that_is_worn_is_made_anew(folder: Path) -> None:
    writer, task = IndexWriter(database_of(folder)), Task(folder)
    for number in range(5_100):
        (folder / "shapes.py").write_text(f"class Shape{number}: pass\n")
        index_saved(task, "shapes.py", writer)
    assert writer.is_worn()
    bring_up_to_date(task, writer)
    assert not writer.is_worn()
    index = Index(folder)
    assert index.files_defining("Shape5099", 9) == ["shapes.py"]
    assert index.files_defining("double", 9) == ["lib/util.py"]
    writer.close()


def test_it_holds_no_text_and_is_for_its_user_alone(folder: Path) -> None:
    (folder / "shapes.py").write_text("class Shape:\n    pass  # the sentence that nobody should find\n")
    brought_up_to_date(folder)
    database = database_of(folder)
    assert b"sentence that nobody" not in database.read_bytes()
    if sys.platform != "win32":
        assert database.stat().st_mode & 0o077 == 0


class Service:
    """The process, told things and listened to."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "midspan.context.index_service"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def tell(self, **message: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def heard(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message: dict[str, Any] = json.loads(line)
            if wanted(message):
                return message
        raise AssertionError("it ended")

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=20)


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.process.kill()
    running.process.wait()
    for stream in (running.process.stdin, running.process.stdout):
        assert stream is not None
        stream.close()


def is_done(message: dict[str, Any]) -> bool:
    return bool(message.get("done"))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_process_indexes_and_follows(folder: Path, service: Service) -> None:
    index = Index(folder)
    assert index.files_with("width", 9) == []
    service.tell(tasks=[{"folder": str(folder)}])
    assert service.heard(is_done)["n_files"] == 2
    assert index.files_with("width", 9) == ["lib/util.py", "shapes.py"]
    (folder / "shapes.py").write_text("class Square: pass\n")
    service.tell(changed=[str(folder / "shapes.py"), "/elsewhere/x.py"])
    until(lambda: index.files_defining("Square", 9) == ["shapes.py"])
    service.tell(tasks=[{"folder": str(folder), "patterns": ["lib/"]}])
    assert service.heard(is_done)["n_files"] == 1
    assert service.end() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_process_takes_idle_time_only(folder: Path, service: Service) -> None:
    service.tell(tasks=[{"folder": str(folder)}])
    service.heard(is_done)
    assert os.sched_getscheduler(service.process.pid) == os.SCHED_IDLE
    assert os.getpriority(os.PRIO_PROCESS, service.process.pid) == 19


def test_a_branch_that_git_checks_out_is_seen(folder: Path, service: Service) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    service.tell(tasks=[{"folder": str(folder)}])
    service.heard(is_done)
    (folder / "other.py").write_text("def other(): pass\n")
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/other\n")
    assert service.heard(is_done)["n_read"] == 1
    assert Index(folder).files_defining("other", 9) == ["other.py"]


@pytest.mark.parametrize("how", ["no database", "half of one"])
def test_a_damaged_index_does_not_end_it(folder: Path, service: Service, how: str) -> None:
    database = database_of(folder)
    database.parent.mkdir(parents=True)
    if how == "no database":
        database.write_bytes(b"not a database " * 1000)
    else:
        brought_up_to_date(folder).close()
        remove_side_files(database)
        content = database.read_bytes()
        database.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    service.tell(tasks=[{"folder": str(folder)}, {"folder": str(folder / "gone")}])
    service.heard(lambda message: is_done(message) and message["folder"] == str(folder))
    assert Index(folder).files_with("width", 9) == ["lib/util.py", "shapes.py"]
    service.heard(lambda message: is_done(message) and message["n_files"] == 0)


def test_two_windows_on_one_folder(folder: Path, service: Service) -> None:
    other = Service()
    try:
        for one in (service, other):
            one.tell(tasks=[{"folder": str(folder)}])
        for one in (service, other):
            assert one.heard(is_done)["n_files"] == 2
        (folder / "shapes.py").write_text("class Square: pass\n")
        other.tell(changed=[str(folder / "shapes.py")])
        until(lambda: Index(folder).files_defining("Square", 9) == ["shapes.py"])
        service.process.send_signal(signal.SIGKILL)
        (folder / "shapes.py").write_text("class Oval: pass\n")
        other.tell(changed=[str(folder / "shapes.py")])
        until(lambda: Index(folder).files_defining("Oval", 9) == ["shapes.py"])
    finally:
        other.end()
        assert other.process.stdout is not None
        other.process.stdout.close()
