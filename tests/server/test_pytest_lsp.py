"""The server as another client sees it: pytest-lsp, whose types refuse what the protocol does not allow."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

URI = "file:///project/a.py"
CONFIG = ClientServerConfig(server_command=[sys.executable, str(Path(__file__).parents[1] / "scripted_completer.py")])


@pytest_lsp.fixture(config=CONFIG)  # type: ignore[untyped-decorator]
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    capabilities = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf8]),
        window=types.WindowClientCapabilities(work_done_progress=True),
    )
    params = types.InitializeParams(capabilities=capabilities, process_id=None)
    result = await lsp_client.initialize_session(params)
    assert result.capabilities.inline_completion_provider is not None
    yield
    await lsp_client.shutdown_session()


def opened(text: str) -> types.DidOpenTextDocumentParams:
    item = types.TextDocumentItem(uri=URI, language_id="python", version=1, text=text)
    return types.DidOpenTextDocumentParams(text_document=item)


def asked(line: int, character: int) -> types.InlineCompletionParams:
    return types.InlineCompletionParams(
        context=types.InlineCompletionContext(trigger_kind=types.InlineCompletionTriggerKind.Automatic),
        position=types.Position(line=line, character=character),
        text_document=types.TextDocumentIdentifier(uri=URI),
    )


async def test_inline_completion(client: LanguageClient) -> None:
    client.text_document_did_open(opened("x = 😀"))
    result = await client.text_document_inline_completion_async(asked(0, 6))
    assert isinstance(result, types.InlineCompletionList)
    (item,) = result.items
    assert item.insert_text == "x = 😀hello"
    assert item.range == types.Range(types.Position(0, 0), types.Position(0, 6))


async def test_changes_and_closing(client: LanguageClient) -> None:
    client.text_document_did_open(opened("one\r\ntwo"))
    where = types.Range(types.Position(1, 0), types.Position(1, 3))
    change = types.TextDocumentContentChangePartial(range=where, text="drei")
    document = types.VersionedTextDocumentIdentifier(uri=URI, version=2)
    client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
    result = await client.text_document_inline_completion_async(asked(1, 4))
    assert isinstance(result, types.InlineCompletionList)
    assert [item.insert_text for item in result.items] == ["dreihello"]

    closed = types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(URI))
    client.text_document_did_close(closed)
    result = await client.text_document_inline_completion_async(asked(0, 0))
    assert isinstance(result, types.InlineCompletionList)
    assert list(result.items) == []


async def test_accepted_command(client: LanguageClient) -> None:
    params = types.ExecuteCommandParams(command="midspan.accepted", arguments=["proposal-1"])
    assert await client.workspace_execute_command_async(params) is True
