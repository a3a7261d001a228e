"""`midspan host`: the model host as a process, from its arguments to its exit code (docs/protocol.md).

What can fail is tried in the order of what it costs: torch is imported last, while health is answered already.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from .endpoint import endpoint_file
from .keys import KeyFileError, Keys, read_keys
from .models.errors import ModelNotFound, StoreError
from .models.store import ModelFiles, resolve
from .options import Options, OptionsError, read_options
from .process import (
    LockHeld,
    SocketError,
    address_of,
    give_back_memory,
    only_host,
    physical_cores,
    tcp_socket,
    tell,
    unix_socket,
)

if TYPE_CHECKING:
    from .engine.engine import Engine

EXIT_OK, EXIT_FAILED, EXIT_ARGUMENTS, EXIT_NO_MODEL, EXIT_NO_ENGINE = 0, 1, 64, 66, 69
EXIT_NO_SOCKET, EXIT_LOCKED = 73, 75

_EXIT_CODES: dict[type[Exception], int] = {
    OptionsError: EXIT_ARGUMENTS,
    KeyFileError: EXIT_ARGUMENTS,
    LockHeld: EXIT_LOCKED,
    SocketError: EXIT_NO_SOCKET,
    ModelNotFound: EXIT_NO_MODEL,
    StoreError: EXIT_FAILED,
}
ENGINE_PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "gguf", "starlette", "uvicorn")


class EngineMissing(Exception):
    """The packages that run a model are not installed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the host until it is told to stop or nobody asks any more; return its exit code."""
    try:
        options = read_options(sys.argv[1:] if arguments is None else arguments)
        return _run(options)
    except EngineMissing as error:
        return _complain(error, EXIT_NO_ENGINE)
    except tuple(_EXIT_CODES) as error:
        return _complain(error, next(code for kind, code in _EXIT_CODES.items() if isinstance(error, kind)))


def _run(options: Options) -> int:
    keys = read_keys(options.key_file) if options.key_file else Keys()
    with ExitStack() as held:
        if place := options.socket or options.endpoint_file:
            held.enter_context(only_host(place))
        files = resolve(options.model)
        if options.fim != "auto":
            files = replace(files, fim_line=options.fim, fim_block=options.fim)
        _check_engine()
        listener, keys = _listen(options, keys, held)
        from .serving import serve

        names = tuple(dict.fromkeys((files.name, options.model)))
        load = partial(_load, files, options)
        ending = serve(listener, load, _check_model, names, keys, options.idle_minutes)
    if ending.is_stuck:
        sys.stderr.flush()
        os._exit(ending.code)
    return ending.code


def _listen(options: Options, keys: Keys, held: ExitStack) -> tuple[socket.socket, Keys]:
    """Open what the options say; return it with the keys that it asks for."""
    if options.socket:
        return held.enter_context(unix_socket(options.socket)), keys
    if options.endpoint_file:
        # Every user and every web page of this machine can reach a port: nothing is said without the key.
        key = secrets.token_urlsafe(32)
        return held.enter_context(endpoint_file(options.endpoint_file, key)), Keys((key,), public=frozenset())
    assert options.listen
    listener = held.enter_context(tcp_socket(*options.listen))
    tell(f"listening on {address_of(listener)}")
    return listener, keys


def _load(files: ModelFiles, options: Options, say: Callable[[str], None]) -> Engine:
    """Import torch and load the model (in the engine's own thread)."""
    # Threads that wait for each other spin for a tenth of a millisecond, not for many: as quick on an idle machine, and
    # several times quicker on one whose cores the editor and its tools use too.
    os.environ.setdefault("GOMP_SPINCOUNT", "100000")
    say("importing torch")
    import torch

    from .engine.build import engine_for

    torch.set_num_threads(options.threads or physical_cores())
    engine = engine_for(files, options, say)
    give_back_memory()
    return engine


def _check_model(engine: Engine) -> Generator[None, None, str]:
    from .engine.selftest import check_formats

    return check_formats(engine)


def _check_engine() -> None:
    missing = [name for name in ENGINE_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise EngineMissing(
            f"The engine is not installed ({', '.join(missing)} missing). `pip install 'midspan[host]'` adds it."
        )


def _complain(error: Exception, code: int) -> int:
    tell(f"midspan host: {error}")
    return code


if __name__ == "__main__":
    sys.exit(main())
