"""What a replay types: real repositories of every odd kind, read and never touched."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from git_repository import GitRepository, digest

from midspan.evaluation.errors import HistoryError
from midspan.evaluation.history import History, Hunk, sample_history

BODY = "def step_{0}(value):\n    total = value + {0}\n    return total * 2\n\n\n"
MANY = 10**6


def history(folder: Path, n_keystrokes: int = MANY, **more: object) -> History:
    return sample_history(folder, n_keystrokes=n_keystrokes, **more)  # type: ignore[arg-type]


def grown(folder: Path, n: int = 6) -> GitRepository:
    """Return a repository whose one file grew by a function with each of its commits."""
    repository = GitRepository.init(folder)
    for i in range(1, n + 1):
        repository.commit({"src/steps.py": "".join(BODY.format(k) for k in range(i))})
    return repository


def typed(hunk: Hunk) -> str:
    return hunk.before[: hunk.offset] + hunk.added + hunk.before[hunk.offset :]


def test_each_commits_addition_is_typed_in_the_state_before_it(tmp_path: Path) -> None:
    grown(tmp_path)
    found = history(tmp_path)
    assert (found.n_commits, found.is_held_out, found.problems) == (6, False, ())
    for i, hunk in enumerate(found.hunks):
        assert hunk.path == "src/steps.py"
        assert hunk.language_id == "python"
        before = "".join(BODY.format(k) for k in range(i))
        after = before + BODY.format(i)
        assert len(typed(hunk)) <= len(after)
        assert after.startswith(typed(hunk).rstrip("\n"))
        assert hunk.before.startswith(before.rstrip("\n"))


def test_hunks_of_one_commit_build_on_each_other(tmp_path: Path) -> None:
    repository = GitRepository.init(tmp_path)
    old = [f"line_{i} = {i}\n" for i in range(20)]
    repository.commit({"a.py": "".join(old)})
    new = [
        *old[:5],
        "added_one = call(1)\n",
        *old[5:12],
        "changed = call(12)\n",
        *old[13:18],
        "added_two = call(2)\n",
        *old[18:],
    ]
    repository.commit({"a.py": "".join(new)})
    hunks = history(tmp_path, paths=("a.py",)).hunks[-3:]
    assert [hunk.added.strip() for hunk in hunks] == [
        "added_one = call(1)",
        "changed = call(12)",
        "added_two = call(2)",
    ]
    assert typed(hunks[0]) == "".join([*old[:5], "added_one = call(1)\n", *old[5:]])
    assert "line_12 " not in hunks[1].before
    assert typed(hunks[2]) == "".join(new)


@pytest.mark.parametrize(
    ("old", "new", "after"),
    [
        ("a = 1\r\n", "a = 1\r\nbbbb = call(2)\r\n", "a = 1\r\nbbbb = call(2)\r\n"),
        ("a = 1\n", "a = 1\nbbbb = call(2)", "a = 1\nbbbb = call(2)"),
        ("a = 1", "a = 1\nbbbb = call(2)", "a = 1\nbbbb = call(2)"),
        ("", "bbbb = call(2)\n", "bbbb = call(2)\n"),
        ("a = 1\n", "bbbb = call(2)\na = 1\n", "bbbb = call(2)\na = 1\n"),
        ("a = 'ä😀'\n", "a = 'ä😀'\nbbbb = 'ß😀'\n", "a = 'ä😀'\nbbbb = 'ß😀'\n"),
        ("a = 1\x0cb\n", "a = 1\x0cb\nbbbb = call(2)\n", "a = 1\x0cb\nbbbb = call(2)\n"),
    ],
)
def test_line_ends_and_ends_of_files(old: str, new: str, after: str, tmp_path: Path) -> None:
    repository = GitRepository.init(tmp_path)
    repository.commit({"a.py": old, "keep.txt": "x"})
    repository.commit({"a.py": new})
    assert typed(history(tmp_path, n_keystrokes=10).hunks[-1]) == after


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    repository = grown(tmp_path)
    repository.commit(
        {
            "binary.py": b"a = 1\0\1\2" * 20,
            "latin.py": "name = 'äöü'  # as it was\n".encode("latin-1"),
            "big.py": "value = 1\n" * 50_000,
            "wide.py": "value = '" + "x" * 2000 + "'\n",
            "large.py": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "node_modules/other.js": "const value = call(1);\n",
            "page.min.js": "const value = call(1);\n",
        }
    )
    found = history(tmp_path)
    assert {hunk.path for hunk in found.hunks} == {"src/steps.py"}
    assert found.problems == (
        "binary files: 1",
        "files kept elsewhere (LFS): 1",
        "files that are missing or too large: 1",
        "files that are not UTF-8: 1",
        "files with very long lines: 1",
    )


def test_links_and_submodules_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "secret.py"
    outside.write_text("password = 'secret, do not read'\n")
    inner = GitRepository.init(tmp_path / "inner")
    inner.commit({"lib.py": "value = call(1)\n"})
    repository = grown(tmp_path / "outer")
    (repository.folder / "link.py").symlink_to(outside)
    repository.git("submodule", "add", "-q", str(inner.folder), "sub")
    repository.commit({})
    found = history(repository.folder)
    assert {hunk.path for hunk in found.hunks} == {"src/steps.py"}


def test_merges_and_renames_are_no_typing(tmp_path: Path) -> None:
    repository = grown(tmp_path)
    repository.git("checkout", "-q", "-b", "side", "HEAD~1")
    repository.commit({"side.py": "value_of_side = call(1)\n"})
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    repository.git("mv", "src/steps.py", "src/moved.py")
    repository.commit({})
    paths = [hunk.path for hunk in history(tmp_path).hunks]
    assert paths.count("side.py") == 1
    assert "src/moved.py" not in paths


def test_nothing_of_the_repository_is_run_or_changed(tmp_path: Path) -> None:
    repository = grown(tmp_path / "r")
    marker = tmp_path / "was-run"
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    repository.commit({".gitattributes": "*.py diff=evil filter=evil\n"})
    for name in (
        "core.fsmonitor",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "filter.evil.smudge",
        "filter.evil.clean",
        "core.pager",
        "core.sshCommand",
    ):
        repository.git("config", name, str(program))
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        shutil.copy(program, repository.folder / ".git" / "hooks" / hook)
    marker.unlink(missing_ok=True)
    before = digest(repository.folder)
    assert history(repository.folder).hunks
    assert digest(repository.folder) == before
    assert not marker.exists()


def test_a_folder_of_a_repository_and_a_bare_one(tmp_path: Path) -> None:
    repository = grown(tmp_path / "r")
    repository.commit({"docs/tool.py": "value_of_tool = call(1)\n"})
    below = history(repository.folder / "src")
    assert {hunk.path for hunk in below.hunks} == {"src/steps.py"}
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    assert history(tmp_path / "bare.git").hunks == history(repository.folder).hunks


def test_a_rewritten_history_and_damaged_objects(tmp_path: Path) -> None:
    repository = grown(tmp_path)
    repository.git("commit", "-q", "--amend", "-m", "rewritten")
    whole = history(tmp_path)
    assert whole.n_commits == 6
    blob = repository.git("rev-parse", "HEAD~2:src/steps.py").strip()
    (tmp_path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    damaged = history(tmp_path)
    assert 0 < len(damaged.hunks) < len(whole.hunks)
    assert damaged.problems


@pytest.mark.parametrize("kind", ["empty repository", "no source files", "a file", "absent", "damaged"])
def test_what_cannot_be_replayed_is_said_in_one_line(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    repository = GitRepository.init(folder)
    if kind == "no source files":
        repository.commit({"readme.txt": "x\n"})
    elif kind == "a file":
        folder = tmp_path / "file"
        folder.write_text("x")
    elif kind == "absent":
        folder = tmp_path / "absent"
    elif kind == "damaged":
        repository.commit({"a.py": "value = call(1)\n"})
        (folder / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(HistoryError) as error:
        history(folder)
    assert "\n" not in str(error.value)
    assert str(folder) in str(error.value)


def test_few_commits_hold_functions_out(tmp_path: Path) -> None:
    repository = GitRepository.init(tmp_path)
    text = "".join(BODY.format(k) for k in range(30))
    repository.commit({"steps.py": text})
    found = history(tmp_path, n_keystrokes=10_000)
    assert found.is_held_out
    for hunk in found.hunks:
        assert typed(hunk) == text
        assert hunk.added.startswith("total = ")
        assert hunk.commit == ""


def test_a_folder_without_git(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "steps.py").write_text("".join(BODY.format(k) for k in range(30)))
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "other.py").write_text(BODY.format(1))
    found = history(tmp_path)
    assert found.is_held_out
    assert {hunk.path for hunk in found.hunks} == {"pkg/steps.py"}


def test_the_same_seed_draws_the_same(tmp_path: Path) -> None:
    grown(tmp_path, 12)
    assert history(tmp_path, n_keystrokes=200, seed=3) == history(tmp_path, n_keystrokes=200, seed=3)
    drawn = {history(tmp_path, n_keystrokes=60, seed=seed).hunks for seed in range(8)}
    assert len(drawn) > 1


def test_files_can_be_chosen(tmp_path: Path) -> None:
    repository = grown(tmp_path)
    repository.commit({"web/app.js": "function call(value) {\n  return value + 1;\n}\n"})
    assert {h.path for h in history(tmp_path, languages=("javascript",)).hunks} == {"web/app.js"}
    assert {h.path for h in history(tmp_path, paths=("src/*",)).hunks} == {"src/steps.py"}
