"""Our text is the client's text, after any sequence of edits: through JSON, `from_lsp` and `documents`."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from reference_client import ReferenceText, data_of, random_position, random_text

from midspan.context.document import Document, Position
from midspan.evaluation.client_text import ClientText, from_units, to_units
from midspan.server import from_lsp
from midspan.server.documents import Documents

URI = "file:///a"
MAX_UNITS = 400


class Pair:
    """A reference client and our documents, connected by the JSON that goes over the wire."""

    def __init__(self, choice: random.Random, language_id: str) -> None:
        text = random_text(choice, 40)
        self.client = ReferenceText(text)
        self.documents = Documents()
        self.version = 1
        item = {"uri": URI, "languageId": language_id, "version": 1, "text": text}
        opened = from_lsp.opened_document(through_json({"textDocument": item}))
        self.documents.open(opened.uri, opened.language_id, opened.version, opened.text)

    @property
    def document(self) -> Document:
        document = self.documents.get(URI)
        assert document is not None
        return document

    def edit(self, choice: random.Random) -> int:
        """Make one `didChange` of one to three changes on both sides; return how many changes."""
        changes = [self._change(choice) for _ in range(choice.choice((1, 1, 1, 2, 3)))]
        self.version += 1
        text_document = {"uri": URI, "version": self.version}
        params = {"textDocument": text_document, "contentChanges": changes}
        edited = from_lsp.edited(through_json(params))
        self.documents.edit(edited.uri, edited.changes, edited.version)
        return len(changes)

    def _change(self, choice: random.Random) -> dict[str, Any]:
        if len(self.client.units) > MAX_UNITS or choice.random() < 0.002:
            text = random_text(choice, 40)
            self.client = ReferenceText(text)
            return {"text": text}
        start, end = random_position(choice, self.client), random_position(choice, self.client)
        if choice.random() < 0.6:
            end = start
        if self.client.place(end) < self.client.place(start):
            start, end = end, start
        text = random_text(choice, 4)
        self.client.edit(start, end, text)
        return {"range": {"start": position(start), "end": position(end)}, "text": text}


def through_json(params: object) -> Any:
    return json.loads(json.dumps(params).encode())


def position(place: tuple[int, int]) -> dict[str, int]:
    return {"line": place[0], "character": place[1]}


def check(pair: Pair) -> None:
    assert data_of(pair.document.text) == pair.client.data


def check_position(pair: Pair, choice: random.Random) -> None:
    """An offset that we find for a position is where the client has it, and the way back leads there too."""
    line, character = random_position(choice, pair.client)
    offset = pair.document.offset_at(Position(line, character))
    place = pair.client.snapped(pair.client.place((line, character)))
    assert len(data_of(pair.document.text[:offset])) == 2 * place
    back = pair.document.position_at(offset)
    assert pair.client.place((back.line, back.character)) == place


@pytest.mark.parametrize(
    ("language_id", "seed", "n_edits"), [*(("plaintext", seed, 10_000) for seed in range(10)), ("python", 99, 2000)]
)
def test_no_drift(language_id: str, seed: int, n_edits: int) -> None:
    choice = random.Random(seed)
    pair = Pair(choice, language_id)
    n_done = 0
    while n_done < n_edits:
        n_done += pair.edit(choice)
        check(pair)
        if n_done % 5 == 0:
            check_position(pair, choice)
        if language_id == "python" and n_done % 20 == 0:
            assert pair.document.tree is not None
    assert pair.document.version == pair.version


def test_reference_client_counts_as_the_protocol_says() -> None:
    text = ReferenceText("a\r\n\rb\u2028😀\n")
    assert text.n_lines == 4
    assert [text.place(place) for place in [(0, 9), (1, 0), (2, 0), (2, 3), (3, 0), (7, 0)]] == [1, 3, 4, 7, 9, 9]
    assert (text.snapped(7), text.snapped(6)) == (6, 6)


def test_half_of_an_emoji_replaced() -> None:
    """An editor that compares texts by code units replaces only the second half of 😀 to make it 😁."""
    documents = Documents()
    documents.open(URI, "plaintext", 1, "a😀b")
    change = {"range": {"start": position((0, 2)), "end": position((0, 3))}, "text": "\ude01"}
    edited = from_lsp.edited({"textDocument": {"uri": URI}, "contentChanges": [change]})
    documents.edit(edited.uri, edited.changes, edited.version)
    document = documents.get(URI)
    assert document is not None
    assert (document.text, document.version) == ("a😁b", 1)


def test_harness_text_is_the_reference_text() -> None:
    choice = random.Random(5)
    for _ in range(3000):
        reference = ReferenceText(random_text(choice, 12))
        text = ClientText("plaintext", 1, to_units(reference.units.tobytes().decode("utf-16-le", "surrogatepass")))
        place = random_position(choice, reference)
        assert text.place(*place) == reference.place(place)
        found = text.position(text.place(*place))
        assert reference.place((found["line"], found["character"])) == reference.place(place)
        assert data_of(from_units(text.units)) == reference.data
