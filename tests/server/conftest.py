"""Real servers over real sockets, with a scripted pipeline in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import pytest
from scripted_completer import Script, load_settings

from midspan.evaluation.harness import LspSession
from midspan.server.app import MidspanServer
from midspan.server.lifecycle import serve_stream
from midspan.server.logs import silence_pygls

Connect = Callable[..., Awaitable[LspSession]]
Listen = Callable[..., Awaitable[tuple[str, int]]]


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def listen(script: Script) -> AsyncIterator[Listen]:
    """Return a function that makes servers with the script in them listen; it returns host and port.

    Its arguments replace other parts of the servers.
    """
    silence_pygls()
    with ExitStack() as stack:

        async def make(**parts: Any) -> tuple[str, int]:
            chosen = {"completer_factory": script.factory, "load_settings": load_settings, **parts}

            async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await serve_stream(MidspanServer(**chosen), reader, writer)

            listener = await asyncio.start_server(connected, "127.0.0.1", 0)
            stack.callback(listener.close)
            address: tuple[str, int] = listener.sockets[0].getsockname()
            return address

        yield make


@pytest.fixture
async def connect(listen: Listen) -> AsyncIterator[Connect]:
    """Return a function that makes a server with the script in it, and a session with it.

    ``parts`` replaces parts of the server; other arguments are those of `LspSession.over`. At the end every
    session that is still open is closed, and fails if a request was not answered.
    """
    async with AsyncExitStack() as stack:

        async def make(parts: dict[str, Any] | None = None, **session_options: Any) -> LspSession:
            reader, writer = await asyncio.open_connection(*await listen(**(parts or {})))
            session = await LspSession.over(reader, writer, **session_options)
            return await stack.enter_async_context(session)

        yield make
