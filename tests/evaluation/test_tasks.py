"""Task files as they come: whole, broken, huge; and samples of them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from task_data import tasks_dir

from midspan.context.snippet import Snippet
from midspan.evaluation.errors import TasksError
from midspan.evaluation.tasks import MAX_LINE_BYTES, Task, load, sample

ROW = {"id": "a", "language": "python", "prefix": "x = ", "suffix": "\n", "answer": "1"}


def written(path: Path, *lines: object) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines), "utf-8")
    return path


def task(id: str, group: str = "") -> Task:
    return Task(id, "python", prefix="", suffix="", answer="x", group=group)


def test_a_row_is_read_with_all_its_fields(tmp_path: Path) -> None:
    row = {
        **ROW,
        "path": "a.py",
        "group": "g",
        "tests": None,
        "context": [{"path": "b.py", "text": "y = 2"}],
        "more": 1,
    }
    loaded = load(written(tmp_path / "few.jsonl", row, {**ROW, "id": "b"}))
    assert loaded.name == "few"
    assert loaded.problems == ()
    assert loaded.tasks[0] == Task(
        "a", "python", "x = ", "\n", "1", path="a.py", group="g", context=(Snippet("b.py", "y = 2"),)
    )
    assert loaded.tasks[1].id == "b"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "blank"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not an object"),
        ({**ROW, "answer": None}, "`answer` is missing"),
        ({**ROW, "prefix": 3}, "`prefix` is not a text"),
        ({**ROW, "id": ""}, "`id` is empty"),
        ({**ROW, "tests": ["x"]}, "`tests` is not a text"),
        ({**ROW, "context": [{"path": "b"}]}, "`context` is not a list of objects with `path` and `text`"),
        ({**ROW, "context": {"path": "b"}}, "`context` is not a list of objects with `path` and `text`"),
        ({**ROW, "id": "good"}, "the id 'good' stands here twice"),
        ({**ROW, "prefix": "x" * MAX_LINE_BYTES}, "longer than 2,000,000 bytes"),
    ],
)
def test_a_row_that_is_no_task_is_left_out_and_told(line: object, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path / "some.jsonl", {**ROW, "id": "good"}, line, {**ROW, "id": "last"})
    loaded = load(path)
    assert [task.id for task in loaded.tasks] == ["good", "last"]
    assert loaded.problems == (f"some.jsonl:2: {problem}",)


def test_bytes_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(b'{"id": "\xff"}\n' + json.dumps({**ROW, "prefix": "\ud800"}).encode() + b"\n")
    loaded = load(path)
    assert loaded.problems == ("some.jsonl:1: not UTF-8",)
    assert loaded.tasks[0].prefix == "\ud800"


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "plain.jsonl.gz").write_text(json.dumps(ROW))
    whole = gzip.compress(json.dumps(ROW).encode() * 100)
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[:-20])
    (tmp_path / "damaged.jsonl.gz").write_bytes(whole[:10] + b"\xff" * 20 + whole[30:])
    written(tmp_path / "empty.jsonl")
    written(tmp_path / "wrong.jsonl", {"id": "a"})
    said = {}
    for name in (
        "plain.jsonl.gz",
        "cut.jsonl.gz",
        "damaged.jsonl.gz",
        "empty.jsonl",
        "wrong.jsonl",
        "absent.jsonl",
        ".",
    ):
        with pytest.raises(TasksError) as error:
            load(tmp_path / name)
        said[name] = str(error.value)
    assert "not a whole gzip file" in said["plain.jsonl.gz"]
    assert "cut off" in said["cut.jsonl.gz"]
    assert "damaged" in said["damaged.jsonl.gz"]
    assert "holds no tasks. It" in said["empty.jsonl"]
    assert "holds no tasks (wrong.jsonl:1: `language` is missing)" in said["wrong.jsonl"]
    assert "is not a file" in said["absent.jsonl"]
    assert "is not a file" in said["."]


@pytest.mark.parametrize(
    ("suffix", "answer", "kind"),
    [
        ("\nb", "x + 1", "line"),
        ("  \nb", "x + 1", "line"),
        (")\nb", "x + 1", "inside"),
        ("b = 2\n", "    a = 1\n", "line"),
        ("\n", "a\n    b", "block"),
        ("c\n", "a\nb\n", "block"),
    ],
)
def test_what_is_missing(suffix: str, answer: str, kind: str) -> None:
    assert Task("a", "python", "", suffix, answer).kind == kind


def test_a_sample_is_spread_over_groups_and_repeatable() -> None:
    tasks = [task(f"{group}{i}", group) for group, n in (("a", 50), ("b", 5), ("c", 1)) for i in range(n)]
    chosen = sample(tasks, 9, 1)
    assert Counter(one.group for one in chosen) == {"a": 4, "b": 4, "c": 1}
    assert [one for one in tasks if one in chosen] == list(chosen)
    assert sample(tasks, 9, 1) == chosen
    assert sample(tasks, 9, 2) != chosen
    assert sample(tasks, None, 1) == sample(tasks, 56, 1) == tuple(tasks)
    assert sample([task(str(i)) for i in range(9)], 3, 1) != ()


def test_the_published_sets_are_read_whole() -> None:
    for path in sorted(tasks_dir().glob("*.jsonl.gz")):
        loaded = load(path)
        assert not loaded.problems
        assert len(loaded.tasks) > 20
