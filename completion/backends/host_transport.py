"""HTTP to our model host, wherever it is: every request goes to who answers at its address now.

Knows neither what is asked nor how a host is started.
"""

from __future__ import annotations

from pathlib import Path

import httpx2

from .host_address import SOCKET, read_endpoint

BASE_URL = "http://midspan"
"""Stands for the host; a socket has no name, and the port is known only when a request is sent."""


def transport_to(path: Path) -> httpx2.AsyncBaseTransport:
    """Return the way to the host at a socket or an endpoint file. The host need not be there yet."""
    return httpx2.AsyncHTTPTransport(uds=str(path)) if path.suffix == SOCKET else EndpointTransport(path)


class EndpointTransport(httpx2.AsyncBaseTransport):
    """Reads the endpoint file before each request: another host has another port and another key."""

    def __init__(self, path: Path) -> None:
        """Remember where the file will be."""
        self._path = path
        self._ports = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to the host's port, with its key. Raises ConnectError where no host lives."""
        endpoint = read_endpoint(self._path)
        if endpoint is None:
            raise httpx2.ConnectError("no model host", request=request)
        request.url = request.url.copy_with(host="127.0.0.1", port=endpoint.port)
        request.headers["Authorization"] = f"Bearer {endpoint.key}"
        return await self._ports.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._ports.aclose()
