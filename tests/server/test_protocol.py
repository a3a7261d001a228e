"""JSON-RPC at its edges: what is malformed, odd, out of order or too late is answered, and harms nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from scripted_completer import Script

from midspan.evaluation.harness import LspSession, RequestFailed, SessionFailed

URI = "file:///a.py"


async def raw_answer(session: Any, message: object) -> Any:
    """Send a message as it is; return the first error with no id that the server sends."""
    body = json.dumps(message).encode()
    session.send_raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return await session.wait_for("error", timeout=10)


async def still_works(session: Any) -> None:
    session.open(URI, "python", "x")
    assert len(await session.complete(URI)) == 1


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ([], -32700),
        ([{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}], -32700),
        ({}, -32600),
        ({"jsonrpc": "2.0", "method": 5}, -32600),
        ({"jsonrpc": "2.0", "method": "initialize", "id": [1]}, -32600),
        ({"jsonrpc": "2.0", "method": "initialize", "id": True}, -32600),
    ],
)
async def test_what_is_no_message_is_refused(connect: Any, script: Script, message: object, code: int) -> None:
    session = await connect()
    assert (await raw_answer(session, message))["code"] == code
    await still_works(session)


@pytest.mark.parametrize("length", [3, 30, 200])
async def test_wrong_length_does_not_hang(connect: Any, script: Script, length: int) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    session.send_raw(b"Content-Length: %d\r\n\r\n" % length + b'{"jsonrpc": "2.0", "method": "x"}')
    assert len(await asyncio.wait_for(session.complete(URI), 10)) == 1


async def test_unknown_methods(connect: Any, script: Script) -> None:
    session = await connect()
    with pytest.raises(RequestFailed) as caught:
        await session.request("textDocument/unheardOf", {"a": 1})
    assert caught.value.code == -32601
    odd: tuple[object, ...] = (None, {}, [], {"textDocument": {}})
    for params in odd:
        session.notify("textDocument/didFocus", params)
    await still_works(session)
    assert session.received.of("window/showMessage") == []


@pytest.mark.parametrize("params", [None, [], {}, {"textDocument": {"uri": URI}}, "x", {"contentChanges": [3]}])
async def test_notifications_that_say_nothing(connect: Any, script: Script, params: object) -> None:
    session = await connect()
    for method in ("didOpen", "didChange", "didSave", "didClose"):
        session.notify(f"textDocument/{method}", params)
    session.notify("$/setTrace", params)
    session.notify("$/progress", params)
    session.notify("workspace/didChangeWorkspaceFolders", params)
    await still_works(session)
    assert session.received.of("window/showMessage") == []


@pytest.mark.parametrize("message_id", ["one", 0, -1, 1.0, 2**40])
async def test_ids_of_every_kind(listen: Any, message_id: Any) -> None:
    reader, writer = await asyncio.open_connection(*await listen())
    body = json.dumps({"jsonrpc": "2.0", "id": message_id, "method": "unheard/of"}).encode()
    writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    writer.write_eof()
    answer = json.loads((await reader.read()).split(b"\r\n\r\n")[1])
    writer.close()
    assert (answer["id"], answer["error"]["code"]) == (message_id, -32601)


async def test_request_after_shutdown_is_refused(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    assert await session.request("shutdown", None) is None
    with pytest.raises(RequestFailed) as caught:
        await session.complete(URI)
    assert caught.value.code == -32600
    session.notify("exit", None)
    await session.wait_closed()


async def test_shutdown_answers_what_is_in_flight(connect: Any, script: Script) -> None:
    async def never(request: Any, deadline: Any, path: str) -> Any:
        await asyncio.Event().wait()

    script.propose = never
    session = await connect()
    session.open(URI, "python", "x")
    _, answer = session.ask("textDocument/inlineCompletion", session.completion_params(URI))
    await script.saw(1)
    await session.close()
    with pytest.raises(RequestFailed) as caught:
        await answer
    assert caught.value.code == -32800


async def test_late_answer_of_the_editor_is_ignored(connect: Any, script: Script) -> None:
    session = await connect()
    session.send({"id": "nobody asked", "result": 5})
    session.send({"id": 77, "error": {"code": "x"}})
    session.send({"id": 78, "error": None, "result": None})
    await still_works(session)


async def test_initialize_as_odd_clients_send_it(connect: Any, script: Script) -> None:
    session = await connect()
    odd: tuple[object, ...] = (
        None,
        [],
        {"capabilities": None, "processId": "x", "workspaceFolders": [{"uri": "file:///w"}, None, 3]},
        {"capabilities": {"general": {"positionEncodings": ["utf-8", "utf-32"]}}, "rootUri": 5, "trace": "odd"},
    )
    for params in odd:
        result = await session.request("initialize", params)
        assert result["capabilities"]["positionEncoding"] == "utf-16"
    for params in (None, [], {}):
        session.notify("initialized", params)
    await still_works(session)


async def test_capabilities(connect: Any, script: Script) -> None:
    session = await connect()
    assert session.server_info["name"] == "midspan"
    assert session.server_capabilities["inlineCompletionProvider"] == {}
    sync = session.server_capabilities["textDocumentSync"]
    assert (sync["openClose"], sync["change"], "save" in sync) == (True, 2, True)
    assert session.server_capabilities["workspace"]["workspaceFolders"]["supported"] is True


async def test_reopened_document_and_whole_text_changes(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "one")
    session.open(URI, "python", "two")
    session.set_text(URI, "three\r\nfour")
    session.type(URI, "!")
    (item,) = await session.complete(URI)
    assert item["insertText"] == "four!hello"
    assert script.requests[0].document.text == "three\r\nfour!"


async def test_two_clients_share_nothing(connect: Any, script: Script) -> None:
    first, second = await connect(), await connect()
    first.open(URI, "python", "x")
    params = first.completion_params(URI)
    assert await second.request("textDocument/inlineCompletion", params) == {"items": []}
    await first.close()
    await still_works(second)


async def test_logs_hold_nothing_of_the_user(connect: Any, script: Script, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: Any, deadline: Any, path: str) -> Any:
        raise ValueError(request.document.text)

    script.propose = fail
    caplog.set_level(logging.DEBUG)
    session = await connect(initialization_options={"midspan": {"backend": {"api_key_env": "hunter2"}}})
    session.open(URI, "python", "hunter2 = 1")
    assert await session.complete(URI) == []
    with pytest.raises(RequestFailed):
        await session.request("workspace/executeCommand", {"command": "hunter2"})
    await raw_answer(session, ["hunter2"])
    session.notify(
        "textDocument/didChange", {"textDocument": {"uri": "file:///hunter2"}, "contentChanges": ["hunter2"]}
    )
    await session.request(
        "textDocument/inlineCompletion", {**session.completion_params(URI), "position": {"line": 0, "character": 7}}
    )
    assert "a request failed: ValueError" in caplog.text
    assert "hunter2" not in caplog.text


async def test_huge_and_binary_documents(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "\0\x01\ud800" * 1000)
    session.open("file:///big.txt", "plaintext", "0123456789abcdef\n" * 300_000)
    session.type("file:///big.txt", "x")
    assert len(await session.complete("file:///big.txt", 300_000, 1, trigger=1)) == 1
    assert len(await session.complete(URI)) == 1


async def test_harness_notices_a_request_without_answer() -> None:
    async def answer_twice_or_never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while header := await reader.readline():
            await reader.readline()
            message = json.loads(await reader.readexactly(int(header.split(b":")[1])))
            answer = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": {"capabilities": {}}})
            n_answers = {"initialize": 1, "shutdown": 1, "twice": 2}.get(message["method"], 0)
            writer.write(f"Content-Length: {len(answer)}\r\n\r\n{answer}".encode() * n_answers)
            if message["method"] == "exit":
                writer.close()

    listener = await asyncio.start_server(answer_twice_or_never, "127.0.0.1", 0)
    session = await LspSession.over(*await asyncio.open_connection(*listener.sockets[0].getsockname()))
    session.ask("never", None)
    await session.request("twice", None)
    with pytest.raises(SessionFailed, match="waits for none; never was never answered"):
        await session.close()
    listener.close()
