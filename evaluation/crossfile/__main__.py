"""``python -m midspan.evaluation.crossfile OUT``: fetches the packages, and cuts the cross-file tasks out of them.

OUT gets ``repositories/`` and ``crossfile.jsonl.gz``, tasks in the usual format (``evaluation.tasks``) with two more
keys: ``repository``, its folder relative to the task file, and ``needs``, the names that the answer takes from other
files, each with that file's path. The same seed cuts the same holes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from ...context.languages import for_path
from ..errors import EvaluationError
from .cut import Cut, Repository, cuts
from .packages import Package, unpack_all


def main() -> int:
    """Make the tasks; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m midspan.evaluation.crossfile", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--each", type=int, default=30, help="most holes of a package")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    try:
        unpacked = unpack_all(given.out / "repositories", _say)
    except EvaluationError as error:
        _say(str(error))
        return 1
    n_of: Counter[str] = Counter()
    with gzip.GzipFile(given.out / "crossfile.jsonl.gz", "wb", mtime=0) as file:
        for package, folder in unpacked:
            repository = Repository(folder)
            for number, cut in enumerate(cuts(repository, given.each, given.seed)):
                row = _row(package, folder, repository, cut, number)
                n_of[row["language"]] += 1
                file.write(json.dumps(row).encode() + b"\n")
            _say(f"{package.name}: {sum(n_of.values())} tasks by now")
    _say(", ".join(f"{language} {n}" for language, n in n_of.most_common()))
    return 0


def _row(package: Package, folder: Path, repository: Repository, cut: Cut, number: int) -> dict[str, Any]:
    text = repository.documents[cut.path].text
    language = for_path(cut.path)
    return {
        "id": f"{folder.name}-{number}",
        "source": "crossfile",
        "license": package.license,
        "language": language.language_ids[0] if language is not None else "",
        "path": cut.path,
        "group": folder.name,
        "prefix": text[: cut.start],
        "suffix": text[cut.end :],
        "answer": text[cut.start : cut.end],
        "repository": f"repositories/{folder.name}",
        "needs": [{"name": name, "path": path} for name, path in cut.needs],
    }


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
