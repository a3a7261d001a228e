"""Stretches of real files that a benchmark takes out and types again."""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...context.languages import for_path
from ..errors import EvaluationError
from ..typing import Stroke, Typist, strokes

_STDLIB: tuple[str, ...] = (
    *("argparse.py", "configparser.py", "textwrap.py", "json/encoder.py", "http/cookies.py", "zipfile.py", "csv.py"),
    *("statistics.py", "tarfile.py", "calendar.py", "ftplib.py", "imaplib.py", "difflib.py", "gettext.py"),
)
_N_LINES = 8
_MAX_BYTES = 400_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A file with some lines taken out, and the keys that type the first of them again, at ``offset``."""

    name: str
    language_id: str
    text: str
    offset: int
    keys: tuple[Stroke, ...]


def segments(files: Sequence[Path], n: int, n_keys: int, typist: Typist, seed: int) -> tuple[Segment, ...]:
    """Return ``n`` segments of at most ``n_keys`` keys, of these files or else of Python's own library.

    Raises EvaluationError for files that can't be used.
    """
    chance = random.Random(seed)
    library = Path(sysconfig.get_paths()["stdlib"])
    paths = list(files) or [path for name in _STDLIB if (path := library / name).is_file()]
    texts = [(path, _text(path)) for path in paths]
    usable = [(path, text) for path, text in texts if len(text.split("\n")) > 3 * _N_LINES]
    if not usable:
        raise EvaluationError(f"No file has {3 * _N_LINES} lines. Give longer source files.")
    chance.shuffle(usable)
    return tuple(_segment(*usable[i % len(usable)], n_keys, typist, seed + i, chance) for i in range(n))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > _MAX_BYTES:
            raise EvaluationError(f"{path} is larger than {_MAX_BYTES // 1000} kB. Give smaller files.")
        return data.decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path} cannot be typed: {error}.") from error


def _segment(path: Path, text: str, n_keys: int, typist: Typist, seed: int, chance: random.Random) -> Segment:
    lines = text.split("\n")
    for _ in range(1000):
        first = chance.randrange(_N_LINES, len(lines) - _N_LINES)
        taken = lines[first : first + _N_LINES]
        if lines[first - 1].strip() and all(map(str.strip, taken[:2])) and len("".join(taken).strip()) > 4 * _N_LINES:
            break
    # Typing begins as a person does: with Enter at the end of the line above.
    head = "\n".join(lines[:first])
    tail = "\n" + "\n".join(lines[first + _N_LINES :])
    keys = strokes("\n" + "\n".join(taken), typist, seed)[:n_keys]
    language = for_path(path.as_posix())
    return Segment(path.name, language.language_ids[0] if language else "plaintext", head + tail, len(head), keys)
