"""One drawing of `midspan bench typing`: each system's times, and how midspan's compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import plots


def typing_svg(result: Mapping[str, Any]) -> str:
    """Return the drawing for a result of `midspan bench typing`. Raises ReportError where it can't be made."""
    systems = {name: one for name, one in result["systems"].items() if not one.get("missing")}
    names = ["midspan", *(name for name in systems if name != "midspan")]
    labels = [_label(name, result["ratio"].get(name)) for name in names]
    series = {quantile: [systems[name][f"{quantile}_ms"] for name in names] for quantile in ("p50", "p95")}
    return plots.bars(labels, series, "ms from key to whole text, where the model was asked", scale=1, form="{:.0f}")


def _label(name: str, ratio: Mapping[str, Any] | None) -> str:
    if not ratio or not ratio["p50"]:
        return name
    return f"{name} (midspan takes {ratio['p50']:.2f} of it)"
