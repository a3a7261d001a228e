"""The default model as it lies in the store: the same weights as its GGUF file, and an exact tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from midspan.host.models.default import GGUF_RECORD
from midspan.host.models.store import ModelFiles, resolve
from midspan.host.models.verify import sha256_of

pytestmark = pytest.mark.default_model

TEXTS = (
    "def f(x):\n    return x\n",
    "\t\tif (a  ==  'b') {\r\n\r\n",
    "x = [\n        12, 345,\n    ]",
    "naïve – 漢字 🦉\x0c\x0b\u2028 \x00end",
    " " * 37,
    "<file_sep><|im_end|><|endoftext|><issue_start>",
)


@pytest.fixture
def files(cache: Path, monkeypatch: pytest.MonkeyPatch) -> ModelFiles:
    """The real model, from the real cache: this file's tests look at it and change nothing."""
    monkeypatch.undo()
    found = resolve("default")
    if not found.path.is_dir():
        pytest.skip("the default model is not converted: the engine was not installed when it was added")
    return found


@pytest.fixture
def tokenizer(files: ModelFiles) -> Any:
    transformers = pytest.importorskip("transformers")
    return transformers.AutoTokenizer.from_pretrained(str(files.path), local_files_only=True)


@pytest.mark.slow
def test_logits_equal_those_of_the_gguf_file(files: ModelFiles, tokenizer: Any) -> None:
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM

    from midspan.host.models.gguf import read_gguf_model

    assert files.gguf is not None
    assert sha256_of(files.gguf) == GGUF_RECORD.sha256
    ids = torch.tensor([tokenizer.encode("def fibonacci(n):\n    if n < 2:\n        return")])
    converted = AutoModelForCausalLM.from_pretrained(
        str(files.path), dtype=torch.bfloat16, use_safetensors=True, local_files_only=True
    )
    original = read_gguf_model(files.gguf, torch.bfloat16)

    with torch.no_grad():
        assert torch.equal(converted(ids).logits, original(ids).logits)


@pytest.mark.parametrize("text", TEXTS)
def test_tokenizer_gives_back_every_text(tokenizer: Any, text: str) -> None:
    ids = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text
    assert all(id_ > 16 for id_ in ids)


def test_ids_up_to_16_are_the_special_tokens(tokenizer: Any) -> None:
    tokens = tokenizer.convert_ids_to_tokens(list(range(18)))
    assert tokens[:3] == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    assert tokens[8:11] == ["<issue_start>", "<issue_comment>", "<issue_closed>"]
    special = [token in tokenizer.all_special_tokens or token in tokenizer.get_added_vocab() for token in tokens]
    assert special == [True] * 17 + [False]


def test_digits_are_cut_off_before_indentation_is_merged(tokenizer: Any) -> None:
    """The ids are those of llama.cpp's tokenizer for the same file, which cuts as the model was trained."""
    ids = tokenizer.encode("x = [\n    1, 2,\n    30,\n]\n", add_special_tokens=False)
    assert ids == [104, 446, 933, 2367, 33, 28, 216, 34, 28, 2367, 35, 32, 28, 198, 77, 198]
