"""Mend a tokenizer that transformers read from a GGUF file: how it cuts a text before merging bytes.

A GGUF names that by a word (`tokenizer.ggml.pre`), which transformers 5.24 leaves aside: it always cuts as GPT-2
does. Tokenizers of the StarCoder kind, SmolLM2's too, cut every digit off first; without that, indentation before
a number becomes other tokens than the model was trained on (checked against llama.cpp's own tokenizer).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

_CUTS_DIGITS = frozenset({"smollm", "starcoder", "refact", "codeshell"})


def mend_pretokenizer(tokenizer: Any, gguf: Path) -> None:
    """Set the pre-tokenizer of a fast tokenizer to the one that the GGUF file names, where they differ."""
    from gguf import GGUFReader
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

    field = GGUFReader(str(gguf)).fields.get("tokenizer.ggml.pre")
    if field is None or field.contents() not in _CUTS_DIGITS:
        return
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)]
    )
