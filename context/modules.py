"""Which file an import statement may mean, judged by paths alone: no build system or search path is known."""

from __future__ import annotations

from pathlib import PurePosixPath

_FOLDERS_OWN = frozenset({"__init__", "index", "mod", "lib", "main"})
"""A file that is called so stands for the folder that it is in."""


def stem_of(path: str) -> str:
    """Return by what name other files ask for one: its own without any ending, or its folder's."""
    pure = PurePosixPath(path)
    stem = pure.name.split(".")[0]
    return pure.parent.name if stem in _FOLDERS_OWN and pure.parent.name else stem


def stems(module: str) -> list[str]:
    """Return the names that the file which a module's name means may have: its last part, or the one before."""
    parts = _parts(module)
    return list(dict.fromkeys(reversed(parts[-2:])))


def may_mean(module: str, path: str, importer: str, *, exactly: bool = False) -> bool:
    """Return whether an import may mean a file: its path ends as the module's name does (``a.b`` → ``…/a/b.py``).

    The last part may be a name in the module, unless it has to be the module ``exactly``.
    """
    here = list(PurePosixPath(importer).parent.parts)
    parts = _parts(module)
    if module.startswith("."):
        is_path = "/" in module or module in (".", "..")
        ups = module.split("/").count("..") if is_path else len(module) - len(module.lstrip(".")) - 1
        if ups > len(here):
            return False
        parts = [*here[: len(here) - ups], *parts]
    if not parts:
        return False
    pure = PurePosixPath(path)
    folder = list(pure.parent.parts)
    own = folder if pure.name.split(".")[0] in _FOLDERS_OWN else [*folder, pure.name.split(".")[0]]
    forms = [own, folder] if "/" in module and not module.startswith(".") else [own]  # Go's imports name folders
    shorter = parts[:-1] if len(parts) > 1 and not exactly else parts
    return any(_ends(form, parts) or _ends(form, shorter) for form in forms)


def _parts(module: str) -> list[str]:
    """Return the parts of a module's name or path, without an ending, dots and ways up."""
    name = module.replace("::", "/").replace("\\", "/")
    if "/" not in name and not name.endswith((".h", ".hpp", ".hh", ".js", ".ts", ".rb", ".php", ".css", ".lua", ".sh")):
        name = name.replace(".", "/")
    parts = [part for part in name.split("/") if part not in ("", ".", "..", "crate", "self", "super", "~", "@")]
    return [*parts[:-1], parts[-1].split(".")[0]] if parts else []


def _ends(path: list[str], parts: list[str]) -> bool:
    return len(path) >= len(parts) > 0 and path[len(path) - len(parts) :] == parts
