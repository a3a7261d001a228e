"""A server on a free port of this machine that answers every connection with bytes that a test writes.

For faults that no proper server can be made to show.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Reply = Callable[[bytes], bytes | None]


@dataclass
class RawServer:
    """The server's address, the requests that it got, and how many connections are open."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    n_open: int = 0

    @property
    def endpoint(self) -> str:
        """The base address, with `/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"


def http(status: str, body: str | bytes, content_type: str = "application/json") -> bytes:
    """Return a whole HTTP answer."""
    data = body.encode() if isinstance(body, str) else body
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


@asynccontextmanager
async def raw_server(reply: Reply) -> AsyncIterator[RawServer]:
    """Serve until the block ends. ``reply`` maps a request to the whole answer; after None nothing more comes."""
    found = RawServer(port=0)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.n_open += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if b"ontent-" in line[:8] and b"ength" in line
                ),
                0,
            )
            request = head + await reader.readexactly(length)
            found.requests.append(request)
            answer = reply(request)
            if answer is None:
                await reader.read()  # until the client goes
            else:
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            found.n_open -= 1
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        server.close_clients() if hasattr(server, "close_clients") else None
        await asyncio.sleep(0)
