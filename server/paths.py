"""Documents' addresses → the short paths that a model is shown, and folders on disk.

Knows URIs (RFC 3986) of any scheme; touches no disk.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

_DRIVE = re.compile(r"^/([A-Za-z]):(?=/|$)")
SUFFIXES = {
    "c": ".c",
    "cpp": ".cpp",
    "csharp": ".cs",
    "css": ".css",
    "go": ".go",
    "html": ".html",
    "java": ".java",
    "javascript": ".js",
    "javascriptreact": ".jsx",
    "json": ".json",
    "jsonc": ".jsonc",
    "kotlin": ".kt",
    "lua": ".lua",
    "markdown": ".md",
    "php": ".php",
    "python": ".py",
    "ruby": ".rb",
    "rust": ".rs",
    "scala": ".scala",
    "shellscript": ".sh",
    "sql": ".sql",
    "swift": ".swift",
    "toml": ".toml",
    "typescript": ".ts",
    "typescriptreact": ".tsx",
    "yaml": ".yaml",
}
"""How files of a language end, by the language's id in LSP."""


def relative_path(uri: str, language_id: str, folders: Iterable[str]) -> str:
    """Return the document's path below its workspace folder, with forward slashes.

    The deepest of the ``folders`` (URIs) counts. A document outside all of them is called by its file name
    only, and one that was never saved by its language: `untitled.py`.
    """
    if uri.startswith("untitled:"):
        return "untitled" + SUFFIXES.get(language_id, "")
    root, path = _split(uri)
    below = [folder for other, folder in map(_split, folders) if other == root and _is_below(path, folder)]
    if not below:
        return posixpath.basename(path)
    return path[len(max(below, key=len)) :].lstrip("/")


def folder_on_disk(uri: str) -> Path | None:
    """Return the folder that a `file:` URI names, or None for any other."""
    parts = _urlsplit(uri)
    if parts is None or parts[0] != "file":
        return None
    _, authority, path = parts
    path = _DRIVE.sub(r"\1:", path)
    return Path(f"//{authority}{path}" if authority not in ("", "localhost") else path)


def _split(uri: str) -> tuple[str, str]:
    """Return what has to be equal for one path to be below another, and the path, normalised."""
    parts = _urlsplit(uri)
    if parts is None:
        return "", uri
    scheme, authority, path = parts
    path = posixpath.normpath(path.replace("\\", "/")) if path else ""
    # Editors write a drive as `C:`, `c:` or `c%3A`, sometimes all of them in one session.
    path = _DRIVE.sub(lambda match: f"/{match.group(1).lower()}:", path)
    return f"{scheme}://{authority.lower()}", path


def _urlsplit(uri: str) -> tuple[str, str, str] | None:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    return parts.scheme.lower(), parts.netloc, unquote(parts.path, errors="replace")


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")
