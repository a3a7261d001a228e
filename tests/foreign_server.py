"""A language server that is not ours, as a program: it offers the text of its first argument in the way of its second.

Ways: `list` (items without ranges), `snippet` (a StringValue), `range` (from the line's start to its end), `null`,
`error`, `nonsense`, `dies`, `code` (exit code 3 at the end), `mute` (no answer to `initialize`, and ends).
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    text, way = sys.argv[1:]
    line = ""
    while (message := receive()) is not None:
        method, params = message["method"], message.get("params", {})
        if method == "exit":
            sys.exit(3 if way == "code" else 0)
        if method == "textDocument/didOpen":
            line = params["textDocument"]["text"]
        if "id" not in message:
            continue
        if (method, way) == ("initialize", "mute"):
            sys.exit(1)
        if method != "textDocument/inlineCompletion":
            send({"id": message["id"], "result": {"capabilities": {}} if method == "initialize" else None})
        elif way == "dies":
            sys.stderr.write("out of luck\n")
            sys.exit(1)
        elif way == "error":
            send({"id": message["id"], "error": {"code": -32603, "message": "no luck"}})
        else:
            send({"id": message["id"], "result": answer(text, way, params["position"], line)})


def answer(text: str, way: str, position: Any, line: str) -> object:
    if way in ("null", "nonsense"):
        return None if way == "null" else {"things": []}
    if way == "snippet":
        return [{"insertText": {"kind": "snippet", "value": text}}]
    if way == "range":
        ends = ({"line": 0, "character": at} for at in (0, len(line.encode("utf-16-le")) // 2))
        return {"items": [{"insertText": text, "range": dict(zip(("start", "end"), ends, strict=True))}]}
    return [{"insertText": text}]


def receive() -> dict[str, Any] | None:
    length = 0
    while header := sys.stdin.buffer.readline().strip():
        name, _, value = header.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    message: dict[str, Any] | None = json.loads(sys.stdin.buffer.read(length)) if length else None
    return message


def send(message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
