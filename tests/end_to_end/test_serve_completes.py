"""Ghost text from the real server, the real host and the default model, over the real wire."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from lsprotocol import types
from pytest_lsp import ClientServerConfig

from midspan.evaluation.harness import INVOKED, LspSession

pytestmark = pytest.mark.default_model

MIDSPAN = str(Path(sys.executable).with_name("midspan"))
PATIENT = {"completion": {"deadline_ms": 60_000, "invoked_deadline_ms": 60_000}}
"""For what is asked here the machine may be as slow as it likes."""
BEGUN = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    "


@pytest.fixture
async def session(shared_host: dict[str, str], tmp_path: Path) -> AsyncIterator[LspSession]:
    async with await LspSession.start(
        [MIDSPAN, "serve"], root=tmp_path, env=shared_host, configuration=PATIENT
    ) as session:
        await begun(session)
        yield session


async def begun(session: LspSession) -> str:
    """Open a document and wait until there is a proposal in it; return its URI."""
    uri = uri_of("calc.py")
    session.open(uri, "python", BEGUN)
    await complete_until(session, uri, wanted=1)
    return uri


async def complete_until(session: LspSession, uri: str, wanted: int) -> list[dict[str, Any]]:
    """Ask until the answer has so many items: settings take effect, and hosts start, while one types."""
    async with asyncio.timeout(90):
        while len(items := await session.complete(uri)) != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    return items


def uri_of(name: str) -> str:
    return (Path.cwd() / name).as_uri()


async def test_line(session: LspSession) -> None:
    uri = uri_of("other.py")
    session.open(uri, "python", BEGUN)
    items = await session.complete(uri)
    assert [item["insertText"] for item in items] == ["    return a - b"]
    await session.accept(uri, items[0])
    assert session.documents[uri].text == BEGUN + "return a - b"


async def test_why(session: LspSession) -> None:
    uri = uri_of("why.py")
    session.open(uri, "python", BEGUN)
    document = {"textDocument": {"uri": uri}}
    assert await session.request("midspan/why", document) is None
    items = await session.complete(uri)
    told = await session.request("midspan/why", document)
    assert told["source"] == "model"
    assert [item["id"] for item in told["items"]] == [item["command"]["arguments"][0] for item in items]
    assert told["tokens"]["prompt"] > 0
    assert await session.complete(uri) == items
    assert (await session.request("midspan/why", document))["source"] == "reuse"


async def test_typed_through_and_backspaced(session: LspSession) -> None:
    uri = uri_of("calc.py")
    session.open(uri, "python", BEGUN)
    (first,) = await session.complete(uri)
    for character in "return":
        session.type(uri, character)
        (item,) = await session.complete(uri)
        assert item["insertText"] == first["insertText"]
    session.backspace(uri, 3)
    (item,) = await session.complete(uri)
    assert item["insertText"] == first["insertText"]


async def test_crlf_document_gets_crlf_text(session: LspSession) -> None:
    uri = uri_of("calc.py")
    session.open(uri, "python", BEGUN.replace("\n", "\r\n"))
    items = await session.complete(uri, trigger=INVOKED)
    assert items[0]["insertText"] == "    return a - b"
    session.set_text(uri, "class Stack:\r\n    def __init__(self):\r\n        ")
    for item in await session.complete(uri, trigger=INVOKED):
        assert "\n" not in item["insertText"].replace("\r\n", "")


async def test_plain_text_completes_too(session: LspSession) -> None:
    uri = uri_of("notes.txt")
    session.open(uri, "klingon", "one\ntwo\nthree\nfour\nfi")
    answer = await session.request("textDocument/inlineCompletion", session.completion_params(uri, trigger=1))
    assert set(answer) == {"items"}


async def test_paused_and_switched_off(session: LspSession) -> None:
    uri = uri_of("calc.py")
    session.open(uri, "python", BEGUN)
    assert len(await session.complete(uri)) == 1
    for silent in ({"enabled": False}, {"disabled_languages": ["python"]}):
        session.configuration = {"completion": {**PATIENT["completion"], **silent}}
        session.notify("workspace/didChangeConfiguration", {})
        assert await complete_until(session, uri, wanted=0) == []


async def test_superseded_requests_while_typing(session: LspSession) -> None:
    """As Neovim does: a request for each keystroke, none of them cancelled, only the last one wanted."""
    uri = uri_of("calc.py")
    session.open(uri, "python", BEGUN + "# type something else ")
    asked = []
    for character in "here\n    ":
        session.type(uri, character)
        asked.append(session.ask("textDocument/inlineCompletion", session.completion_params(uri))[1])
    await asyncio.wait(asked, timeout=60)
    assert isinstance(asked[-1].result()["items"], list)
    errors = [answer.exception() for answer in asked[:-1] if answer.exception() is not None]
    assert {getattr(error, "code", None) for error in errors} <= {-32800}


async def test_host_killed_in_the_middle(own_host: dict[str, str], tmp_path: Path) -> None:
    async with await LspSession.start(
        [MIDSPAN, "serve"], root=tmp_path, env=own_host, configuration=PATIENT
    ) as session:
        uri = await begun(session)
        _, answer = session.ask("textDocument/inlineCompletion", long_request(session, uri))
        await asyncio.sleep(0.05)
        _kill_host(own_host)
        assert set(await answer) == {"items"}
        session.close_document(uri)
        session.open(uri, "python", BEGUN)
        items = await complete_until(session, uri, wanted=1)
        assert items[0]["insertText"] == "    return a - b"


def long_request(session: LspSession, uri: str) -> dict[str, Any]:
    session.set_text(uri, "class Stack:\n    def push(self, item):\n        ")
    return session.completion_params(uri, trigger=INVOKED)


def _kill_host(environment: dict[str, str]) -> None:
    mark = environment["XDG_RUNTIME_DIR"]
    for process in psutil.process_iter():
        try:
            is_host = "midspan.host" in " ".join(process.cmdline()) and process.environ().get("XDG_RUNTIME_DIR") == mark
        except (psutil.Error, OSError):
            continue
        if is_host:
            os.kill(process.pid, signal.SIGKILL)


async def test_through_pytest_lsp(shared_host: dict[str, str], tmp_path: Path) -> None:
    """The same through a client that is not ours, and refuses what the protocol does not allow."""
    config = ClientServerConfig(server_command=[MIDSPAN, "serve"], server_env=shared_host)
    client: Any = await config.start()
    options = {"midspan": PATIENT}
    await client.initialize_session(
        types.InitializeParams(capabilities=types.ClientCapabilities(), initialization_options=options)
    )
    uri = uri_of("calc.py")
    item = types.TextDocumentItem(uri=uri, language_id="python", version=1, text=BEGUN)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    params = types.InlineCompletionParams(
        context=types.InlineCompletionContext(trigger_kind=types.InlineCompletionTriggerKind.Invoked),
        position=types.Position(line=5, character=4),
        text_document=types.TextDocumentIdentifier(uri=uri),
    )
    async with asyncio.timeout(90):
        while not (result := await client.text_document_inline_completion_async(params)).items:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert result.items[0].insert_text == "    return a - b"
    await client.shutdown_session()
    await client.stop()
