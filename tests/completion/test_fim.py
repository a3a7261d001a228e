"""The table of formats: what each renders as text and as ids, and how one is chosen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from midspan.completion.fim import (
    BY_NAME,
    FORMATS,
    FimFormat,
    Hole,
    Sentinel,
    Snippet,
    choose,
    render_ids,
    render_text,
    stop_texts,
)

HOLE = Hole(prefix="P", suffix="S", path="a.py", language="python")
WITH_SNIPPET = Hole(prefix="P", suffix="S", snippets=(Snippet("b.py", "B"),), path="a.py", language="python")

TEXTS = {
    "qwen": "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "codegemma": "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "granite": "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "mellum": "<fim_suffix>S<fim_prefix>P<fim_middle>",
    "starcoder": "<fim_prefix>P<fim_suffix>S<fim_middle>",
    "santacoder": "<fim-prefix>P<fim-suffix>S<fim-middle>",
    "deepseek": "<｜fim▁begin｜>P<｜fim▁hole｜>S<｜fim▁end｜>",
    "codellama": " <PRE> P <SUF>S <MID>",
    "codestral": "[SUFFIX]S[PREFIX]P",
    "seed": "<[fim-suffix]>S<[fim-prefix]>P<[fim-middle]>",
    "codegeex4": (
        "<|user|>\n###PATH:a.py\n###LANGUAGE:python\n###MODE:BLOCK\n"
        "<|code_suffix|>S<|code_prefix|>P<|code_middle|><|assistant|>\n"
    ),
    "midspan-v0": "<issue_start>S<issue_comment>P",
    "none": "P",
}

SNIPPET_TEXTS = {
    "qwen": "<|file_sep|>b.py\nB\n<|file_sep|>a.py\n<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "codegemma": "b.py\nB<|file_separator|>a.py\n<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "mellum": "<filename>b.py\nB<filename>a.py\n<fim_suffix>S<fim_prefix>P<fim_middle>",
    "starcoder": "<file_sep>b.py\nB<file_sep>a.py\n<fim_prefix>P<fim_suffix>S<fim_middle>",
    "codestral": "[SUFFIX]S[PREFIX]+++++ b.py\nB\n+++++ a.py\nP",
    "midspan-v0": "<issue_start>S<issue_comment># b.py\nB\n\n# a.py\nP",
    "none": "# b.py\nB\n\n# a.py\nP",
}


def test_the_table_is_covered() -> None:
    assert set(TEXTS) | {"chat"} == set(BY_NAME)
    assert set(SNIPPET_TEXTS) == {one.name for one in FORMATS if one.snippet}


@pytest.mark.parametrize("name", TEXTS)
def test_rendered_text(name: str) -> None:
    assert render_text(BY_NAME[name], HOLE) == TEXTS[name]


@pytest.mark.parametrize("name", SNIPPET_TEXTS)
def test_rendered_text_with_a_snippet(name: str) -> None:
    assert render_text(BY_NAME[name], WITH_SNIPPET) == SNIPPET_TEXTS[name]


def test_the_chat_instruction_holds_both_sides() -> None:
    text = render_text(BY_NAME["chat"], HOLE)
    assert text.endswith("P<HOLE>S")
    assert BY_NAME["chat"].chat


def tiny_tokenizer(fim_format: FimFormat) -> Tokenizer:
    """A byte-level tokenizer without merges that knows the format's sentinels as special tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    every = (*fim_format.parts, *fim_format.snippet, *fim_format.document)
    names = dict.fromkeys(part.token for part in every if isinstance(part, Sentinel))
    tokenizer.add_special_tokens([*names])
    tokenizer.encode_special_tokens = True  # special tokens in a text are text
    return tokenizer


def sentinel_id(tokenizer: Tokenizer) -> Callable[[str], int]:
    """Look a special token up; one that is not there fails the test."""

    def look_up(token: str) -> int:
        found = tokenizer.token_to_id(token)
        assert found is not None, token
        return found

    return look_up


@pytest.mark.parametrize("name", TEXTS)
def test_rendered_ids_say_the_same_with_sentinels_as_single_ids(name: str) -> None:
    fim_format = BY_NAME[name]
    tokenizer = tiny_tokenizer(fim_format)
    ids = render_ids(fim_format, WITH_SNIPPET, lambda t: tokenizer.encode(t).ids, sentinel_id(tokenizer))
    pieces = [tokenizer.id_to_token(i) or "" for i in ids]
    sentinels = [token for token in pieces if len(token) > 1]
    expected = SNIPPET_TEXTS.get(name, TEXTS[name])
    assert "".join(tokenizer.decode([i], skip_special_tokens=False) for i in ids) == (
        expected.replace(" <PRE>", "▁<PRE>").replace(" <SUF>", "▁<SUF>").replace(" <MID>", "▁<MID>")
    )
    assert [s for s in sentinels if s in fim_format.sentinels] == list(fim_format.sentinels)


@pytest.mark.parametrize("name", [name for name in TEXTS if BY_NAME[name].sentinels])
def test_a_sentinel_in_the_users_text_stays_text(name: str) -> None:
    fim_format = BY_NAME[name]
    tokenizer = tiny_tokenizer(fim_format)
    hostile = "".join(fim_format.sentinels)
    hole = Hole(prefix=f"x{hostile}y", suffix=hostile, path="a.py")

    ids = render_ids(fim_format, hole, lambda t: tokenizer.encode(t).ids, sentinel_id(tokenizer))
    for token in fim_format.sentinels:
        assert ids.count(sentinel_id(tokenizer)(token)) == fim_format.sentinels.count(token)

    text = render_text(fim_format, hole)
    for token in fim_format.sentinels:
        assert text.count(token.replace("▁", " ")) <= 1 or token.startswith("▁")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("Qwen/Qwen2.5-Coder-1.5B", "qwen"),
        ("qwen2.5-coder:7b", "qwen"),
        ("Qwen3-Coder-30B-A3B-Instruct", "qwen"),
        ("codegemma:2b", "codegemma"),
        ("ibm-granite/granite-4.0-350m-base", "granite"),
        ("granite-3b-code-base", "starcoder"),
        ("JetBrains/Mellum-4b-base", "mellum"),
        ("bigcode/starcoder2-3b", "starcoder"),
        ("bigcode/santacoder", "santacoder"),
        ("deepseek-coder-v2:16b", "deepseek"),
        ("codellama:7b-code", "codellama"),
        ("codestral-latest", "codestral"),
        ("ByteDance-Seed/Seed-Coder-8B-Base", "seed"),
        ("codegeex4-all-9b", "codegeex4"),
        ("stabilityai/stable-code-3b", "starcoder"),
        ("Qwen/CodeQwen1.5-7B", "starcoder"),
        ("some-model", "none"),
        ("", "none"),
    ],
)
def test_chosen_by_name(model: str, expected: str) -> None:
    assert choose(model).name == expected


@pytest.mark.parametrize("name", [n for n in TEXTS if n not in ("mellum", "midspan-v0", "none", "codestral")])
def test_chosen_by_sentinels(name: str) -> None:
    fim_format = BY_NAME[name]
    vocabulary = {*fim_format.sentinels, *fim_format.stops}
    assert choose("my-finetune", vocabulary.__contains__).name == name


def test_a_name_does_not_outweigh_the_vocabulary() -> None:
    assert choose("qwen2.5-coder-without-sentinels", lambda token: False).name == "none"


def test_stops_as_text() -> None:
    assert stop_texts(BY_NAME["codellama"]) == ("<EOT>",)
    assert "<|fim_pad|>" in stop_texts(BY_NAME["qwen"])
