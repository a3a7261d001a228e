"""A small list of open models that fill holes well, by size: what each needs and under which licence it comes.

Plain data. Sizes are of the bf16 weights; `parameters` are rounded. A revision of None is resolved when the model
is downloaded, and recorded in its manifest. Quality figures: pass@1 on HumanEval-Infilling (single lines / several
lines), exact match on SantaCoder's FIM set, from the reports of the models' makers.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A model on the hub. ``parameters`` in billions, ``download_mb`` in megabytes; ``fim`` as in completion/fim.py."""

    name: str
    repo: str
    licence: str
    parameters: float
    download_mb: int
    fim: str
    note: str
    revision: str | None = None


CATALOG: tuple[CatalogEntry, ...] = (
    CatalogEntry(
        name="granite-4.0-350m",
        repo="ibm-granite/granite-4.0-350m-base",
        licence="Apache-2.0",
        parameters=0.35,
        download_mb=710,
        fim="granite",
        note="the smallest that was trained on holes; for a laptop without GPU",
        revision="a50b46cef21c8a86b15f0496cb794487a78a910b",
    ),
    CatalogEntry(
        name="qwen2.5-coder-0.5b",
        repo="Qwen/Qwen2.5-Coder-0.5B",
        licence="Apache-2.0",
        parameters=0.49,
        download_mb=1000,
        fim="qwen",
        note="best quality for its size (75-79 % single lines, 40-47 % several); first choice for a laptop",
        revision="8123ea2e9354afb7ffcc6c8641d1b2f5ecf18301",
    ),
    CatalogEntry(
        name="deepseek-coder-1.3b",
        repo="deepseek-ai/deepseek-coder-1.3b-base",
        licence="DeepSeek licence (commercial use allowed, use restrictions)",
        parameters=1.35,
        download_mb=2700,
        fim="deepseek",
        note="older, still good on single lines",
        revision="c919139c3a9b4070729c8b2cca4847ab29ca8d94",
    ),
    CatalogEntry(
        name="qwen2.5-coder-1.5b",
        repo="Qwen/Qwen2.5-Coder-1.5B",
        licence="Apache-2.0",
        parameters=1.54,
        download_mb=3100,
        fim="qwen",
        note="83.5 % exact on single lines; Apple silicon or a small GPU",
        revision="df3ce67c0e24480f20468b6ef2894622d69eb73b",
    ),
    CatalogEntry(
        name="granite-4.0-1b",
        repo="ibm-granite/granite-4.0-1b-base",
        licence="Apache-2.0",
        parameters=1.63,
        download_mb=3300,
        fim="granite",
        note="general model that also fills holes; training data documented",
    ),
    CatalogEntry(
        name="starcoder2-3b",
        repo="bigcode/starcoder2-3b",
        licence="BigCode OpenRAIL-M (use restrictions)",
        parameters=3.03,
        download_mb=12_200,
        fim="starcoder",
        note="17 languages, training data open; its files are fp32, hence the download",
        revision="733247c55e3f73af49ce8e9c7949bf14af205928",
    ),
    CatalogEntry(
        name="qwen2.5-coder-3b",
        repo="Qwen/Qwen2.5-Coder-3B",
        licence="Qwen Research licence (no commercial use)",
        parameters=3.09,
        download_mb=6200,
        fim="qwen",
        note="mind the licence: research only",
        revision="09d9bc5d376b0cfa0100a0694ea7de7232525803",
    ),
    CatalogEntry(
        name="mellum-4b",
        repo="JetBrains/Mellum-4b-base",
        licence="Apache-2.0",
        parameters=4.02,
        download_mb=8100,
        fim="mellum",
        note="made for completion in editors, knows other files (its -sft-python: 80.5 / 48.2 %)",
    ),
    CatalogEntry(
        name="qwen2.5-coder-7b",
        repo="Qwen/Qwen2.5-Coder-7B",
        licence="Apache-2.0",
        parameters=7.61,
        download_mb=15_300,
        fim="qwen",
        note="86.2 % exact on single lines; a GPU with 24 GB, or a host for the team",
        revision="0396a76181e127dfc13e5c5ec48a8cee09938b02",
    ),
)


def look_up(name: str) -> CatalogEntry | None:
    """Return the entry with that name, or of that repository on the hub."""
    wanted = name.lower()
    return next((entry for entry in CATALOG if wanted in (entry.name, entry.repo.lower())), None)


def suggest(name: str) -> str | None:
    """Return the catalogue's name that looks most like this one, if any does."""
    names = ["default", *(entry.name for entry in CATALOG)]
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    return close[0] if close else None
