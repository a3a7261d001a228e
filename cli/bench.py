"""`midspan bench`: side-by-side measurements on this machine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .measuring import FILE, percent, progress, sources_of
from .output import table
from .overrides import set_option

if TYPE_CHECKING:
    from ..completion.settings import HostSettings, Settings


@click.group(short_help="Measure speed on this machine, side by side.")
def command() -> None:
    """Measure speed on this machine. Medians and spread; docs/benchmarks.md keeps what was found."""


@command.command("server", short_help="The language server: start, memory, one-line proposals.")
@click.option("--starts", type=click.IntRange(2), default=10, show_default=True, help="Starts of each server.")
@click.option(
    "--places", type=click.IntRange(0), default=100, show_default=True, help="Places to type at; 0 needs no model."
)
@click.option(
    "--files",
    type=click.IntRange(0),
    default=2_000,
    show_default=True,
    help="Files of a repository that is made and indexed.",
)
@click.option("--seed", default=1, show_default=True, help="Which places.")
@click.option("--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the figures here.")
def server(starts: int, places: int, files: int, seed: int, out: Path | None) -> None:
    """Start the server in turn with a bare pygls one, then type at random places of a real file."""
    from ..evaluation.bench import server as bench

    figures = bench.run(starts, places, seed, _progress, n_indexed=files)
    _show(figures, out)


@command.command("context", short_help="Whether what answers need is found in their repositories, and how fast.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sources", default="all", show_default=True, metavar="all|SOURCE,...", help="Sources to ask.")
@click.option("--tokens", default=512, show_default=True, type=click.IntRange(1), help="Tokens of snippets.")
@click.option("--limit", default=0, show_default=True, type=click.IntRange(0), help="Most tasks of each file; 0: all.")
@click.option("--seed", default=1, show_default=True, help="Which tasks.")
@click.option("--json", "out", type=FILE, help="Also write the figures here.")
def context(files: tuple[Path, ...], sources: str, tokens: int, limit: int, seed: int, out: Path | None) -> None:
    """Gather for each of the tasks FILES, which come with repositories (python -m midspan.evaluation.crossfile)."""
    from ..evaluation.bench.context import measure
    from ..evaluation.subject import settings_of

    figures = measure(files, sources_of(sources), tokens, limit or None, seed, settings_of({}), _progress)
    _show(figures, out)


@command.command("typing", short_help="Real typing through the whole server, beside other engines.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--against", default="", metavar="NAMES", help="llama.cpp, llama.cpp-q4, transformers (with commas).")
@click.option("--typist", default="average", show_default=True, type=click.Choice(("fast", "average", "slow")))
@click.option("--segments", default=16, show_default=True, type=click.IntRange(1), help="Stretches that are typed.")
@click.option("--keys", default=40, show_default=True, type=click.IntRange(2), help="Most keys of each.")
@click.option("--seed", default=1, show_default=True, help="Which stretches, and how they are typed.")
@set_option
@click.option("--json", "out", type=FILE, help="Also write the figures here.")
@click.option("--svg", type=FILE, help="Write a drawing here.")
def typing(
    files: tuple[Path, ...],
    against: str,
    typist: str,
    segments: int,
    keys: int,
    seed: int,
    overrides: dict[str, object],
    out: Path | None,
    svg: Path | None,
) -> None:
    """Type FILES (or Python's own library) at human pace, and give each peer the prompts that our host was given.

    `ratio` is midspan's time over the peer's, from a key to whole text, where midspan's model was asked: below 1,
    midspan is faster. `make peers` builds what is compared with.
    """
    from ..evaluation.bench import typing as bench
    from ..evaluation.report import plots, typing_plot
    from ..evaluation.results import as_json, check_writable, write

    if svg is not None:
        plots.check()
    check_writable(out, svg)
    settings = _settings(overrides)
    if not (settings.completion.enabled and settings.completion.automatic):
        raise click.ClickException("Nothing is asked while typing: completion.enabled or completion.automatic is off.")
    if settings.backend.kind != "host":
        raise click.ClickException("Typing is measured with midspan's own model host: leave out backend.kind.")
    names = tuple(filter(None, map(str.strip, against.split(","))))
    options = bench.Options(settings, overrides, files, names, typist, segments, keys, seed)
    with progress() as (say, advance):
        result = asyncio.run(bench.measure(options, say, advance))
    if out is not None:
        write(out, as_json(result))
    if svg is not None:
        write(svg, typing_plot.typing_svg(result))
    click.echo(_typing_table(result))


@command.command("editors", short_help="Typing without waiting, ten windows, an idle machine.")
@click.option("--segments", default=8, show_default=True, type=click.IntRange(1), help="Stretches that are typed.")
@click.option("--seed", default=1, show_default=True, help="Which stretches, and how they are typed.")
@set_option
@click.option("--json", "out", type=FILE, help="Also write the figures here.")
def editors(segments: int, seed: int, overrides: dict[str, object], out: Path | None) -> None:
    """Type fast in files that were just opened, count what typing costs, and what ten windows take."""
    from ..evaluation.bench import editors as bench

    _measure_host(lambda host: bench.measure(host, overrides, segments, seed, _progress), overrides, out)


@command.command("engine", short_help="The model alone, beside what memory and arithmetic allow.")
@set_option
@click.option("--json", "out", type=FILE, help="Also write the figures here.")
def engine(overrides: dict[str, object], out: Path | None) -> None:
    """Time steps, prompts and starts of the model; `*_of_bound` and `*_of_peak` are shares of what is possible."""
    from ..evaluation.bench import engine as bench

    _measure_host(lambda host: bench.measure(host, _progress), overrides, out)


@command.command("gpu", short_help="Our decoder on a GPU, on random weights of known shapes.")
@click.option("--shapes", default="0.5b,1.5b,7b", show_default=True, help="Which of Qwen2.5-Coder's (with commas).")
@click.option("--device", default="cuda", show_default=True, type=click.Choice(("cuda", "mps", "cpu")))
@click.option("--json", "out", type=FILE, help="Also write the figures here.")
def gpu(shapes: str, device: str, out: Path | None) -> None:
    """Time first tokens and steps beside transformers' generation with a static cache. Needs no model."""
    from ..evaluation.bench import gpu as bench
    from ..evaluation.results import check_writable

    names = [name.strip().lower() for name in shapes.split(",")]
    if unknown := [name for name in names if name not in bench.SHAPES]:
        raise click.BadParameter(f"{unknown[0]}: known are {', '.join(bench.SHAPES)}.", param_hint="--shapes")
    check_writable(out)
    _show(bench.measure(names, device, _progress), out)


@command.command("proposals", short_help="What the pipeline makes of a model's raw text.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="TASKS.jsonl.gz...")
@click.option(
    "--limit", default=30, show_default=True, type=click.IntRange(0), help="Most tasks of each set; 0 takes all."
)
@click.option("--seed", default=1, show_default=True, help="Which tasks.")
@set_option
@click.option("--json", "out", type=FILE, help="Also write the figures here.")
def proposals(files: tuple[Path, ...], limit: int, seed: int, overrides: dict[str, object], out: Path | None) -> None:
    """Ask in the holes of TASKS as by key; judge what is proposed beside the model's raw text, type it, and take it."""
    from ..evaluation.bench import proposals as bench
    from ..evaluation.results import check_writable
    from ..evaluation.subject import settings_of

    check_writable(out)
    options = bench.Options(files, limit or None, seed)
    with progress() as (say, advance):
        result = asyncio.run(bench.measure(settings_of(overrides), options, say, advance))
    _show(result, out)


def _measure_host(
    measure: Callable[[HostSettings], Coroutine[Any, Any, dict[str, Any]]],
    overrides: dict[str, object],
    out: Path | None,
) -> None:
    from ..evaluation.results import check_writable

    check_writable(out)
    _show(asyncio.run(measure(_settings(overrides).host)), out)


def _settings(overrides: dict[str, object]) -> Settings:
    """Return the user's settings with those of ``--set``."""
    from ..completion.settings_files import load, problems_of

    if problems := problems_of(overrides):
        raise click.BadParameter(" ".join(problems), param_hint="--set")
    return load(None, overrides)[0]


def _show(result: dict[str, Any], out: Path | None) -> None:
    from ..evaluation.results import as_json, write

    text = as_json(result)
    if out is not None:
        write(out, text)
    click.echo(text)


def _typing_table(result: dict[str, Any]) -> str:
    rows = [
        ("", "p50 ms", "p95 ms", "p99 ms", "in time", "midspan/peer p50", "p95", "CPU s/shown", "RSS MB", "tokens/key")
    ]
    for name, one in result["systems"].items():
        if one.get("missing"):
            rows.append((name, one["missing"], *[""] * 8))
            continue
        ratio = result["ratio"].get(name, {})
        times = [_figure(one[key], 0) for key in ("p50_ms", "p95_ms", "p99_ms")]
        ratios = [_with_bounds(ratio, key) for key in ("p50", "p95")]
        costs = [_figure(one["cpu_s"], 2), _figure(one["rss_mb"], 0), _figure(one["tokens_per_keystroke"], 1)]
        rows.append((name, *times, percent(one["answered_in_time"], 0), *ratios, *costs))
    felt = result["felt"]
    in_words = f"p50 {_figure(felt['p50_ms'], 0)} ms, p95 {_figure(felt['p95_ms'], 0)} ms"
    shares = f"{percent(felt['answered'])} of keys, {percent(felt['reused_share'])} of it without asking the model"
    return "\n".join(
        [
            f"{result['n_keystrokes']} keys; at {result['n']} midspan's model was asked; times are those of the "
            f"{result['n_looks']} of these at which the typist waited for the answer",
            table(rows),
            f"felt, also where no model was asked: {in_words}; text on screen after {shares}",
        ]
    )


def _with_bounds(ratio: dict[str, Any], key: str) -> str:
    bounds = ratio.get(f"{key}_ci95")
    if not bounds or None in bounds:
        return _figure(ratio.get(key), 2)
    return f"{ratio[key]:.2f} ({bounds[0]:.2f} to {bounds[1]:.2f})"


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _progress(message: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{message}\033[K", nl=False, err=True)
