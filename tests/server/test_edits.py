"""What the user did, told from the changes that an editor sends."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_completer import Script

from midspan.completion.ask import Did
from midspan.context.document import Change, Document, Position
from midspan.server.edits import Edits

TEXT = "import os\n\nx = 1\ny = 2\n"


def change(text: str, start: tuple[int, int], end: tuple[int, int] | None = None) -> Change:
    return Change(text, Position(*start), Position(*(end or start)))


class Editor:
    def __init__(self, text: str = TEXT) -> None:
        self.document = Document.open("file:///a.py", "python", 1, text)
        self.edits = Edits(self.document)

    def do(self, *changes: Change) -> Did:
        before, self.document = self.document, self.document.apply(changes, self.document.version + 1)
        self.edits.note(changes, before, self.document)
        return self.edits.did


@pytest.mark.parametrize(
    ("changes", "did"),
    [
        ([change("a", (2, 5))], Did.TYPED),
        ([change("()", (2, 5))], Did.TYPED),
        ([change("\n    ", (2, 5))], Did.TYPED),
        ([change("print", (2, 0), (2, 1))], Did.TYPED),
        ([change("", (2, 4), (2, 5))], Did.DELETED),
        ([change("", (2, 0), (3, 0))], Did.DELETED),
        ([change("a = 1\nb = 2\nc = 3\n", (1, 0))], Did.PASTED),
        ([change("a" * 100, (1, 0))], Did.PASTED),
        ([change("z", (2, 0)), change("z", (3, 0))], Did.SEVERAL),
        ([change("", (2, 0), (2, 1)), change("", (3, 0), (3, 1))], Did.SEVERAL),
        ([change("z", (2, 0)), change("import re\n", (0, 0))], Did.TYPED),
        ([change("", (2, 0))], Did.UNKNOWN),
    ],
)
def test_one_thing(changes: list[Change], did: Did) -> None:
    assert Editor().do(*changes) is did


def test_undo_and_redo() -> None:
    editor = Editor()
    editor.do(change("abc", (2, 5)))
    editor.do(change("def", (2, 8)))
    assert editor.do(change("", (2, 8), (2, 11))) is Did.UNDONE
    assert editor.do(change("", (2, 5), (2, 8))) is Did.UNDONE
    assert editor.do(change("abc", (2, 5))) is Did.UNDONE
    assert editor.do(change("x", (2, 5))) is Did.TYPED


def test_typing_a_letter_again_after_a_backspace_is_typing() -> None:
    editor = Editor()
    editor.do(change("a", (2, 5)))
    assert editor.do(change("", (2, 5), (2, 6))) is Did.DELETED
    assert editor.do(change("a", (2, 5))) is Did.TYPED


def test_a_proposal_that_is_taken_is_no_paste() -> None:
    editor = Editor()
    block = "\n".join(f"    line_{n}" for n in range(10))
    editor.edits.expect(block)
    assert editor.do(change("def f():\n" + block, (1, 0))) is Did.TYPED
    assert editor.do(change(block + "\nmore", (5, 0))) is Did.PASTED


def test_a_whole_new_text_is_judged_by_what_it_changes() -> None:
    editor = Editor()
    assert editor.do(Change(TEXT.replace("x = 1", "x = 12"))) is Did.TYPED
    assert editor.do(Change(TEXT)) is Did.DELETED


async def test_a_request_says_what_was_done(connect: Any, script: Script) -> None:
    session = await connect()
    session.open("file:///a.py", "python", "x = 1\n")
    await session.complete("file:///a.py")
    session.type("file:///a.py", "y")
    await session.complete("file:///a.py")
    session.backspace("file:///a.py")
    await session.complete("file:///a.py")
    assert [request.did for request in script.requests] == [Did.UNKNOWN, Did.TYPED, Did.DELETED]
