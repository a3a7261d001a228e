"""`--set key=value`: settings for one command, over those of the files."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable

import click


def parse(texts: Iterable[str]) -> dict[str, object]:
    """Return settings by dotted name. Values are TOML; a bare word is a text. Raises click.BadParameter."""
    return dict(_pair(text) for text in texts)


def _pair(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or "." not in name:
        raise click.BadParameter(f'"{text}" is not section.key=value, such as completion.max_lines=1.')
    return name.strip(), _value(value.strip())


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    callback=lambda context, option, texts: parse(texts),
    help="A setting for this run, such as completion.max_lines=1 (can be repeated).",
)
