"""The file of records: interrupted, torn, of another run, on a full disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from midspan.evaluation.errors import RecordsError
from midspan.evaluation.records import Records, finish, read


def write(path: Path, *rows: dict[str, object], fingerprint: str = "a", is_finished: bool = False) -> Records:
    with Records(path, fingerprint) as records:
        for row in rows:
            records.add(row)
    if is_finished:
        finish(path)
    return records


def test_an_interrupted_run_goes_on_without_the_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write(path, {"n": 1}, {"n": 2})
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"n": 3, "comple')
    with Records(path, "a") as records:
        assert records.done == [{"n": 1}, {"n": 2}]
        records.add({"n": 3})
    assert read(path) == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_a_finished_run_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write(path, {"n": 1}, is_finished=True)
    assert read(path) == [{"n": 1}]
    again = write(path, {"n": 5})
    assert (again.was_finished, again.moved_aside) == (True, None)
    assert read(path) == [{"n": 5}]


def test_failures_at_the_end_are_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write(path, {"n": 1, "error": "busy"}, {"n": 2, "error": ""}, {"n": 3, "error": "gone"}, {"n": 4, "error": "gone"})
    with Records(path, "a") as records:
        assert [record["n"] for record in records.done] == [1, 2]
    assert read(path) == records.done


@pytest.mark.parametrize("is_finished", [False, True])
def test_records_of_another_run_are_kept_aside(is_finished: bool, tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write(path, {"n": 1}, is_finished=is_finished)
    other = write(path, {"n": 9}, fingerprint="b", is_finished=is_finished)
    assert other.moved_aside == tmp_path / "records.jsonl.old"
    third = write(path, {"n": 10}, fingerprint="c")
    assert third.moved_aside == tmp_path / "records.jsonl.old1"
    found = [read(tmp_path / name) for name in ("records.jsonl.old", "records.jsonl.old1", "records.jsonl")]
    assert found == [[{"n": 1}], [{"n": 9}], [{"n": 10}]]


def test_a_file_that_is_something_else_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text("my notes\n")
    assert write(path, {"n": 1}).moved_aside is not None
    assert (tmp_path / "records.jsonl.old").read_text() == "my notes\n"


def test_the_json_of_a_run_names_its_records(tmp_path: Path) -> None:
    write(tmp_path / "out.records.jsonl", {"n": 1}, is_finished=True)
    (tmp_path / "out.json").write_text(json.dumps({"records": "out.records.jsonl"}))
    assert read(tmp_path / "out.json") == [{"n": 1}]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"records": "gone.jsonl"}', "\x00"])
def test_what_is_no_run_is_said(content: str, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text(content)
    with pytest.raises(RecordsError):
        read(path)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="cannot be written"):
        Records(tmp_path / "absent" / "records.jsonl", "a")
    with Records(tmp_path / "r.jsonl", "a") as records, open("/dev/full", "w") as full:
        records._file = full
        with pytest.raises(RecordsError, match="cannot be written"):
            records.add({"n": "x" * 10_000})
