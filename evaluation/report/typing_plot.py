"""One drawing of `midspan bench typing`: each system's times, and how midspan's compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import plots

_ALONE = "<style>svg { color: #222; } @media (prefers-color-scheme: dark) { svg { color: #ddd; } }</style>"
"""A drawing that stands in no page of ours has no text around it to take its colour from."""


def typing_svg(result: Mapping[str, Any]) -> str:
    """Return the drawing for a result of `midspan bench typing`. Raises ReportError where it can't be made."""
    systems = {name: one for name, one in result["systems"].items() if not one.get("missing")}
    names = ["midspan", *(name for name in systems if name != "midspan")]
    labels = [_label(name, result["ratio"].get(name)) for name in names]
    series = {quantile: [systems[name][f"{quantile}_ms"] for name in names] for quantile in ("p50", "p95")}
    told = "ms from key to whole text, where the model was asked"
    svg = plots.bars(labels, series, told, scale=1, form="{:,.0f}")
    start = svg.index(">", svg.index("<svg")) + 1
    return f"{svg[:start]}<title>{told}</title>{_ALONE}{svg[start:]}"


def _label(name: str, ratio: Mapping[str, Any] | None) -> str:
    if not ratio or not ratio["p50"]:
        return name
    return f"{name} (midspan: {ratio['p50']:.2f} × its p50)"
