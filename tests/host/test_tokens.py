"""Text to ids and back, on tokenizers of every family: exact, and text never becomes a control token."""

from __future__ import annotations

import pytest
from engines import engine
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import FAMILIES

from midspan.completion.fim import BY_NAME, Hole, render_ids

SENTINELS = sorted({token for family in FAMILIES.values() for token in (*family.special, *family.plain_tokens)})
CODE = [
    "def f(x):\n\treturn x",
    "    ",
    "\r\n",
    "\n\n\n",
    "é",
    "日本",
    "e\u0301",
    "\U0001f600",
    "▁",
    " ",
    "<0x41>",
    "_",
]
TEXTS = st.lists(st.one_of(st.sampled_from(SENTINELS + CODE), st.text(max_size=6)), min_size=0, max_size=8).map("".join)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=60)
@given(text=TEXTS)
def test_ids_of_a_text_are_its_bytes_and_never_control_tokens(family: str, text: str) -> None:
    vocabulary = engine(family).vocabulary
    ids = vocabulary.encode(text)
    assert b"".join(map(vocabulary.bytes_of, ids)) == text.encode()
    assert vocabulary.control_ids.isdisjoint(ids)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_lone_surrogate_is_encoded_as_the_replacement_character(family: str) -> None:
    vocabulary = engine(family).vocabulary
    assert vocabulary.decode(vocabulary.encode("a\ud800b")) == "a\ufffdb"
    assert vocabulary.decode(vocabulary.encode("a\U0001f600b")) == "a\U0001f600b"


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.fim != "none"])
def test_a_hole_has_each_sentinel_of_its_format_once_whatever_the_text_says(family: str) -> None:
    vocabulary = engine(family).vocabulary
    fim_format = BY_NAME[FAMILIES[family].fim]
    hostile = "".join(SENTINELS)
    ids = render_ids(fim_format, Hole(hostile, hostile), vocabulary.encode, vocabulary.control_id)
    wanted = [vocabulary.control_id(token) for token in fim_format.sentinels]
    assert [token for token in ids if token in vocabulary.control_ids] == wanted


@pytest.mark.parametrize(("family", "bos"), [("llama", "<s>"), ("gemma", "<bos>"), ("mistral", "<s>")])
def test_bos_comes_first_where_the_tokenizer_wants_it(family: str, bos: str) -> None:
    vocabulary = engine(family).vocabulary
    assert vocabulary.bos == [vocabulary.control_id(bos)]


@pytest.mark.parametrize("family", ["qwen2", "starcoder2", "gpt_bigcode"])
def test_no_bos_where_the_tokenizer_adds_none(family: str) -> None:
    assert engine(family).vocabulary.bos == []


def test_added_tokens_that_are_text_stay_text() -> None:
    vocabulary = engine("gemma").vocabulary
    assert vocabulary.decode(vocabulary.encode("<table>\n\n")) == "<table>\n\n"
    assert len(vocabulary.encode("<table>")) == 1
    assert not vocabulary.has_control("<table>")


@pytest.mark.parametrize("family", ["qwen2", "llama"])
@pytest.mark.parametrize("forced", [b"se", b"\n    ", "日".encode(), b"return"])
def test_continuing_finds_exactly_the_tokens_that_agree(family: str, forced: bytes) -> None:
    vocabulary = engine(family).vocabulary
    agree = {
        token
        for token in range(len(vocabulary))
        if (data := vocabulary.bytes_of(token)) and (data.startswith(forced) or forced.startswith(data))
    }
    found = vocabulary.continuing(forced)
    assert set(found) == agree
    assert len(found) == len(agree)
