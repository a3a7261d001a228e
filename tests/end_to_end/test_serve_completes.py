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
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

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
        yield session


def uri_of(name: str) -> str:
    return (Path.cwd() / name).as_uri()


async def test_line(session: LspSession) -> None:
    uri = uri_of("calc.py")
    session.open(uri, "python", BEGUN)
    items = await session.complete(uri)
    assert [item["insertText"] for item in items] == ["    return a - b"]
    await session.accept(uri, items[0])
    assert session.documents[uri].text == BEGUN + "return a - b"


async def test_typed_through_and_backspaced(session: LspSession) -> None:
    uri = uri_of("calc.py")
    session.open(uri, "python", BEGUN)
    (first,) = await session.complete(uri)
    for character in "return":
        session.type(uri, character)
        (item,) = await session.complete(uri)
        assert item["insertText"] == first["insertText"]
    assert all(latency.method for latency in session.latencies)


async def test_crlf_document_gets_crlf_text(session: LspSession) -> None:
    uri = uri_of("calc.py")
    session.open(uri, "python", BEGUN.replace("\n", "\r\n"))
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
        assert await _complete_until(session, uri, wanted=0) == []


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
        uri = uri_of("calc.py")
        session.open(uri, "python", BEGUN)
        assert len(await session.complete(uri)) == 1
        _, answer = session.ask("textDocument/inlineCompletion", long_request(session, uri))
        await asyncio.sleep(0.05)
        _kill_host(own_host)
        assert set(await answer) == {"items"}
        session.close_document(uri)
        session.open(uri, "python", BEGUN)
        items = await _complete_until(session, uri, wanted=1)
        assert items[0]["insertText"] == "    return a - b"


async def _complete_until(session: LspSession, uri: str, wanted: int) -> list[dict[str, Any]]:
    """Ask until the answer has so many items: settings take effect, and hosts start, while one types."""
    async with asyncio.timeout(90):
        while len(items := await session.complete(uri)) != wanted:
            await asyncio.sleep(0.2)
    return items


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


CONFIG = ClientServerConfig(server_command=[MIDSPAN, "serve"])


@pytest_lsp.fixture(config=CONFIG)  # type: ignore[untyped-decorator]
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    options = {"midspan": PATIENT}
    params = types.InitializeParams(capabilities=types.ClientCapabilities(), initialization_options=options)
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


async def test_through_pytest_lsp(client: LanguageClient) -> None:
    item = types.TextDocumentItem(uri=uri_of("calc.py"), language_id="python", version=1, text=BEGUN)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    params = types.InlineCompletionParams(
        context=types.InlineCompletionContext(trigger_kind=types.InlineCompletionTriggerKind.Invoked),
        position=types.Position(line=5, character=4),
        text_document=types.TextDocumentIdentifier(uri=item.uri),
    )
    result = await client.text_document_inline_completion_async(params)
    assert isinstance(result, types.InlineCompletionList)
    assert result.items[0].insert_text == "    return a - b"
