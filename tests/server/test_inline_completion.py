"""`textDocument/inlineCompletion` from the wire to the wire, with a scripted pipeline."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from scripted_completer import Script, at_cursor

from midspan.completion.ask import Deadline, Edit, Kind, Proposal, Request, SelectedItem, Trigger
from midspan.context.document import Document
from midspan.evaluation.harness import REQUEST_CANCELLED, LspSession, RequestFailed

URI = "file:///project/src/a.py"


def proposing(*edits: Edit) -> Any:
    async def propose(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
        return tuple(Proposal(str(n), (edit,), Kind.LINE) for n, edit in enumerate(edits))

    return propose


async def propose_never(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
    await asyncio.Event().wait()
    return ()


def inline_params(line: int, character: int, **more: Any) -> dict[str, Any]:
    context = {"triggerKind": 2, **more.pop("context", {})}
    text_document = {"uri": URI, **more.pop("textDocument", {})}
    position = {"line": line, "character": character}
    return {"textDocument": text_document, "position": position, "context": context, **more}


async def ask(session: LspSession, params: object) -> Any:
    return await session.request("textDocument/inlineCompletion", params)


async def test_item_replaces_the_line_from_its_start(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "import os\n  ret")
    assert await session.complete(URI) == [
        {
            "insertText": "  rethello",
            "range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 5}},
            "command": {"title": "Accepted", "command": "midspan.accepted", "arguments": ["proposal-1"]},
        }
    ]


async def test_item_covers_suffix_in_utf16_units(connect: Any, script: Script) -> None:
    text = 'x = f("😀", y))'
    script.propose = proposing(Edit(10, 13, "z)"))
    session = await connect()
    session.open(URI, "python", text)
    (item,) = await session.complete(URI, 0, 11)
    assert item["insertText"] == 'x = f("😀",z)'
    assert item["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 14}}


async def test_accepting_changes_the_text_as_the_proposal_says(connect: Any, script: Script) -> None:
    script.propose = proposing(Edit(8, 9, "b)\n"))
    session = await connect()
    session.open(URI, "python", "print(a,)\nend")
    (item,) = await session.complete(URI, 0, 8)
    await session.accept(URI, item)
    assert session.documents[URI].text == "print(a,b)\n\nend"


async def test_proposals_that_are_no_ghost_text_are_left_out(connect: Any, script: Script) -> None:
    other_line, two_lines, nothing_new = Edit(0, 0, "import re\n"), Edit(9, 12, "x"), Edit(9, 9, "")
    script.propose = proposing(other_line, two_lines, nothing_new, Edit(9, 9, "!"))
    session = await connect()
    session.open(URI, "python", "abc\nline 2\nline 3")
    assert [item["insertText"] for item in await session.complete(URI, 1, 5)] == ["line !"]


async def test_proposal_of_two_edits_is_no_ghost_text(connect: Any, script: Script) -> None:
    async def two_edits(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
        return (Proposal("1", (Edit(0, 0, "a"), Edit(3, 3, "b")), Kind.LINE),)

    script.propose = two_edits
    session = await connect()
    session.open(URI, "python", "abc")
    assert await session.complete(URI) == []


async def test_selected_entry_gives_the_range(connect: Any, script: Script) -> None:
    script.propose = proposing(Edit(8, 10, "exit(0)"), Edit(8, 10, "exec()"))
    session = await connect()
    session.open(URI, "python", "    sys.ex")
    where = {"start": {"line": 0, "character": 8}, "end": {"line": 0, "character": 10}}
    items = await session.complete(URI, selected={"range": where, "text": "exit"})
    assert [(item["insertText"], item["range"]) for item in items] == [("exit(0)", where)]
    assert script.requests[0].selected == SelectedItem(8, 10, "exit")


async def test_selected_entry_is_extended_by_an_edit_at_the_cursor(connect: Any, script: Script) -> None:
    script.propose = proposing(Edit(10, 10, "it(0)"))
    session = await connect()
    session.open(URI, "python", "    sys.ex")
    where = {"start": {"line": 0, "character": 8}, "end": {"line": 0, "character": 10}}
    (item,) = await session.complete(URI, selected={"range": where, "text": "exit"})
    assert (item["insertText"], item["range"]) == ("exit(0)", where)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([1, 2], [Trigger.INVOKED, Trigger.AUTOMATIC]),
        ([1, 0, 1, 2], [Trigger.INVOKED, Trigger.INVOKED, Trigger.AUTOMATIC, Trigger.AUTOMATIC]),
        ([None, 7, "1"], [Trigger.AUTOMATIC] * 3),
    ],
)
async def test_trigger_kinds(connect: Any, script: Script, kinds: list[Any], expected: list[Trigger]) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    for kind in kinds:
        await ask(session, inline_params(0, 1, context={"triggerKind": kind}))
    assert [request.trigger for request in script.requests] == expected


async def test_unknown_fields_are_tolerated(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    params = inline_params(0, 1, formattingOptions={"tabSize": 4}, data=[1], contextItems=None, _=True)
    assert len((await ask(session, params))["items"]) == 1


@pytest.mark.parametrize(
    "params",
    [None, [], {}, {"textDocument": {"uri": URI}}, {"textDocument": {"uri": 3}, "position": {}}],
)
async def test_params_that_say_nothing_are_refused(connect: Any, script: Script, params: object) -> None:
    session = await connect()
    with pytest.raises(RequestFailed) as caught:
        await ask(session, params)
    assert caught.value.code == -32602


@pytest.mark.parametrize(
    ("line", "character", "offset"), [(0, 99, 3), (99, 0, 8), (1, 2**40, 8), (-1, 5, 0), (1, -2, 4)]
)
async def test_cursor_outside_the_text_is_clamped(
    connect: Any, script: Script, line: int, character: int, offset: int
) -> None:
    session = await connect()
    session.open(URI, "python", "abc\nline")
    assert len((await ask(session, inline_params(line, character)))["items"]) == 1
    assert script.requests[0].offset == offset


async def test_document_never_opened_gives_nothing(connect: Any, script: Script) -> None:
    session = await connect()
    change = {"contentChanges": [{"text": "x"}], "textDocument": {"uri": URI, "version": 3}}
    session.notify("textDocument/didChange", change)
    assert await ask(session, inline_params(0, 0)) == {"items": []}
    assert script.requests == []


async def test_request_sees_the_text_as_it_was_when_sent(connect: Any, script: Script) -> None:
    """A change right behind the request is not for it; what was proposed without the change isn't shown."""
    session = await connect()
    session.open(URI, "python", "old")
    await session.complete(URI)
    _, answer = session.ask("textDocument/inlineCompletion", inline_params(0, 3))
    session.type(URI, " and new")
    with pytest.raises(RequestFailed) as caught:
        await answer
    assert caught.value.code == REQUEST_CANCELLED
    assert [request.document.text for request in script.requests] == ["old", "old"]


