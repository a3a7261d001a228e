"""A model server whose answers a test writes: OpenAI's `/v1/completions` on a free port of this machine.

A real HTTP server with a real stream of events; only the model is a function from the prompt to a text.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def by_ends(script: Mapping[str, str]) -> Callable[[str], str]:
    """Return a reply (for StarCoder's format) that writes what the script says behind the end of the text.

    Also when some of it is typed already; else it writes nothing.
    """

    def reply(prompt: str) -> str:
        prefix = prompt.partition("<fim_prefix>")[2].partition("<fim_suffix>")[0].replace("\r\n", "\n")
        for end, text in script.items():
            for typed_on in range(len(text)):
                if prefix.endswith(end + text[:typed_on]):
                    return text[typed_on:]
        return ""

    return reply


@contextmanager
def scripted_endpoint(reply: Callable[[str], str]) -> Iterator[str]:
    """Serve completions until the block ends; gives the base address, with `/v1`.

    `reply` gets the prompt (text before the cursor, in whatever format the client renders it).
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(json.dumps({"object": "list", "data": [{"id": "scripted", "object": "model"}]}))

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # called off before it was whole
            asked = json.loads(body)
            choice = {"index": 0, "text": reply(asked["prompt"]), "logprobs": None, "finish_reason": "stop"}
            frame = {"id": "1", "object": "text_completion", "created": 0, "model": "scripted"}
            answer = json.dumps({**frame, "choices": [choice]})
            if asked.get("stream"):
                self._send(f"data: {answer}\n\ndata: [DONE]\n\n", "text/event-stream")
            else:
                self._send(answer)

        def _send(self, text: str, content_type: str = "application/json") -> None:
            data = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(ConnectionError):  # called off
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
