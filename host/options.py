"""The command line of the host, checked. Knows words and numbers; opens nothing."""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn


class OptionsError(Exception):
    """The arguments make no sense together; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: exactly one of ``socket``, ``endpoint_file`` and ``listen`` (host, port) is set.

    ``idle_minutes`` 0 means for ever.
    """

    socket: Path | None
    endpoint_file: Path | None
    listen: tuple[str, int] | None
    key_file: Path | None
    model: str
    device: str
    dtype: str
    threads: int
    idle_minutes: float
    memory_mb: int
    fim: str = "auto"
    chunk_tokens: int = 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise OptionsError(f"{message}. `midspan host --help` shows what there is.")


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line. Raises OptionsError; `--help` prints and leaves with SystemExit."""
    values = _parser().parse_args(arguments)
    place = values.socket or values.endpoint_file
    if len([one for one in (values.socket, values.endpoint_file, values.listen) if one]) > 1:
        raise OptionsError("Give either --socket, --endpoint-file or --listen.")
    if values.endpoint_file and values.key_file:
        raise OptionsError("Leave out --key-file: with --endpoint-file the host makes a key of its own.")
    listen = None if place else _read_address(values.listen or "127.0.0.1:0")
    if listen and not _is_loopback(listen[0]) and not values.key_file:
        raise OptionsError(f"Listening on {listen[0]} lets other machines in: add --key-file FILE.")
    idle = values.idle_minutes if values.idle_minutes is not None else (30.0 if place else 0.0)
    return Options(
        socket=values.socket,
        endpoint_file=values.endpoint_file,
        listen=listen,
        key_file=values.key_file,
        model=values.model,
        device=values.device,
        dtype=values.dtype,
        threads=values.threads,
        idle_minutes=idle,
        memory_mb=values.memory_mb,
        fim=values.fim,
        chunk_tokens=values.chunk_tokens,
    )


def _parser() -> _Parser:
    parser = _Parser(
        prog="midspan host",
        description="Serves a code model over OpenAI's /v1/completions, for the editors of this machine or a team.",
    )
    add = parser.add_argument
    add("--socket", type=Path, metavar="PATH", help="listen on a Unix socket that only this user can open")
    add(
        "--endpoint-file",
        type=Path,
        metavar="FILE",
        help="where there are no Unix sockets: listen on a free port of this machine, told with a key in FILE",
    )
    add("--listen", metavar="HOST:PORT", help="listen on TCP (default 127.0.0.1 and any free port)")
    add("--key-file", type=Path, metavar="FILE", help="ask for one of the keys in FILE, one a line")
    add("--model", default="default", metavar="NAME", help="a name of `midspan models list`, a folder or a GGUF file")
    add("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    add("--dtype", default="auto", choices=["auto", "int8", "int4", "float32", "bfloat16", "float16"])
    add("--threads", default=0, type=_count, metavar="N", help="CPU threads (0: one for each physical core)")
    add(
        "--idle-minutes",
        type=_minutes,
        metavar="M",
        help="end after M minutes without a request (0: never; default 30 with --socket or --endpoint-file, else 0)",
    )
    add("--memory-mb", default=256, type=_count, metavar="N", help="most memory for encoded tokens, in MB")
    add(
        "--fim",
        default="auto",
        metavar="FORMAT",
        help="how the model wants a hole (docs/models.md), instead of its own",
    )
    add("--chunk-tokens", default=0, type=_count, metavar="N", help="read prompts N tokens at a time (0: by speed)")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return value


def _minutes(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e7:
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes")
    return value


def _read_address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise OptionsError(f'"{text}" is not an address. Write it like 127.0.0.1:8765.')
    return host, int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
