"""A report as one HTML file: no scripts, nothing that is loaded, readable by day, by night and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from ...completion.settings import Settings
from ..subject import flat

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #666; }
@media (prefers-color-scheme: dark) { :root { --quiet: #aaa; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.lead { font-size: 1.1rem; } .quiet, figcaption, summary { color: var(--quiet); font-size: .9rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; margin: .6rem 0; }
th, td { text-align: right; vertical-align: top; padding: .25rem .7rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; vertical-align: bottom; } small { color: var(--quiet); white-space: nowrap; }
.name { text-align: left; overflow-wrap: anywhere; } .name:first-child { min-width: 8rem; }
figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; } .wide { overflow-x: auto; }
details { margin: 1rem 0; } code { font-size: .9em; overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } details { display: none; } figure { break-inside: avoid; } }
"""


def page(title: str, lead: str, parts: Iterable[str]) -> str:
    """Return a whole page. ``title`` and ``lead`` are plain texts, ``parts`` are HTML."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n"
        f'<p class="lead">{escape(lead)}</p>\n' + "\n".join(parts) + "\n</body></html>\n"
    )


def section(heading: str, *parts: str) -> str:
    """Return a section, or nothing where it would be empty."""
    return f"<section><h2>{escape(heading)}</h2>\n{''.join(parts)}</section>" if any(parts) else ""


def figure(svg: str, caption: str) -> str:
    """Return a drawing with a text below it; the text is what a screen reader tells."""
    drawn = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(caption)}" ', 1)
    return f"<figure>{drawn}<figcaption>{escape(caption)}</figcaption></figure>\n"


def table(header: Sequence[str], rows: Iterable[Sequence[object]], n_names: int = 1) -> str:
    """Return a table of plain texts, or nothing where there are no rows.

    The first ``n_names`` columns are words, the others figures; a figure's second line is set in small print.
    """
    body = "".join(f"<tr>{_cells('td', row, n_names)}</tr>\n" for row in rows)
    head = f"<tr>{_cells('th', header, n_names)}</tr>\n" if header else ""
    return f'<div class="wide"><table>{head}{body}</table></div>\n' if body else ""


def details(summary: str, html: str) -> str:
    """Return what is shown only to who asks for it, or nothing where there is nothing."""
    return f"<details><summary>{escape(summary)}</summary>{html}</details>\n" if html else ""


def note(text: str) -> str:
    """Return a paragraph in small print."""
    return f'<p class="quiet">{escape(text)}</p>\n'


def how_it_was_made(result: Mapping[str, Any], facts: Mapping[str, object]) -> str:
    """Return what somebody needs to repeat a run: what was measured, on which machine, with which settings."""
    machine, settings = result["machine"], result["settings"]
    usual = flat(Settings())
    changed = [f"{name} = {value}" for name, value in sorted(settings.items()) if value != usual.get(name)]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    rows = [
        *facts.items(),
        ("settings unlike the defaults", ", ".join(changed) or "none"),
        ("machine", f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, load {machine['load']}"),
        ("system", f"{machine['system']}, Python {machine['python']}, {versions}"),
    ]
    return table((), rows, 2) + details("All settings", table(("setting", "value"), sorted(settings.items()), 2))


def share(value: float | None, digits: int = 1) -> str:
    """Return a share as percent, a dash where there is none."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def interval(bounds: Sequence[float] | None) -> str:
    """Return an interval of shares as percent."""
    return "" if not bounds else f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}"


def p_value(p: float) -> str:
    """Return how likely a difference is by chance, for people."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def differences(rows: Iterable[tuple[str, Mapping[str, float]]], scale: float) -> str:
    """Return paired differences (``stats.Difference``) as a table; a ``scale`` of 100 makes shares percent."""
    digits = 1 if scale == 100 else 3
    cells = [
        (
            name,
            f"{scale * one['b']:.{digits}f}",
            f"{scale * one['a']:.{digits}f}",
            f"{scale * one['difference']:+.{digits}f}\n"
            f"{scale * one['low']:+.{digits}f} to {scale * one['high']:+.{digits}f}",
            p_value(one["p"]),
            one["n"],
        )
        for name, one in rows
    ]
    return table(("", "this", "other", "difference", "", "n"), cells)


def _cells(tag: str, values: Sequence[object], n_names: int) -> str:
    kinds = [' class="name"' if i < n_names else "" for i in range(len(values))]
    return "".join(f"<{tag}{kind}>{_lines(str(value))}</{tag}>" for kind, value in zip(kinds, values, strict=True))


def _lines(text: str) -> str:
    first, *rest = text.split("\n")
    return escape(first) + "".join(f"<br><small>{escape(line)}</small>" for line in rest)
