"""Drawings as SVG texts, by matplotlib without any display.

Ink takes the colour of the page's text, so that a drawing can be read in light and dark. Equal input gives equal
text: no dates, no random names.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import ReportError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which people with every kind of colour vision can tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#e69f00", "#009e73", "#999999"
_INK = "#010203"
_MOST_CHARACTERS = 40
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # A dollar in a name is a dollar.
    "font.family": "sans-serif",
    "font.size": 10,
    **{f"axes.spines.{side}": False for side in ("top", "right", "left")},
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _INK),
    "ytick.major.size": 0,
    "axes.axisbelow": True,
    "grid.color": "#99999955",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a forest plot: a figure with its interval, and other figures to stand beside it."""

    label: str
    value: float
    low: float
    high: float
    beside: Mapping[str, float] = field(default_factory=dict)


def check() -> None:
    """Raise ReportError where drawings can't be made, before hours of work."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ReportError("Reports need matplotlib: pip install 'midspan[eval]'. --json works without.") from error


def forest(rows: Sequence[Row], label: str, *, name: str, scale: float = 100, zero: bool = False) -> str:
    """Return figures with their intervals, one below the other; ``zero`` marks the line of no difference."""
    with _Drawing(7.2, 0.7 + 0.34 * len(rows)) as drawing:
        axes = drawing.axes
        at = range(len(rows) - 1, -1, -1)
        for y, row in zip(at, rows, strict=True):
            axes.plot([scale * row.low, scale * row.high], [y, y], color=BLUE, linewidth=2.5, solid_capstyle="round")
            axes.plot([scale * row.value], [y], "o", color=BLUE, markersize=6, label=name if y == 0 else None)
        marks = {
            other: [(scale * row.beside[other], y) for y, row in zip(at, rows, strict=True) if other in row.beside]
            for row in rows
            for other in row.beside
        }
        for (other, places), (marker, colour) in zip(
            marks.items(), (("D", ORANGE), ("s", GREEN), ("x", GREY)), strict=False
        ):
            axes.plot(*zip(*places, strict=True), marker, color=colour, markersize=5, label=other)
        axes.set_yticks(list(at), [_label(row.label) for row in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        if zero:
            axes.axvline(0, color=_INK, linewidth=0.8)
        _finish(axes, label, legend=bool(marks), from_zero=not zero)
        return drawing.svg(label)


def bars(
    labels: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    label: str,
    *,
    scale: float = 100,
    form: str = "{:.1f}",
) -> str:
    """Return horizontal bars, a group for each label and a colour for each series, each bar with its figure.

    None is what was not reached.
    """
    height = 0.8 / max(1, len(series))
    with _Drawing(7.2, 0.7 + max(0.36, 0.24 * len(series)) * len(labels)) as drawing:
        axes = drawing.axes
        for i, (name, values) in enumerate(series.items()):
            places = [len(labels) - 1 - n + (len(series) / 2 - i - 0.5) * height for n in range(len(labels))]
            widths = [scale * (value or 0.0) for value in values]
            axes.barh(places, widths, height * 0.9, color=(BLUE, ORANGE, GREEN, GREY)[i % 4], label=name)
            for place, width, value in zip(places, widths, values, strict=True):
                text = "not reached" if value is None else form.format(width)
                axes.annotate(text, (width, place), (4, 0), textcoords="offset points", va="center", fontsize=9)
        axes.set_yticks(range(len(labels) - 1, -1, -1), list(map(_label, labels)))
        axes.set_ylim(-0.6, len(labels) - 0.4)
        axes.margins(x=0.12)
        _finish(axes, label, legend=len(series) > 1)
        return drawing.svg(label)


def calibration(bins: Sequence[Mapping[str, Any]]) -> str:
    """Return how often shown texts were right, by the model's own confidence in them."""
    with _Drawing(7.2, 3.4) as drawing:
        axes = drawing.axes
        told = [one for one in bins if one["shown"]]
        for one in told:
            middle, width = 50 * (one["low"] + one["high"]), 100 * (one["high"] - one["low"])
            height = 100 * one["right"] / one["shown"]
            axes.bar([middle], [height], 0.9 * width, color=BLUE)
            axes.annotate(
                f"n = {one['shown']}", (middle, height), (0, 3), textcoords="offset points", ha="center", fontsize=9
            )
        axes.plot([0, 100], [0, 100], color=_INK, linewidth=0.8, linestyle=(0, (4, 4)))
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 105)
        axes.set_ylabel("right, %")
        _finish(axes, "mean probability of a token, %", grid="y")
        return drawing.svg("confidence")


