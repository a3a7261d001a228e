"""The papers against the code: links, the code map, the tests that invariants name, commands and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import code_map
import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(path for path in (ROOT / "editors").rglob("*.md") if "node_modules" not in path.parts),
    ],
    key=lambda path: path.as_posix(),
)
ARCHITECTURE = ROOT / "docs" / "architecture.md"


def ids(path: Path) -> str:
    """How a page is named in the test report."""
    return path.relative_to(ROOT).as_posix()


def anchors(text: str) -> set[str]:
    """The anchors that a page's headings get, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        aim = (page.parent / name).resolve() if name else page
        if not aim.exists() or (anchor and anchor not in anchors(aim.read_text("utf-8"))):
            broken.append(target)
    assert not broken


def test_code_map_is_what_the_files_say_of_themselves() -> None:
    assert code_map.written() == code_map.render().strip("\n"), "run: make docs"


def invariants() -> Iterator[tuple[str, list[str]]]:
    """Each `Invariant:` line and the tests it names."""
    for line in ARCHITECTURE.read_text("utf-8").splitlines():
        if "Invariant:" in line:
            yield line, re.findall(r"`(tests/[^`]+)`", line)


def test_every_invariant_names_a_test_that_is_there() -> None:
    found = list(invariants())
    assert found
    wrong = [line for line, tests in found if not tests or not all(map(is_there, tests))]
    assert not wrong, "\n".join(wrong)


def is_there(name: str) -> bool:
    """Whether a test, `path::function`, or a file or folder of tests is there."""
    path, _, function = name.partition("::")
    there = (ROOT / path).exists()
    if function:
        there = there and re.search(rf"def {function}\b", (ROOT / path).read_text("utf-8")) is not None
    return there


def commands() -> set[str]:
    """The subcommands of midspan."""
    import click

    from midspan.cli.commands import group

    return set(group.list_commands(click.Context(group)))


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_commands_that_are_named_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    wrong = {f"make {name}" for name in re.findall(r"`make ([a-z-]+)", text) if name not in targets}
    named = re.findall(r"(?:`|bin/)midspan ([a-z]+)", text)
    wrong |= {f"midspan {name}" for name in named if name not in commands()}
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_settings_that_are_named_exist(page: Path) -> None:
    import msgspec

    from midspan.completion.settings import Settings

    known = {
        f"{section.name}.{field.name}"
        for section in msgspec.structs.fields(Settings)
        for field in msgspec.structs.fields(section.type)
    }
    named = re.findall(r"`((?:completion|backend|host)\.[a-z_]+)`", page.read_text("utf-8"))
    modules = {"completion.fim"}
    assert set(named) - known - modules == set()
