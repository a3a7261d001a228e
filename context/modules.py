"""Which file an import statement may mean, judged by paths alone: no build system or search path is known."""

from __future__ import annotations

from functools import lru_cache

_CACHED = 8192
_FOLDERS_OWN = frozenset({"__init__", "index", "mod", "lib", "main"})
"""A file that is called so stands for the folder that it is in."""


def stem_of(path: str) -> str:
    """Return by what name other files ask for one: its own without any ending, or its folder's."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    return folder.rpartition("/")[2] if stem in _FOLDERS_OWN and folder else stem


def stems(module: str) -> list[str]:
    """Return the names that the file which a module's name means may have: its last part, or the one before."""
    parts = _parts(module)
    return list(dict.fromkeys(reversed(parts[-2:])))


def may_mean(module: str, path: str, importer: str, *, exactly: bool = False) -> bool:
    """Return whether an import may mean a file: its path ends as the module's name does (``a.b`` → ``…/a/b.py``).

    The last part may be a name in the module, unless it has to be the module ``exactly``.
    """
    wanted = _wanted(module, importer.rpartition("/")[0])
    own, folder = _forms(path)
    if _ends(own, wanted) or (len(wanted) > 1 and not exactly and _ends(own, wanted[:-1])):
        return True
    # Go's imports name folders, from a place on that the repository does not tell.
    return path.endswith(".go") and _ends(wanted, folder)


@lru_cache(_CACHED)
def _wanted(module: str, here: str) -> tuple[str, ...]:
    """Return the way that an import in a file of the folder ``here`` names; nothing if it leads out of all folders."""
    parts = _parts(module)
    if not module.startswith("."):
        return parts
    above = tuple(here.split("/")) if here else ()
    is_path = "/" in module or module in (".", "..")
    ups = module.split("/").count("..") if is_path else len(module) - len(module.lstrip(".")) - 1
    return (*above[: len(above) - ups], *parts) if ups <= len(above) else ()


@lru_cache(_CACHED)
def _forms(path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the way to a file as others name it, and the way to its folder."""
    *folder, name = path.split("/")
    stem = name.split(".")[0]
    own = folder if stem in _FOLDERS_OWN else [*folder, stem]
    return tuple(own), tuple(folder)


@lru_cache(_CACHED)
def _parts(module: str) -> tuple[str, ...]:
    """Return the parts of a module's name or path, without an ending, dots and ways up."""
    name = module.replace("::", "/").replace("\\", "/")
    if "/" not in name and not name.endswith((".h", ".hpp", ".hh", ".js", ".ts", ".rb", ".php", ".css", ".lua", ".sh")):
        name = name.replace(".", "/")
    parts = [part for part in name.split("/") if part not in ("", ".", "..", "crate", "self", "super", "~", "@")]
    return (*parts[:-1], parts[-1].split(".")[0]) if parts else ()


def _ends(path: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    return len(path) >= len(parts) > 0 and path[len(path) - len(parts) :] == parts
