"""A real HTTP server on 127.0.0.1 that serves files from memory, with the faults that downloads meet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """One address's answer. ``cut_after`` closes the first answers after that many bytes, ``cuts`` times."""

    content: bytes
    content_type: str = "application/octet-stream"
    status: int = 200
    ranges: bool = True
    cut_after: int | None = None
    cuts: int = 1_000_000
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Request:
    path: str
    headers: dict[str, str]


class Loopback:
    """The server's pages by path, and the requests that it got."""

    def __init__(self) -> None:
        self.pages: dict[str, Served] = {}
        self.requests: list[Request] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ranges_asked(self) -> list[str]:
        return [request.headers["range"] for request in self.requests if "range" in request.headers]

    def bytes_asked_from(self, path: str) -> list[str]:
        return [r.headers.get("range", "") for r in self.requests if r.path.split("?")[0] == path]


@contextmanager
def serving() -> Iterator[Loopback]:
    loopback = Loopback()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, with_body: bool) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            loopback.requests.append(Request(self.path, headers))
            page = loopback.pages.get(self.path.split("?")[0], Served(b"not here", status=404))
            start, status = 0, page.status
            asked = headers.get("range", "")
            if page.ranges and status == 200 and asked.startswith("bytes="):
                start, status = int(asked.removeprefix("bytes=").split("-")[0]), 206
            body = page.content[start:]
            self.send_response(status)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(body)))
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(page.content) - 1}/{len(page.content)}")
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if not with_body:
                return
            if page.cut_after is not None and page.cuts > 0:
                page.cuts -= 1
                self.wfile.write(body[: page.cut_after])
                self.close_connection = True
                return
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    loopback.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