async def test_text_sent_again_while_a_request_is_in_flight(connect: Any, script: Script) -> None:
    """RStudio opens the document again and again; as long as it is the same text, the answer holds."""
    session = await connect()
    session.open(URI, "python", "same")
    _, answer = session.ask("textDocument/inlineCompletion", inline_params(0, 4))
    session.open(URI, "python", "same")
    assert len((await answer)["items"]) == 1


@pytest.mark.parametrize("version", [None, 0, 1])
async def test_version_that_fits_or_is_not_said(connect: Any, script: Script, version: int | None) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    answer = await ask(session, inline_params(0, 1, textDocument={"version": version}))
    assert len(answer["items"]) == 1


async def test_request_for_an_older_text_gives_nothing(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    session.type(URI, "y")
    assert await ask(session, inline_params(0, 1, textDocument={"version": 1})) == {"items": []}


async def test_request_for_a_newer_text_waits_for_it(connect: Any, script: Script) -> None:
    session = await connect()
    session.open(URI, "python", "x")
    _, early = session.ask("textDocument/inlineCompletion", inline_params(0, 2, textDocument={"version": 2}))
    session.type(URI, "y")
    assert (await early)["items"][0]["insertText"] == "xyhello"
    never = await ask(session, inline_params(0, 2, textDocument={"version": 9}))
    assert never == {"items": []}


async def test_newer_request_supersedes_the_older_one(connect: Any, script: Script) -> None:
    script.propose = propose_never
    session = await connect()
    session.open(URI, "python", "x")
    session.open("file:///b.py", "python", "x")
    params = inline_params(0, 1)
    elsewhere = {**params, "textDocument": {"uri": "file:///b.py"}}
    _, first = session.ask("textDocument/inlineCompletion", params)
    _, other = session.ask("textDocument/inlineCompletion", elsewhere)
    await script.saw(2)
    _, second = session.ask("textDocument/inlineCompletion", params)
    await script.saw(3)
    with pytest.raises(RequestFailed) as caught:
        await first
    assert caught.value.code == REQUEST_CANCELLED
    assert not second.done()
    assert not other.done()
    script.propose = proposing(Edit(1, 1, "!"))
    assert len(await session.complete(URI)) == 1
    with pytest.raises(RequestFailed):
        await second
    assert script.n_cancelled == 2


async def test_cancelled_request_is_answered_at_once(connect: Any, script: Script) -> None:
    unwound = asyncio.Event()

    async def slow_to_unwind(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await unwound.wait()
            raise
        return ()

    script.propose = slow_to_unwind
    session = await connect()
    session.open(URI, "python", "x")
    request_id, answer = session.ask("textDocument/inlineCompletion", inline_params(0, 1))
    await script.saw(1)
    session.cancel(request_id)
    session.cancel(12345)
    session.notify("$/cancelRequest", None)
    with pytest.raises(RequestFailed) as caught:
        await answer
    assert caught.value.code == REQUEST_CANCELLED
    unwound.set()


async def test_request_is_answered_within_its_deadline(connect: Any, script: Script) -> None:
    script.propose = propose_never
    options = {"completion": {"deadline_ms": 80, "invoked_deadline_ms": 300}}
    session = await connect(initialization_options=options)
    session.open(URI, "python", "x")
    assert await session.complete(URI) == []
    assert await session.complete(URI, trigger=1) == []
    automatic, invoked = (latency.milliseconds for latency in session.latencies[-2:])
    assert automatic >= 80 <= invoked
    assert invoked >= 300
    assert script.n_cancelled == 2


async def test_completer_is_told_a_deadline_that_leaves_time_to_answer(connect: Any, script: Script) -> None:
    left: list[float] = []

    async def note(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
        left.append(deadline.seconds_left())
        return ()

    script.propose = note
    session = await connect()
    session.open(URI, "python", "x")
    await session.complete(URI)
    await session.complete(URI, trigger=1)
    assert 0 < left[0] < 0.6 < left[1] < 5.0


async def test_failing_pipeline_gives_nothing(connect: Any, script: Script) -> None:
    async def fail(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
        raise ZeroDivisionError

    script.propose = fail
    session = await connect()
    session.open(URI, "python", "x")
    assert await session.complete(URI) == []


async def test_lone_surrogates_come_back_as_they_were(connect: Any, script: Script) -> None:
    script.propose = proposing(Edit(4, 4, "\ude00!"))
    session = await connect()
    session.open(URI, "python", "# \ud83d\x00")
    (item,) = await session.complete(URI)
    assert item["insertText"] == "# \ud83d\x00\ude00!"
    assert script.requests[0].document.text == "# \ud83d\x00"


async def test_path_is_relative_to_the_folder(connect: Any, script: Script, tmp_path: Any) -> None:
    session = await connect(root=tmp_path)
    uri = (tmp_path / "src" / "ä b.py").as_uri()
    session.open(uri, "python", "x")
    await session.complete(uri)
    assert script.paths == ["src/ä b.py"]


async def test_closed_document_is_forgotten(connect: Any, script: Script) -> None:
    script.propose = propose_never
    session = await connect()
    session.open(URI, "python", "x")
    _, answer = session.ask("textDocument/inlineCompletion", inline_params(0, 1))
    await script.saw(1)
    session.close_document(URI)
    with pytest.raises(RequestFailed):
        await answer
    assert script.forgotten == [URI]
    assert await ask(session, inline_params(0, 1)) == {"items": []}


async def test_accepted_command(connect: Any, script: Script) -> None:
    session = await connect()
    assert "midspan.accepted" in session.server_capabilities["executeCommandProvider"]["commands"]
    whole_command = {"title": "Accepted", "command": "midspan.accepted", "arguments": ["1"]}
    for params in (whole_command, {"command": "midspan.accepted"}):
        assert await session.request("workspace/executeCommand", params) is True
    with pytest.raises(RequestFailed) as caught:
        await session.request("workspace/executeCommand", {"command": "rm"})
    assert caught.value.code == -32602


async def test_why_keeps_no_old_text(connect: Any, script: Script) -> None:
    session = await connect()
    document = {"textDocument": {"uri": URI}}
    text = "# a text of no other test"
    session.open(URI, "python", text)
    assert await session.request("midspan/why", document) is None
    await session.complete(URI)
    session.type(URI, "y")
    told = await session.request("midspan/why", document)
    position = {"line": 0, "character": len(text)}
    assert [(item["text"], item["range"]) for item in told["items"]] == [
        ("hello", {"start": position, "end": position})
    ]
    script.requests.clear()
    await asyncio.sleep(0)
    gc.collect()
    texts = [held.text for held in gc.get_objects() if type(held) is Document and held.text.startswith(text)]
    assert texts == [text + "y"]


async def test_proposal_at_cursor_helper() -> None:
    """The stand-in's own helper, so that a wrong one can't make the tests above meaningless."""
    request = Request(Document.open("a", "python", 1, "abc"), 2)
    assert at_cursor(request, "x", covered=1).edits == (Edit(2, 3, "x"),)
