"""The OpenAI-compatible backend against the real llama.cpp server, with the default model's own weights."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from llama_cpp import llama_cpp_server
from marks import parse_marks

from midspan.completion.ask import Deadline, Request, Trigger
from midspan.completion.complete import Answer
from midspan.completion.completer import Completer
from midspan.completion.settings import BackendSettings, CompletionSettings, Settings
from midspan.context.document import Document
from midspan.host.models.store import resolve

pytest.importorskip("xllamacpp", reason="the wheel of llama.cpp's server is there for Linux x86_64 only")
pytestmark = pytest.mark.default_model

LINE = """\
def add(a, b):
    return a + b


def subtract(a, b):
    ¦
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    gguf = resolve("default").gguf
    assert gguf is not None
    with llama_cpp_server(gguf) as address:
        yield address


async def complete(endpoint: str, marked: str, *, kind: str = "line", n: int = 1, model: str = "smollm2") -> Answer:
    text, offset = parse_marks(marked)
    document = Document.open("file:///calc.py", "python", 1, text)
    settings = Settings(
        completion=CompletionSettings(kind=kind),  # type: ignore[arg-type]
        backend=BackendSettings(kind="openai", endpoint=endpoint, model=model),
    )
    completer = Completer(settings)
    try:
        return await completer.complete(
            Request(document, offset, Trigger.INVOKED), Deadline.after(60_000), "calc.py", n=n
        )
    finally:
        await completer.close()


async def test_a_line(endpoint: str) -> None:
    answer = await complete(endpoint, LINE)
    assert answer.trace.error is None
    assert [proposal.edits[0].text for proposal in answer.proposals] == ["return a - b"]
    assert answer.proposals[0].score is not None
    assert answer.trace.usage.generated_tokens or answer.trace.timing_ms["first_token"] > 0


async def test_a_block(endpoint: str) -> None:
    answer = await complete(endpoint, "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    ¦", kind="block")
    assert answer.trace.error is None
    assert answer.proposals[0].edits[0].text == "return a - b"


async def test_several_candidates(endpoint: str) -> None:
    answer = await complete(endpoint, LINE, n=3)
    assert answer.trace.error is None
    assert answer.proposals
    texts = [proposal.edits[0].text for proposal in answer.proposals]
    assert len(set(texts)) == len(texts)


async def test_what_llama_cpp_says_about_a_bad_request_reaches_the_user(endpoint: str) -> None:
    answer = await complete(endpoint.removesuffix("/v1") + "/nowhere", LINE)
    assert answer.proposals == ()
    assert "404" in str(answer.trace.error)
