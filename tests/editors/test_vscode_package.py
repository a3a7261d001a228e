"""The VS Code extension's manifest: its settings page is the schema's, and what no project may set it may not."""

from __future__ import annotations

import json
import re

from vscode_settings import PACKAGE, USER_ONLY, render

from midspan.completion.settings import Settings


def test_the_settings_are_those_of_the_schema() -> None:
    assert PACKAGE.read_text("utf-8") == render(), "run: make docs"


def test_a_project_may_not_say_where_text_goes_or_what_is_run() -> None:
    for section in json.loads(PACKAGE.read_text("utf-8"))["contributes"]["configuration"]:
        for name, one in section["properties"].items():
            is_users = name.split(".")[1] in (*USER_ONLY, "path", "package")
            assert one["scope"] == ("machine" if is_users else "resource"), name
    told = (PACKAGE.parent / "src" / "settings.ts").read_text("utf-8")
    user_only = re.search(r"USER_ONLY = \[(.*?)\]", told)
    assert user_only is not None
    assert tuple(re.findall(r"'(\w+)'", user_only[1])) == USER_ONLY
    assert set(USER_ONLY) < set(Settings.__struct_fields__)


def test_every_command_in_the_code_is_in_the_manifest() -> None:
    manifest = json.loads(PACKAGE.read_text("utf-8"))
    code = (PACKAGE.parent / "src" / "extension.ts").read_text("utf-8")
    table = re.search(r"const commands.*?= \{(.*?)\n    \};", code, re.DOTALL)
    assert table is not None
    in_code = {f"midspan.{name}" for name in re.findall(r"^\s+(\w+):", table[1], re.MULTILINE)}
    assert in_code == {command["command"] for command in manifest["contributes"]["commands"]}
