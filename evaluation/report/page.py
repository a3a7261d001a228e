"""A report as one HTML file: no scripts, nothing that is loaded, readable by day, by night and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #777; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.lead { font-size: 1.1rem; } .quiet, figcaption { color: var(--quiet); font-size: .9rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; margin: .6rem 0; }
th, td { text-align: right; padding: .25rem .7rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; white-space: nowrap; } th { font-weight: 600; }
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


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of plain texts, or nothing where there are no rows."""
    body = "".join(f"<tr>{_cells('td', row)}</tr>\n" for row in rows)
    return f'<div class="wide"><table><tr>{_cells("th", header)}</tr>\n{body}</table></div>\n' if body else ""


def note(text: str) -> str:
    """Return a paragraph in small print."""
    return f'<p class="quiet">{escape(text)}</p>\n'


def how_it_was_made(result: Mapping[str, Any], facts: Mapping[str, object]) -> str:
    """Return what somebody needs to repeat a run: what was measured, on which machine, with which settings."""
    machine = result.get("machine") or {}
    versions = ", ".join(f"{name} {version}" for name, version in (machine.get("versions") or {}).items())
    rows = [
        *facts.items(),
        ("machine", f"{machine.get('cpu')}, {machine.get('cores')} cores, {machine.get('memory_gb')} GB"),
    ]
    rows += [("system", f"{machine.get('system')}, Python {machine.get('python')}, {versions}")]
    settings = table(("setting", "value"), sorted((result.get("settings") or {}).items()))
    return table(("", ""), rows) + f"<details><summary>All settings</summary>{settings}</details>\n"


def share(value: float | None, digits: int = 1) -> str:
    """Return a share as percent, a dash where there is none."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def interval(bounds: Sequence[float] | None) -> str:
    """Return an interval of shares as percent."""
    return "" if not bounds else f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}"


def _cells(tag: str, values: Sequence[object]) -> str:
    return "".join(f"<{tag}>{escape(str(value))}</{tag}>" for value in values)
