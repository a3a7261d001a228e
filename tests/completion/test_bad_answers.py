"""Model servers that say what no good one would: the editor sees nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from ghost import complete, ghost, request
from openai_events import chunk, settings, sse
from raw_server import http, raw_server
from scripted_model import ScriptedModel

from midspan.completion.ask import Ask, Deadline, Delta, Request, Trigger
from midspan.completion.backends.openai import OpenAIBackend
from midspan.completion.completer import Completer
from midspan.completion.errors import BackendBusy
from midspan.completion.settings import Settings
from midspan.context.document import Document


@pytest.mark.parametrize("reply", ["", "   ", "\n\n\n", "\t\r\n", "\u00a0\u3000"])
def test_nothing_and_white_space(reply: str) -> None:
    assert ghost("x = ¦\n", reply) == "none: nothing to add"


class Endless(ScriptedModel):
    """Says a token again and again, whatever it was allowed; ``told`` is how many it says in a piece."""

    def __init__(self, token: str, told: int = 1) -> None:
        super().__init__(token)
        self._piece = token * told
        self._told = told

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        self.asks.append(ask)
        try:
            for _ in range(100_000 // self._told):
                self.n_sent += self._told
                yield Delta(self._piece, logprob=-0.1, n_tokens=1)
                await asyncio.sleep(0)
        finally:
            self.n_closed += 1


@pytest.mark.parametrize("token", ["a", "a ", "(", '"', "a\n", "    a = b\n", "\n", "foo(\n"])
@pytest.mark.parametrize("marked", ["x = ¦\n", "def f(a):\n    ¦\n", 'x = f("¦\n'])
async def test_a_hundred_thousand_tokens_are_not_read(token: str, marked: str) -> None:
    model = Endless(token)
    await complete(Completer(Settings(), model), request(marked, Trigger.INVOKED), ms=60_000)
    assert model.n_closed == len(model.asks)
    assert model.n_sent <= sum(ask.max_tokens + 2 for ask in model.asks)


async def test_a_hundred_thousand_tokens_in_few_pieces_neither() -> None:
    model = Endless("abcdefgh ", told=1000)
    await complete(Completer(Settings(), model), request("x = ¦\n"), ms=60_000)
    assert model.n_sent <= 2000


@pytest.mark.parametrize("piece", [b"\xff\xfe", b"caf\xc3", b"\xed\xa0\x80"])
async def test_bytes_that_are_no_utf_8(piece: bytes) -> None:
    event = chunk("foo@", "stop").encode().replace(b"@", piece)
    async with raw_server(lambda _: http("200 OK", event + b"data: [DONE]\n\n", "text/event-stream")) as server:
        backend = OpenAIBackend(settings(server.endpoint))
        assert await complete(Completer(Settings(), backend), request("x = ¦\n")) == []
        await backend.close()


@pytest.mark.parametrize("text", ["foo\ufffd", "\udc00(a)", "foo\x00", "\x1b[31mfoo"])
async def test_halves_of_characters_and_control_characters_are_not_offered(text: str) -> None:
    async with raw_server(lambda _: sse(chunk(text, "stop"))) as server:
        backend = OpenAIBackend(settings(server.endpoint))
        assert await complete(Completer(Settings(), backend), request("x = ¦\n")) == []
        await backend.close()


def test_a_document_that_has_such_characters_may_get_them() -> None:
    assert ghost("x = '\x1b'; y = ¦\n", "'\x1b[31m'") == "x = '\x1b'; y = ├'\x1b[31m'┤\n"


@pytest.mark.parametrize(
    ("language", "reply"),
    [
        ("python", "function add(a, b) {\n  return a + b;\n}\n"),
        ("python", "Sure! Here is the completed code you asked for:\n"),
        ("go", "def add(a, b):\n    return a + b\n"),
        ("typescript", "def add(self, a):\n    return a\n"),
    ],
)
def test_another_language_is_not_offered(language: str, reply: str) -> None:
    assert ghost("\n¦\n", reply, language).startswith("none: ")


async def test_each_file_gets_its_own_answer_though_the_cursor_moves_between_them() -> None:
    """The first file's answer is under way when the second one asks; then the user comes back."""
    may_answer = asyncio.Event()

    class Waiting(ScriptedModel):
        async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
            if ask.hole.path == "a.py":
                await may_answer.wait()
            async for delta in super().stream(ask):
                yield delta

    model = Waiting(lambda ask: "first" if ask.hole.path == "a.py" else "second")
    completer = Completer(Settings(), model)

    async def offered(name: str) -> list[str]:
        document = Document.open(f"file:///{name}", "python", 1, "x = \n")
        answer = await completer.complete(Request(document, 4), Deadline.after(5000), name)
        return [proposal.edits[0].text for proposal in answer.proposals]

    first = asyncio.create_task(offered("a.py"))
    await asyncio.sleep(0)
    assert await offered("b.py") == ["second"]
    may_answer.set()
    assert await first == ["first"]
    assert await offered("b.py") == ["second"]
    assert await offered("a.py") == ["first"]
    assert len(model.asks) == 2


async def test_a_server_that_has_enough_after_the_first_text_leaves_that() -> None:
    class Busy(ScriptedModel):
        async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
            if self.asks:
                raise BackendBusy("Too many requests.")
            async for delta in super().stream(ask):
                yield delta

    answer = await Completer(Settings(), Busy("first")).complete(
        request("x = ¦\n", Trigger.INVOKED), Deadline.after(5000), "a.py"
    )
    assert [proposal.edits[0].text for proposal in answer.proposals] == ["first"]
    assert answer.trace.error is None
