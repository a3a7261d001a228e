"""What a replay types: real repositories of every odd kind, read and never touched."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
from pathlib import Path

import pytest
from git_repository import GitRepository, digest

from midspan.evaluation import git
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


def object_of(repository: GitRepository, name: str) -> Path:
    """Return the file that holds a commit, tree or content."""
    id = repository.git("rev-parse", name).strip()
    return repository.folder / ".git" / "objects" / id[:2] / id[2:]


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
        ("a = 1\r\nc\n", "a = 1\r\nbbbb = call(2)\nc\n", "a = 1\r\nbbbb = call(2)\nc\n"),
        ("a = 1\nc\n", "a = 1\nbbbb = call(2)\r\nc\n", "a = 1\nbbbb = call(2)\r\nc\n"),
        ("a = 1\n", "a = 1\r\nbbbb = call(2)\r\n", "a = 1\r\nbbbb = call(2)\r\n"),
        ("a = 1\n", "\ufeffbbbb = call(2)\na = 1\n", "bbbb = call(2)\na = 1\n"),
    ],
)
def test_line_ends_and_ends_of_files(old: str, new: str, after: str, tmp_path: Path) -> None:
    repository = GitRepository.init(tmp_path)
    repository.commit({"a.py": old, "keep.txt": "x"})
    repository.commit({"a.py": new})
    hunk = history(tmp_path, n_keystrokes=10).hunks[-1]
    assert typed(hunk) == after
    line, above = after.index("bbbb"), hunk.before[: hunk.offset]
    if hunk.offset < line:
        assert after[hunk.offset : line] in ("\n", "\r\n"), "typing does not begin with Enter at the end of a line"
    else:
        assert hunk.offset == line
        assert hunk.before[hunk.offset : hunk.offset + 1] in ("", "\r", "\n"), "typing begins before other text"
    assert not above.endswith("\r")
    assert "\r" not in hunk.added.replace("\r\n", "")


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
    repository.git("mv", "side.py", "src/side.py")
    repository.commit({"src/moved.py": None})
    paths = [hunk.path for hunk in history(tmp_path).hunks]
    assert paths.count("side.py") == 1
    assert not {"src/moved.py", "src/side.py"}.intersection(paths)
    below = [hunk.path for hunk in history(tmp_path / "src").hunks]
    assert "src/side.py" not in below, "a file that was moved into the folder was not typed there"


def test_a_file_that_is_moved_and_changed_gives_what_was_added(tmp_path: Path) -> None:
    repository = grown(tmp_path)
    text = (tmp_path / "src" / "steps.py").read_text()
    repository.git("mv", "src/steps.py", "moved.py")
    repository.commit({"moved.py": text + "added_here = call(1)\n"})
    (hunk,) = [hunk for hunk in history(tmp_path).hunks if hunk.path == "moved.py"]
    assert (hunk.added.strip(), typed(hunk)) == ("added_here = call(1)", text + "added_here = call(1)\n")


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


@pytest.mark.parametrize("is_old_git", [False, True])
def test_what_a_partial_clone_lacks_is_not_fetched(
    is_old_git: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_old_git:  # Gits before 2.45 don't know this variable.
        environment = {name: value for name, value in git._environment().items() if name != "GIT_NO_LAZY_FETCH"}
        monkeypatch.setattr(git, "_environment", lambda: environment)
    repository = grown(tmp_path / "r", 8)
    marker = tmp_path / "was-run"
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(program),
        "core.sshCommand": str(program),
        "protocol.ext.allow": "always",
        "protocol.file.allow": "always",
    }.items():
        repository.git("config", name, value)
    object_of(repository, "HEAD~4:src/steps.py").unlink()
    for url in (f"ext::{program}", tmp_path.as_uri(), "ssh://example.invalid/r"):
        repository.git("config", "remote.origin.url", url)
        before = digest(repository.folder)
        found = history(repository.folder)
        assert (found.n_commits, found.problems) == (6, ("files that are missing or too large: 2",))
        assert not marker.exists(), url
        assert digest(repository.folder) == before, url


def test_settings_of_git_change_nothing(tmp_path: Path) -> None:
    repository = grown(tmp_path)
    repository.git("mv", "src/steps.py", "src/moved.py")
    repository.commit({"src/moved.py": "first_line = call(1)\n" + (tmp_path / "src" / "moved.py").read_text()})
    expected = history(tmp_path / "src")
    assert expected.n_commits == 7
    for name, value in {
        "diff.relative": "true",
        "diff.orderFile": "/nonexistent",
        "diff.interHunkContext": "10",
        "diff.renames": "false",
        "color.ui": "always",
        "core.bigFileThreshold": "10",
    }.items():
        repository.git("config", name, value)
        assert history(tmp_path / "src") == expected, name


def test_attributes_do_not_make_source_files_binary(tmp_path: Path) -> None:
    grown(tmp_path)
    (tmp_path / ".git" / "info").mkdir(exist_ok=True)
    (tmp_path / ".git" / "info" / "attributes").write_text("* -diff\n")
    assert history(tmp_path).n_commits == 6


def test_a_folder_of_a_repository_and_a_bare_one(tmp_path: Path) -> None:
    repository = grown(tmp_path / "r")
    repository.commit({"docs/tool.py": "value_of_tool = call(1)\n"})
    below = history(repository.folder / "src")
    assert {hunk.path for hunk in below.hunks} == {"src/steps.py"}
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    assert history(tmp_path / "bare.git").hunks == history(repository.folder).hunks
    repository.git("worktree", "add", "-q", str(tmp_path / "tree"))
    assert history(tmp_path / "tree").hunks == history(repository.folder).hunks


def test_a_quiet_folder_costs_no_walk_over_all_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = grown(tmp_path)
    for i in range(6):
        repository.commit({"web/app.js": "call(value);\n" * (i + 1)})
    assert history(tmp_path / "src").n_commits == 6
    monkeypatch.setattr(git, "_MOST_WALKED", 7)
    assert history(tmp_path / "src").is_held_out, "commits beyond the newest 7 were looked at"


@pytest.mark.parametrize("depth", [1, 6])
def test_a_shallow_clone_has_not_added_its_oldest_files(depth: int, tmp_path: Path) -> None:
    repository = grown(tmp_path / "r", 8)
    origin = repository.folder.as_uri()
    repository.git("clone", "-q", "--depth", str(depth), origin, str(tmp_path / "clone"))
    found = history(tmp_path / "clone", n_keystrokes=20)
    assert (found.is_held_out, found.n_commits) == ((True, 0) if depth == 1 else (False, 5))
    assert found.problems == ("commits whose past a shallow clone lacks: 1",)


def test_names_of_any_bytes(tmp_path: Path) -> None:
    repository = grown(tmp_path / "r")
    names = (b"caf\xe9.py", b"two\nlines.py", b"-x.py", b":(top)y.py", b"a *.py")
    for name in names:
        Path(os.fsdecode(os.fsencode(repository.folder) + b"/" + name)).write_text("value = call(1)\n")
    repository.commit({})
    for name in names:
        Path(os.fsdecode(os.fsencode(repository.folder) + b"/" + name)).write_text("value = call(1)\nmore = call(2)\n")
    repository.commit({})
    found = history(repository.folder)
    expected = {"src/steps.py", "caf\ufffd.py", "two\ufffdlines.py", "-x.py", ":(top)y.py", "a *.py"}
    assert {hunk.path for hunk in found.hunks} == expected
    assert found.n_commits == 8


def test_a_rewritten_history(tmp_path: Path) -> None:
    repository = grown(tmp_path)
    repository.git("commit", "-q", "--amend", "-m", "rewritten")
    assert history(tmp_path).n_commits == 6


@pytest.mark.parametrize("damage", ["missing", "nonsense", "cut short"])
def test_a_damaged_content_costs_no_more_than_its_own_changes(damage: str, tmp_path: Path) -> None:
    repository = grown(tmp_path, 9)
    whole = history(tmp_path)
    file = object_of(repository, "HEAD~5:src/steps.py")
    data = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes(b"nonsense" if damage == "nonsense" else data[:-20])
    found = history(tmp_path)
    expected = whole.hunks[:3] + whole.hunks[5:]
    assert [hunk.commit for hunk in found.hunks] == [hunk.commit for hunk in expected]
    assert found.problems == ("files that are missing or too large: 2",)


@pytest.mark.parametrize("what", ["HEAD~3", "HEAD~3^{tree}"])
def test_damaged_commits_are_told(what: str, tmp_path: Path) -> None:
    repository = grown(tmp_path, 9)
    file = object_of(repository, what)
    file.unlink()
    file.write_bytes(b"nonsense")
    if "tree" in what:
        found = history(tmp_path)
        assert (found.n_commits, found.problems) == (7, ("commits that git cannot read: 2",))
    else:
        with pytest.raises(HistoryError, match=r"^git cannot read .* is corrupt\. `git fsck` may tell more\.$"):
            history(tmp_path)


def test_a_folder_that_should_be_a_repository_is_told(tmp_path: Path) -> None:
    grown(tmp_path)
    (tmp_path / ".git" / "HEAD").write_text("nonsense")
    found = history(tmp_path)
    assert found.is_held_out
    assert found.problems == ("a .git that git does not know as a repository: 1",)


def test_a_repository_of_another_user_says_how_to_trust_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = grown(tmp_path / "it's here")
    others = {**git._environment(), "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    monkeypatch.setattr(git, "_environment", lambda: others)
    with pytest.raises(HistoryError, match="another user") as error:
        history(repository.folder / "src")
    words = shlex.split(str(error.value).partition("trust it: ")[2])
    assert words == ["git", "config", "--global", "--add", "safe.directory", str(repository.folder)]


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HistoryError, match="Install git"):
        history(tmp_path)


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
    grown(tmp_path, 8)
    assert history(tmp_path, n_keystrokes=200, seed=3) == history(tmp_path, n_keystrokes=200, seed=3)
    drawn = {history(tmp_path, n_keystrokes=60, seed=seed).hunks for seed in range(4)}
    assert len(drawn) > 1


def test_files_can_be_chosen(tmp_path: Path) -> None:
    repository = grown(tmp_path)
    repository.commit({"web/app.js": "function call(value) {\n  return value + 1;\n}\n"})
    assert {h.path for h in history(tmp_path, languages=("javascript",)).hunks} == {"web/app.js"}
    assert {h.path for h in history(tmp_path, paths=("src/*",)).hunks} == {"src/steps.py"}
