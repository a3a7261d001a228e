"""Layers of settings: which one holds, and what is said about a key that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from midspan.completion.settings import Settings
from midspan.completion.settings_docs import render
from midspan.completion.settings_files import load


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("MIDSPAN_CONFIG", str(path))
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_defaults_without_any_file(user_file: Path, project: Path) -> None:
    assert load(project) == (Settings(), ())


def test_later_layers_win(user_file: Path, project: Path) -> None:
    user_file.write_text("[completion]\ndeadline_ms = 700\nmax_line_tokens = 10\nkind = 'line'\n")
    (project / "midspan.toml").write_text("[completion]\ndeadline_ms = 800\nmax_line_tokens = 11\n")
    settings, warnings = load(project, {"completion": {"deadline_ms": 900}})
    assert warnings == ()
    assert settings.completion.deadline_ms == 900
    assert settings.completion.max_line_tokens == 11
    assert settings.completion.kind == "line"


@pytest.mark.parametrize("section", ["backend", "host"])
def test_a_project_may_not_say_what_runs_or_where_text_goes(section: str, user_file: Path, project: Path) -> None:
    (project / "midspan.toml").write_text(f"[{section}]\nmodel = 'evil'\n[completion]\nkind = 'line'\n")
    settings, warnings = load(project)
    assert getattr(settings, section).model != "evil"
    assert settings.completion.kind == "line"
    (warning,) = warnings
    assert f"{section}.model" in warning
    assert str(user_file) in warning


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"completion": {"enabeld": False}}, "Did you mean `enabled`?"),
        ({"completion": {"maxLineTokens": 3}}, "Did you mean `max_line_tokens`?"),
        ({"complete": {"enabled": False}}, "Did you mean `completion`?"),
        ({"deadline_ms": 5}, "Did you mean `completion.deadline_ms`?"),
        ({"completion": {"deadline_ms": "fast"}}, "completion.deadline_ms"),
        ({"completion": {"deadline_ms": 1}}, "a whole number, at least 50"),
        ({"completion": {"kind": "paragraph"}}, "`auto` or `line` or `block`"),
        ({"completion.kind": ["line"]}, "completion.kind"),
        ({"host": 3}, "is a section"),
        ({"zzz": {"y": 1}}, "`zzz` is no section"),
    ],
)
def test_a_wrong_key_is_named_and_left_out(overrides: dict[str, object], said: str, user_file: Path) -> None:
    settings, (warning,) = load(None, {**overrides, "completion.max_block_tokens": 9})
    assert said in warning
    assert settings == load(None, {"completion.max_block_tokens": 9})[0]


def test_a_broken_file_is_named_and_left_out(user_file: Path, project: Path) -> None:
    user_file.write_text("[completion\n")
    (project / "midspan.toml").write_bytes(b"\xff\xfe")
    settings, warnings = load(project)
    assert settings == Settings()
    assert len(warnings) == 2
    assert "not valid TOML" in warnings[0]
    assert "cannot be read" in warnings[1]


def test_only_regular_files_are_read(user_file: Path, project: Path) -> None:
    import os

    os.mkfifo(project / "midspan.toml")
    assert load(project) == (Settings(), ())


def test_the_documentation_is_the_schema() -> None:
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    assert page.read_text("utf-8") == render(), (
        "run: python -m midspan.completion.settings_docs > docs/configuration.md"
    )


def test_the_editor_may_not_name_the_variable_that_holds_the_key(user_file: Path) -> None:
    settings, (warning,) = load(None, {"backend": {"api_key_env": "AWS_SECRET_ACCESS_KEY"}})
    assert settings.backend.api_key_env == "MIDSPAN_API_KEY"
    assert "may be set only in" in warning
    user_file.write_text("[backend]\napi_key_env = 'MY_KEY'\n")
    assert load()[0].backend.api_key_env == "MY_KEY"


def test_a_model_path_in_a_file_is_relative_to_it(user_file: Path) -> None:
    user_file.write_text("[host]\nmodel = './mine'\n")
    assert load()[0].host.model == str(user_file.parent / "mine")
