"""Copilot's protocol, as its clients speak it, over the scripted pipeline."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from scripted_completer import Script, until

from midspan.completion.ask import Deadline, Edit, Kind, Proposal, Request, Trigger
from midspan.completion.errors import BackendUnreachable
from midspan.evaluation.harness import RequestFailed

URI = "file:///project/a.py"
COPILOT = {"editorInfo": {"name": "vim", "version": "9"}, "editorPluginInfo": {"name": "copilot.vim", "version": "1"}}


async def propose_two(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
    return tuple(
        Proposal(f"id-{n}", (Edit(request.offset, request.offset, text),), Kind.LINE)
        for n, text in enumerate(["hello", "hello\nworld"])
    )


def doc(line: int, character: int, **more: Any) -> dict[str, Any]:
    """The parameters of the older methods, with what copilot.lua adds to them."""
    position = {"line": line, "character": character}
    document = {"uri": URI, "version": 1, "position": position, "relativePath": "a.py", "insertSpaces": True}
    return {"doc": document, "textDocument": {"uri": URI, "version": 1}, "position": position, "_": True, **more}


async def test_completions_of_the_older_kind(connect: Any, script: Script) -> None:
    script.propose = propose_two
    session = await connect()
    session.open(URI, "python", "𝔘 = 1\n  s = '𝔘'; ret")
    answer = await session.request("getCompletions", doc(1, 15))
    assert answer["completions"][0] == {
        "uuid": "id-0",
        "text": "  s = '𝔘'; rethello",
        "displayText": "hello",
        "range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 15}},
        "position": {"line": 1, "character": 15},
        "docVersion": 1,
    }
    assert answer["completions"][1]["displayText"] == "hello\nworld"
    assert script.requests[0].trigger is Trigger.AUTOMATIC


async def test_cycling_asks_as_by_key(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    assert len((await session.request("getCompletionsCycling", doc(0, 1)))["completions"]) == 1
    assert script.requests[0].trigger is Trigger.INVOKED


async def test_a_newer_request_of_the_older_kind_supersedes(connect: Any, script: Script) -> None:
    async def wait(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
        await asyncio.Event().wait()
        return ()

    script.propose = wait
    session = await connect()
    session.open(URI, "python", "x")
    older = asyncio.create_task(session.request("getCompletions", doc(0, 1)))
    await script.saw(1)
    script.propose = propose_two
    assert (await session.request("getCompletions", doc(0, 1)))["completions"]
    with pytest.raises(RequestFailed) as caught:
        await older
    assert caught.value.code == -32800


async def test_a_document_that_is_not_open(connect: Any, script: Script) -> None:
    session = await connect()
    assert await session.request("getCompletions", doc(0, 1)) == {"completions": []}


@pytest.mark.parametrize("params", [None, {}, [], {"doc": {}}, {"doc": {"uri": URI}}, {"doc": None}])
async def test_parameters_without_a_document_are_refused(connect: Any, script: Script, params: object) -> None:
    session = await connect()
    with pytest.raises(RequestFailed) as caught:
        await session.request("getCompletions", params)
    assert caught.value.code == -32602


async def test_a_panel_gets_its_proposals_one_by_one(connect: Any, script: Script) -> None:
    script.propose = propose_two
    session = await connect()
    session.open(URI, "python", "x")
    answer = await session.request("getPanelCompletions", doc(0, 1, panelId="1:panel"))
    assert answer == {"solutionCountTarget": 2}
    solutions = session.received.of("PanelSolution")
    assert [(one["panelId"], one["solutionId"], one["completionText"]) for one in solutions] == [
        ("1:panel", "id-0", "xhello"),
        ("1:panel", "id-1", "xhello\nworld"),
    ]
    assert session.received.of("PanelSolutionsDone") == [{"panelId": "1:panel", "status": "OK"}]
    assert script.wanted == [10]


async def test_a_panel_of_todays_kind(connect: Any, script: Script) -> None:
    script.propose = propose_two
    session = await connect()
    session.open(URI, "python", "x")
    params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 1}, "partialResultToken": "t"}
    items = (await session.request("textDocument/copilotPanelCompletion", params))["items"]
    assert [item["insertText"] for item in items] == ["xhello", "xhello\nworld"]
    assert script.requests[0].trigger is Trigger.INVOKED
    assert script.wanted == [10]


@pytest.mark.parametrize(
    ("method", "params", "answer"),
    [
        ("checkStatus", {"options": {"localChecksOnly": True}}, {"status": "OK", "user": "midspan"}),
        ("checkStatus", {"localChecksOnly": False, "_": True}, {"status": "OK", "user": "midspan"}),
        ("signIn", {}, {"status": "AlreadySignedIn", "user": "midspan"}),
        ("signInInitiate", {"_": True}, {"status": "AlreadySignedIn", "user": "midspan"}),
        ("signInConfirm", {"userId": "1"}, {"status": "OK", "user": "midspan"}),
        ("signOut", None, {"status": "NotSignedIn"}),
        ("setEditorInfo", {"editorInfo": {}}, "OK"),
        ("notifyShown", {"uuid": "nobody's"}, "OK"),
        ("notifyAccepted", {"uuid": "nobody's", "acceptedLength": 3}, "OK"),
        ("notifyRejected", {"uuids": ["nobody's"]}, "OK"),
        ("notifyRejected", {"uuids": None}, "OK"),
        ("textDocument/copilotInlineEdit", {"textDocument": {"uri": URI, "version": 3}}, {"edits": []}),
    ],
)
async def test_what_clients_want_to_hear(
    connect: Any, script: Script, method: str, params: object, answer: object
) -> None:
    session = await connect()
    assert await session.request(method, params) == answer


async def test_models_and_version(connect: Any, script: Script) -> None:
    session = await connect(initialization_options={"midspan": {"host": {"model": "mine"}}})
    await until(lambda: bool(script.completers))
    (model,) = await session.request("copilot/models", {})
    assert (model["id"], model["modelName"], model["scopes"]) == ("mine", "mine", ["completion"])
    assert (await session.request("getVersion", {}))["version"]


@pytest.mark.parametrize("params", [None, {}, {"textDocument": {}}, {"item": None}, {"item": {"command": None}}, []])
async def test_notifications_that_say_nothing_harm_nothing(connect: Any, script: Script, params: object) -> None:
    session = await connect()
    for method in ("didFocus", "didShowCompletion", "didPartiallyAcceptCompletion", "didShowInlineEdit"):
        session.notify(f"textDocument/{method}", params)
    session.open(URI, "python", "x")
    assert len(await session.complete(URI)) == 1


async def test_what_is_dismissed_is_rejected(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    (one,) = (await session.request("getCompletions", doc(0, 1)))["completions"]
    await session.request("notifyRejected", {"uuids": [one["uuid"]]})
    assert script.rejected == [one["uuid"]]


async def test_typing_on_is_no_rejection_whatever_older_clients_say(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    (one,) = (await session.request("getCompletions", doc(0, 1)))["completions"]
    session.type(URI, "h")
    await session.request("notifyRejected", {"uuids": [one["uuid"]]})
    assert script.rejected == []


async def test_a_client_of_copilots_is_told_how_things_are(connect: Any, script: Script) -> None:
    async def fail(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
        raise BackendUnreachable("Nobody is there.")

    session = await connect(initialization_options=COPILOT)
    assert await session.wait_for("didChangeStatus") == {"busy": False, "kind": "Normal", "message": ""}
    assert (await session.wait_for("statusNotification"))["status"] == "Normal"
    session.open(URI, "python", "x")
    good, script.propose = script.propose, fail
    await session.complete(URI)
    await until(lambda: told(session)[-1:] == [("Warning", "Nobody is there.")])
    script.propose = good
    await session.complete(URI)
    await until(lambda: told(session)[-1:] == [("Normal", "")])


def told(session: Any) -> list[tuple[str, str]]:
    return [(params["kind"], params["message"]) for params in session.received.of("didChangeStatus")]


async def test_others_are_not_told(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    await session.complete(URI)
    assert told(session) == []


async def test_accepting_by_copilots_own_command(connect: Any, script: Script) -> None:
    session = await connect()
    command = {"command": "github.copilot.didAcceptCompletionItem", "title": "Accepted", "arguments": ["nobody's"]}
    assert await session.request("workspace/executeCommand", command) is True


@pytest.mark.parametrize(
    ("options", "unit"),
    [
        ({"tabSize": 2, "insertSpaces": True}, "  "),
        ({"tabSize": 8, "insertSpaces": False}, "\t"),
        ({"insertSpaces": True}, ""),
        ({"tabSize": 0, "insertSpaces": True}, ""),
        ({"tabSize": "2", "insertSpaces": 1}, ""),
        (None, ""),
    ],
)
async def test_what_the_editor_indents_by(connect: Any, script: Script, options: Any, unit: str) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    where = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 1}}
    await session.request("textDocument/inlineCompletion", {**where, "context": {}, "formattingOptions": options})
    await session.request("getCompletions", {"doc": {**(options or {}), "uri": URI, "position": where["position"]}})
    assert [request.indent_unit for request in script.requests] == [unit, unit]
