"""The code map of docs/architecture.md: a line for each file, which is the first line of what it says of itself.

`python tests/code_map.py` writes it anew (`make docs`); a test compares.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
HEADING = "\n## Code map\n"

ROOMS = {
    "server": "LSP, the editors' quirks, settings, lifetimes. Knows neither prompts nor torch.",
    "completion": "What a good proposal is: asking, shaping, ranking, filtering. Knows neither LSP nor torch.",
    "context": "Text, syntax, the place of the cursor. Knows neither LSP nor models nor HTTP.",
    "host": "Weights, encoded tokens, devices, serving. Knows neither editors nor documents.",
    "evaluation": "Measuring all of it from outside.",
    "cli": "The commands; no logic of their own.",
}


def render() -> str:
    """Return the section's tables as they should be."""
    return "\n".join(_table(room, about) for room, about in ROOMS.items())


def written() -> str:
    """Return the section's tables as they stand in the page."""
    section = PAGE.read_text("utf-8").partition(HEADING)[2].partition("\n## ")[0]
    return section[section.index("\n### ") :].strip("\n")


def write() -> None:
    """Put the tables into the page, below the section's first paragraph."""
    page = PAGE.read_text("utf-8")
    before, heading, rest = page.partition(HEADING)
    section, next_heading, after = rest.partition("\n## ")
    introduction = section.partition("\n### ")[0].strip("\n")
    tables = render().strip("\n")
    PAGE.write_text(f"{before}{heading}\n{introduction}\n\n{tables}\n{next_heading}{after}", encoding="utf-8")


def _table(room: str, about: str) -> str:
    lines = [f"### {room}/", "", about, "", "| file | |", "|---|---|"]
    lines += [f"| `{path.relative_to(ROOT).as_posix()}` | {_about(path)} |" for path in _files(ROOT / room)]
    return "\n".join([*lines, ""])


def _files(folder: Path) -> Iterator[Path]:
    found = (path for path in folder.rglob("*") if path.suffix in (".py", ".scm"))
    named = (path for path in found if path.name != "__init__.py")
    yield from sorted(named, key=lambda path: (path.parent.as_posix(), path.name))


def _about(path: Path) -> str:
    text = path.read_text("utf-8")
    if path.suffix == ".scm":
        comment = text.startswith("; ")
        first = text.partition("\n")[0].removeprefix("; ") if comment else f"The queries for {path.stem}"
    else:
        first = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    return first.rstrip(".").replace("|", "\\|")


if __name__ == "__main__":
    write()