def distribution(values: Sequence[float], label: str, marks: Mapping[str, float | None]) -> str:
    """Return the share of values up to each value, on a logarithmic axis, with some places marked."""
    check()
    from matplotlib.ticker import LogLocator

    with _Drawing(7.2, 3.0) as drawing:
        axes = drawing.axes
        ordered = sorted(max(1.0, value) for value in values)
        axes.step(
            ordered, [100 * (i + 1) / len(ordered) for i in range(len(ordered))], where="post", color=BLUE, linewidth=2
        )
        for text, value in marks.items():
            if value is not None:
                axes.axvline(max(1.0, value), color=ORANGE, linewidth=1)
                axes.annotate(
                    f"{text} {value:.0f}", (max(1.0, value), 3), (4, 0), textcoords="offset points", fontsize=9
                )
        axes.set_xscale("log", subs=[])
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_ylim(0, 101)
        axes.set_ylabel("of answers, %")
        _finish(axes, label, grid="both")
        return drawing.svg(label)


def spread(series: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str) -> str:
    """Return how a saving spreads over places: each (whole, saved) is a step as wide as the whole and as high as the
    share, the highest first, so that areas are savings."""
    with _Drawing(7.2, 3.0) as drawing:
        axes = drawing.axes
        for (name, places), colour in zip(series.items(), (BLUE, ORANGE), strict=False):
            ordered = sorted(places, key=lambda place: -place[1] / place[0])
            edges = [0.0]
            for whole, _ in ordered:
                edges.append(edges[-1] + 100 * whole / sum(one for one, _ in ordered))
            heights = [100 * saved / whole for whole, saved in ordered]
            axes.stairs(heights, edges, fill=True, color=colour, alpha=0.15)
            axes.stairs(heights, edges, baseline=None, color=colour, linewidth=2, label=name)
        axes.axhline(0, color=_INK, linewidth=0.8)
        axes.set_xlim(0, 100)
        axes.set_ylabel(y_label)
        _finish(axes, x_label, legend=True, grid="y")
        return drawing.svg(x_label)


class _Drawing:
    """A figure with one pair of axes, drawn in our style."""

    axes: Axes

    def __init__(self, width: float, height: float) -> None:
        check()
        import matplotlib
        from matplotlib.figure import Figure

        self._context = matplotlib.rc_context(_STYLE)
        self._context.__enter__()
        self._figure: Figure = Figure(figsize=(width, height), layout="constrained")
        self.axes = self._figure.add_subplot()

    def __enter__(self) -> _Drawing:
        return self

    def __exit__(self, *error: object) -> None:
        self._context.__exit__(None, None, None)

    def svg(self, name: str) -> str:
        """Return the drawing; ``name`` keeps its inner names apart from other drawings' on the page."""
        import matplotlib

        matplotlib.rcParams["svg.hashsalt"] = name
        buffer = io.StringIO()
        with warnings.catch_warnings():
            # The reader's fonts draw the text, not ours.
            warnings.filterwarnings("ignore", "Glyph .* missing")
            self._figure.savefig(
                buffer,
                format="svg",
                transparent=True,
                metadata={"Date": None, "Creator": None, "Type": None, "Format": None},
            )
        text = buffer.getvalue()
        text = text[text.index("<svg") :].replace(_INK, "currentColor")
        text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        # Groups have the same names in each drawing, and nothing refers to them.
        return re.sub(r'<g id="[^"]*">', "<g>", text)


def _label(text: str) -> str:
    """Return a name with its middle left out where it would push the drawing aside."""
    half = _MOST_CHARACTERS // 2
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:half]}…{text[1 - half :]}"


def _finish(axes: Axes, label: str, *, legend: bool = False, grid: str = "x", from_zero: bool = False) -> None:
    axes.set_xlabel(label)
    if grid in ("x", "both"):
        axes.xaxis.grid(True)
    if grid in ("y", "both"):
        axes.yaxis.grid(True)
    if from_zero:
        axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
    if legend:
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, fontsize=9)
