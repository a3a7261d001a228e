"""The import rules of docs/architecture.md, checked in the source of every room; what must not be loaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("server", "completion", "context", "host", "evaluation", "cli")

MAY_IMPORT = {
    "context": set(),
    "completion": {"context"},
    "server": {"completion", "context"},
    "host": {"completion"},
    "evaluation": {"server", "completion", "context", "host"},
    "cli": {"server", "completion", "context", "host", "evaluation"},
}
# Beyond `host` → `completion`: only this one module of plain data.
HOST_MAY_IMPORT = {"midspan.completion.fim"}

SOLE_USER = {
    "tree_sitter": {"context"},
    "pathspec": {"context"},
    "httpx2": {"completion/backends", "host/models/fetch.py"},
    "pygls": {"server", "evaluation/bench/bare_server.py"},  # what our server's start is compared with
    "lsprotocol": {"server"},
    # One of the peers is transformers' own `generate`; what the engine is held against is measured in torch too.
    "torch": {"host", "evaluation/peers", *(f"evaluation/bench/{one}.py" for one in ("engine", "gpu", "limits"))},
    "transformers": {"host", "evaluation/peers", "evaluation/bench/gpu.py"},
    "numpy": {"host", "evaluation"},
    "matplotlib": {"evaluation/report"},
    "starlette": {"host"},
    "uvicorn": {"host"},
    "rich": {"cli"},
    "click": {"cli"},
}


def sources(room: str) -> Iterator[Path]:
    """Every Python file of a room."""
    yield from sorted((ROOT / room).rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything that a file imports, wherever in the file."""
    package = ["midspan", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def is_in(path: Path, place: str) -> bool:
    """Whether a file is, or lies in, a place given relative to the root."""
    return path.relative_to(ROOT).as_posix() == place or (ROOT / place) in path.parents


def where(path: Path, line: int) -> str:
    """A file and line as editors jump to them."""
    return f"{path.relative_to(ROOT)}:{line}"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    wrong = []
    for path in sources(room):
        for line, name in imported(path):
            parts = name.split(".")
            if parts[0] != "midspan" or len(parts) < 2 or parts[1] not in ROOMS or parts[1] == room:
                continue
            allowed = parts[1] in MAY_IMPORT[room]
            if room == "host":
                allowed = any(name == one or name.startswith(one + ".") for one in HOST_MAY_IMPORT)
            if not allowed:
                wrong.append(f"{where(path, line)}: {room} must not import {name}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_imported_through_the_namespace(room: str) -> None:
    """`import context` from the root would load a second copy of every class."""
    wrong = [
        f"{where(path, line)}: write midspan.{name} or a relative import"
        for path in sources(room)
        for line, name in imported(path)
        if name.split(".")[0] in ROOMS
    ]
    assert not wrong, "\n".join(wrong)


def test_tests_import_rooms_through_the_namespace() -> None:
    wrong = [
        f"{where(path, line)}: write midspan.{name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for line, name in imported(path)
        if name.split(".")[0] in ROOMS
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("library", SOLE_USER)
def test_a_library_is_used_only_by_its_room(library: str) -> None:
    wrong = []
    for room in ROOMS:
        for path in sources(room):
            if any(is_in(path, place) for place in SOLE_USER[library]):
                continue
            wrong += [
                f"{where(path, line)}: only {', '.join(sorted(SOLE_USER[library]))} may import {library}"
                for line, name in imported(path)
                if name.split(".")[0] == library or (library == "tree_sitter" and name.startswith("tree_sitter_"))
            ]
    assert not wrong, "\n".join(wrong)


def test_completion_init_stays_empty() -> None:
    """The host imports `completion.fim`: what stands in the package's own file would be loaded with it."""
    tree = ast.parse((ROOT / "completion" / "__init__.py").read_text(encoding="utf-8"))
    beyond = [node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    assert not beyond


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_public_says_what_it_does(room: str) -> None:
    wrong = []
    for path in sources(room):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if tree.body and ast.get_docstring(tree) is None:
            wrong.append(f"{where(path, 1)}: the module has no docstring")
        wrong += [f"{where(path, node.lineno)}: {node.name} has no docstring" for node in undocumented(tree)]
    assert not wrong, "\n".join(wrong)


def undocumented(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes of a module, and public methods, that have no docstring."""
    for node in definitions(tree.body):
        if ast.get_docstring(node) is None:
            yield node
        if isinstance(node, ast.ClassDef):
            yield from (
                method
                for method in definitions(node.body)
                if ast.get_docstring(method) is None and not is_setter(method)
            )


def definitions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public definitions directly in a body."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def is_setter(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether the definition is `@name.setter`, an overload or an override: documented elsewhere."""
    names = {decorator.attr for decorator in node.decorator_list if isinstance(decorator, ast.Attribute)}
    names |= {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
    return bool(names & {"setter", "overload", "override"})


FORBIDDEN = ("torch", "transformers", "huggingface_hub", "tokenizers", "starlette", "uvicorn", "numpy")


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("midspan.server.app", (*FORBIDDEN, "httpx2", "tree_sitter", "rich")),
        ("midspan.server.lifecycle", (*FORBIDDEN, "httpx2", "tree_sitter", "rich")),
        ("midspan.completion.completer", FORBIDDEN),
        ("midspan.completion.fim", (*FORBIDDEN, "httpx2", "msgspec", "tree_sitter")),
        ("midspan.cli.__main__", (*FORBIDDEN, "pygls", "httpx2", "tree_sitter")),
        ("midspan.host.models.store", (*FORBIDDEN, "httpx2")),
    ],
)
def test_a_module_does_not_load_what_it_must_not(module: str, forbidden: tuple[str, ...]) -> None:
    script = f"import sys, {module}; print(*(name for name in {forbidden!r} if name in sys.modules))"
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    assert child.stdout.split() == [], f"import {module} loads {child.stdout.strip()}"
