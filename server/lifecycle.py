"""The life of the server process: how it starts, and the many ways in which it ends, each within two seconds.

Knows nothing of LSP's methods.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

from ..completion.errors import SettingsError
from .app import MidspanServer
from .logs import configure_logging, log_failed_callback
from .parent import wait_for_end_of
from .transport import PipeWriter, messages, read_in_thread, take_stdio

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "::1", "localhost")
ENDING_SECONDS = 1.5
"""How long the end may take; then the process goes without it."""

ServerFactory = Callable[[], MidspanServer]


def run_stdio(server_factory: ServerFactory = MidspanServer) -> int:
    """Serve the client at stdin and stdout until it goes; return the exit code (0 only after a shutdown)."""
    configure_logging()
    server = server_factory()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve_stdio(server))
    return server.session.exit_code


def run_tcp(
    host: str, port: int, listening: Callable[[int], None], server_factory: ServerFactory = MidspanServer
) -> int:
    """Serve any number of clients, each with a server of its own, until interrupted.

    ``listening`` is called with the port. Raises SettingsError for an address beyond loopback: the protocol knows
    no keys, and a client's settings say where text and keys are sent. Raises OSError if the address is taken.
    """
    if host not in LOOPBACK:
        raise SettingsError(
            f"The language server can't listen on {host}: it has no access control. "
            "Use 127.0.0.1, and an SSH tunnel from elsewhere."
        )
    configure_logging()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve_tcp(host, port, listening, server_factory))
    return 0


async def converse(server: MidspanServer, reader: asyncio.StreamReader) -> None:
    """Handle what comes from the client until it goes or says `exit`, then end everything that was begun."""
    asyncio.get_running_loop().set_exception_handler(log_failed_callback)
    reading = asyncio.create_task(_read(server, reader))
    stopping = asyncio.create_task(server.session.stopped.wait())
    try:
        await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        reading.cancel()
        stopping.cancel()
        server.session.stop(0 if server.protocol.is_shut_down else 1)
        await server.session.close()


async def _read(server: MidspanServer, reader: asyncio.StreamReader) -> None:
    async for message in messages(reader):
        try:
            server.protocol.receive(message)
        except Exception as error:
            log.exception("a message could not be handled: %s", type(error).__name__)
        if server.session.client.process_id is not None:
            _watch_parent(server)


async def _serve_stdio(server: MidspanServer) -> None:
    session = server.session
    stdin, stdout = take_stdio()
    server.protocol.set_writer(PipeWriter(stdout, on_lost=lambda: session.stop(1)))
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, session.stop, 1)
    await converse(server, read_in_thread(stdin))
    _end_in_any_case(session.exit_code)
