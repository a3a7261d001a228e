"""Which files are excluded: as git says it, by other tools' ignore files, and by what they are called."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from midspan.context.exclusions import IGNORE_FILES, is_excluded, may_hold_secrets
from midspan.context.walk import source_files

GIT = shutil.which("git")


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def found(root: Path, *patterns: str) -> list[str]:
    return sorted(one.path for one in source_files(root, patterns))


@pytest.mark.parametrize(
    "path",
    [
        *(
            ".env",
            ".env.local",
            "prod.env",
            "a/.envrc",
            "id_rsa",
            "id_ed25519.pub",
            "server.pem",
            "x/tls.key",
            ".npmrc",
        ),
        *("credentials", "credentials.json", "client_secret.json", "secrets.yaml", "terraform.tfstate", "a.tfvars"),
        *("service-account-prod.json", ".ssh/config", "home/.aws/config", "ssh_host_rsa_key", "vault.kdbx", "K.PEM"),
    ],
)
def test_what_may_hold_secrets(path: str) -> None:
    assert may_hold_secrets(path)
    assert is_excluded(Path("/nowhere"), path)


@pytest.mark.parametrize(
    "path", ["secrets.py", "credentials.go", ".env.example", "env.py", "keys.ts", "monkey.py", "a/b"]
)
def test_what_only_sounds_so(path: str) -> None:
    assert not may_hold_secrets(path)


@pytest.mark.parametrize("name", IGNORE_FILES)
def test_every_tools_file_counts(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"a.py": "", "b.py": "", "sub/a.py": "", "sub/c.py": "", name: "a.py\n"})
    assert found(tmp_path) == ["b.py", "sub/c.py"]
    assert is_excluded(tmp_path, "sub/a.py")
    assert not is_excluded(tmp_path, "b.py")


def test_one_tool_takes_back_nothing_of_anothers(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"a.py": "", ".gitignore": "!a.py\n", ".aiignore": "a.py\n", "sub/a.py": "", "sub/.gitignore": "!a.py"},
    )
    assert found(tmp_path) == []


def test_the_users_own_patterns_count(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "", "gen/b.py": "", "c.py": ""})
    assert found(tmp_path, "gen/", "c.*") == ["a.py"]
    assert is_excluded(tmp_path, "gen/b.py", ("gen/",))


def test_what_tools_make_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "", "node_modules/x/index.js": "", ".venv/lib/b.py": "", ".git/hooks/c.py": ""})
    assert found(tmp_path) == ["a.py"]
    assert is_excluded(tmp_path, "node_modules/x/index.js")


def test_ignore_files_above_the_folder_count_up_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("d.py\n")
    inner = tmp_path / "services" / "one"
    write(inner, {"a.py": "", "b.py": "", "c.py": "", "d.py": ""})
    write(tmp_path, {".gitignore": "/services/one/a.py\n", "services/.aiignore": "b.py\n"})
    write(tmp_path.parent, {".gitignore": "c.py\n"})
    assert found(inner) == ["c.py"]


def test_a_folder_that_is_excluded_itself_was_opened_all_the_same(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "generated" / "lib"
    write(inner, {"a.py": "", "b.py": "", ".gitignore": "b.py\n"})
    write(tmp_path, {".gitignore": "generated/\n*.py\n"})
    assert found(tmp_path) == []
    assert found(inner) == ["a.py"]


def test_a_strange_ignore_file_does_no_harm(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "", "b.py": ""})
    (tmp_path / ".gitignore").write_bytes(b"\xff\xfe[\n!\n/\n**\\\nb.py\r\n#x\n\0\n")
    assert "b.py" not in found(tmp_path)
    (tmp_path / "sub").mkdir()
    os.mkfifo(tmp_path / "sub" / ".gitignore")
    write(tmp_path, {"sub/c.py": ""})
    assert "sub/c.py" in found(tmp_path)


NAMES = st.sampled_from(["a", "b", "lib", "x.py", "y.py", "z.go", "a b", "é.py", "[x].py"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PARTS = st.sampled_from(["a", "b", "lib", "*.py", "x.*", "**", "?.go", "[xy].py", "a b", "é*"])
PATTERNS = st.builds(
    lambda negated, rooted, parts, folder: negated + rooted + "/".join(parts) + folder,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(
        st.sampled_from(["a", "b", "lib", "*.py", "x.*", "**", "?.go", "[xy].py", "a b", "é*"]), min_size=1, max_size=3
    ),
    st.sampled_from(["", "", "/"]),
)


@pytest.mark.fuzz
@pytest.mark.skipif(GIT is None, reason="needs git")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.sets(PATHS, min_size=1, max_size=12),
    ignores=st.dictionaries(st.sampled_from(["", "a", "lib", "a/b"]), st.lists(PATTERNS, max_size=4), max_size=3),
)
def test_excluded_is_what_git_ignores(
    tmp_path_factory: pytest.TempPathFactory, paths: set[str], ignores: dict[str, list[str]]
) -> None:
    root = tmp_path_factory.mktemp("repository")
    for path in sorted(paths):
        full = root / path
        if not any(parent.is_file() for parent in full.parents) and not full.exists():
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_text("")
    for folder, patterns in ignores.items():
        if (root / folder).is_dir():
            (root / folder / ".gitignore").write_text("\n".join(patterns))
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    git = [str(GIT), "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True, env=environment)
    listing = [*git, "ls-files", "-z", "--others", "--exclude-standard"]
    run = subprocess.run(listing, check=True, capture_output=True, env=environment)
    kept = {path for path in run.stdout.decode().split("\0") if path.endswith((".py", ".go"))}
    assert set(found(root)) == kept
    for one in root.rglob("*"):
        path = one.relative_to(root).as_posix()
        if one.is_file() and path.endswith((".py", ".go")) and not path.startswith(".git/"):
            assert is_excluded(root, path) == (path not in kept)
    shutil.rmtree(root)
