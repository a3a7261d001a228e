"""The file of records: interrupted, torn, of another run, on a full disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from midspan.evaluation.errors import RecordsError
from midspan.evaluation.records import Records, read


def write(path: Path, *rows: dict[str, object], fingerprint: str = "a", finish: bool = False) -> Records:
    with Records(path, fingerprint) as records:
        for row in rows:
            records.add(row)
        if finish:
            records.finish()
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
    write(path, {"n": 1}, finish=True)
    assert read(path) == [{"n": 1}]
    again = write(path, {"n": 5})
    assert again.moved_aside is None
    assert read(path) == [{"n": 5}]


def test_records_of_another_unfinished_run_are_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write(path, {"n": 1})
    other = write(path, {"n": 9}, fingerprint="b")
    assert other.moved_aside == tmp_path / "records.jsonl.old"
    assert read(tmp_path / "records.jsonl.old") == [{"n": 1}]
    assert read(path) == [{"n": 9}]


def test_a_file_that_is_something_else_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text("my notes\n")
    assert write(path, {"n": 1}).moved_aside is not None
    assert (tmp_path / "records.jsonl.old").read_text() == "my notes\n"


def test_the_json_of_a_run_names_its_records(tmp_path: Path) -> None:
    write(tmp_path / "out.records.jsonl", {"n": 1}, finish=True)
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
