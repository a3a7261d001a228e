"""The life of the server process: how it starts, and the many ways in which it ends, each within two seconds.

Knows nothing of LSP's methods.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from ..completion.errors import SettingsError
from .app import MidspanServer
from .framing import Received
from .logs import configure_logging, log_failed_callback, where
from .parent import end_of_process
from .session import Session
from .transport import PipeWriter, messages, messages_from_port, read_in_thread, take_stdio

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "::1", "localhost")
ENDING_SECONDS = 1.5
"""How long the end may take; then the process goes without it."""

ServerFactory = Callable[[], MidspanServer]


def run_stdio(server_factory: ServerFactory = MidspanServer) -> int:
    """Serve the client at stdin and stdout until it goes; return the exit code (0 only after a shutdown)."""
    configure_logging()
    return asyncio.run(_serve_stdio(server_factory))


def run_tcp(
    host: str, port: int, listening: Callable[[int], None], server_factory: ServerFactory = MidspanServer
) -> int:
    """Serve any number of clients, each with a server of its own, until interrupted; return the exit code.

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


async def converse(server: MidspanServer, received: AsyncIterator[Received]) -> None:
    """Handle what comes from the client until it goes, says `exit`, or the session is stopped."""
    asyncio.get_running_loop().set_exception_handler(log_failed_callback)
    reading = asyncio.create_task(_read(server, received))
    stopping = asyncio.create_task(server.session.stopped.wait())
    try:
        await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if reading.done() and (error := reading.exception()) is not None:
            log.error("reading failed: %s", where(error))
        reading.cancel()
        server.session.stop(0 if server.protocol.is_shut_down else 1)


async def _read(server: MidspanServer, received: AsyncIterator[Received]) -> None:
    async for message in received:
        try:
            server.protocol.receive(message)
        except Exception as error:
            log.error("a message could not be handled: %s", where(error))


async def _serve_stdio(server_factory: ServerFactory) -> int:
    server = server_factory()
    session = server.session
    stdin, stdout = take_stdio()
    server.protocol.set_writer(PipeWriter(stdout, on_lost=lambda: session.stop(1)))
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal_number, session.stop, 1)
    session.spawn(_stop_with_parent(session))
    await converse(server, messages(read_in_thread(stdin)))
    _leave_in_any_case(session.exit_code)
    await session.close()
    return session.exit_code


async def _stop_with_parent(session: Session) -> None:
    """Stop when the process that the client named in `initialize` has ended."""
    await session.client_known.wait()
    if session.client.process_id is not None:
        await end_of_process(session.client.process_id)
        session.stop(1)


def _leave_in_any_case(exit_code: int) -> None:
    """End the process soon, even if a thread or a destructor hangs."""
    timer = threading.Timer(ENDING_SECONDS, os._exit, [exit_code])
    timer.daemon = True
    timer.start()


async def _serve_tcp(host: str, port: int, listening: Callable[[int], None], server_factory: ServerFactory) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve_stream(server_factory(), reader, writer)

    listener = await asyncio.start_server(connected, host, port)
    async with listener:
        listening(listener.sockets[0].getsockname()[1])
        await listener.serve_forever()


async def serve_stream(server: MidspanServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one client over a port's stream, and close the stream; at once if what connects does not speak LSP."""
    server.protocol.set_writer(writer)
    try:
        await converse(server, messages_from_port(reader))
        await server.session.close()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
