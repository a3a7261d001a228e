"""Tiny checkpoints with random weights, in the shapes and with the sentinel tokens of real families of code models.

Each has a tokenizer that is trained here on a few lines, saved as real checkpoints are (safetensors, tokenizer.json).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

CORPUS = [
    "def area(self, radius):\n    return math.pi * self.radius ** 2\n\n",
    "class Circle:\n    def __init__(self, radius):\n        self.radius = radius\n",
    "for index, value in enumerate(values):\n        if value is None:\n            continue\n",
    "        print(index, value)\n\n",
    "import os\nimport sys\nfrom pathlib import Path\n\nassert isinstance(values, list)\n",
    "function add(a, b) {\n  return a + b;\n}\nconst total = add(1, 2);\n",
] * 4


@dataclass(frozen=True)
class Family:
    """How to make one family's tiny model. ``plain_tokens`` are sentinels that are not marked special (as Qwen's)."""

    name: str
    fim: str
    config: Callable[[int], Any]
    special: tuple[str, ...]
    plain_tokens: tuple[str, ...] = ()
    pieces: bool = False  # sentencepiece-like, with byte fallback
    bos: str | None = None
    eos: str = "<|endoftext|>"


def _sizes(vocabulary: int, **more: Any) -> dict[str, Any]:
    sizes = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "initializer_range": 0.3,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": None,
    }
    return sizes | more


_QWEN = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>")
_STAR = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<file_sep>")
_SANTA = ("<fim-prefix>", "<fim-suffix>", "<fim-middle>", "<fim-pad>")

FAMILIES = {
    family.name: family
    for family in (
        Family(
            "llama",
            "codellama",
            lambda v: transformers.LlamaConfig(**_sizes(v)),
            ("<s>", "</s>", "<unk>", "▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>"),
            pieces=True,
            bos="<s>",
            eos="</s>",
        ),
        Family(
            "qwen2",
            "qwen",
            lambda v: transformers.Qwen2Config(**_sizes(v)),
            ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
            plain_tokens=(*_QWEN, "<tool_call>"),
        ),
        Family(
            "qwen3",
            "qwen",
            lambda v: transformers.Qwen3Config(**_sizes(v, head_dim=8)),
            ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
            plain_tokens=(*_QWEN, "<think>", "</think>"),
        ),
        Family(
            "starcoder2",
            "starcoder",
            lambda v: transformers.Starcoder2Config(**_sizes(v, sliding_window=24)),
            ("<|endoftext|>", *_STAR),
        ),
        Family(
            "gpt_bigcode",
            "santacoder",
            lambda v: transformers.GPTBigCodeConfig(
                vocab_size=v,
                n_embd=32,
                n_layer=2,
                n_head=4,
                n_positions=512,
                initializer_range=0.3,
                bos_token_id=None,
                eos_token_id=None,
            ),
            ("<|endoftext|>", *_SANTA),
        ),
        Family(
            "gemma",
            "codegemma",
            lambda v: transformers.GemmaConfig(**_sizes(v, head_dim=8)),
            ("<bos>", "<eos>", "<unk>", *_QWEN[:3], "<|file_separator|>"),
            plain_tokens=("\n\n", "<table>"),
            pieces=True,
            bos="<bos>",
            eos="<eos>",
        ),
        Family(
            "mistral",
            "codestral",
            lambda v: transformers.MistralConfig(**_sizes(v, sliding_window=24)),
            ("<s>", "</s>", "<unk>", "[SUFFIX]", "[PREFIX]", "[MIDDLE]"),
            pieces=True,
            bos="<s>",
            eos="</s>",
        ),
        # Its convolutions keep a state that can't be cut: nothing of it may be reused but the whole.
        Family(
            "lfm2",
            "none",
            lambda v: transformers.Lfm2Config(
                **_sizes(v, layer_types=["conv", "full_attention"], conv_L_cache=3, block_multiple_of=8)
            ),
            ("<|endoftext|>",),
        ),
    )
}


def make(family_name: str, folder: Path) -> Path:
    """Write a family's tiny checkpoint into a new folder below ``folder`` and return it."""
    family = FAMILIES[family_name]
    path = folder / f"tiny-{family_name.replace('_', '-')}"
    tokenizer = _tokenizer(family)
    tokenizer.save_pretrained(path)
    torch.manual_seed(7)
    config = family.config(len(tokenizer))
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.save_pretrained(path)
    return path


def _tokenizer(family: Family) -> PreTrainedTokenizerFast:
    tokenizer = _train_pieces(family) if family.pieces else _train_byte_level(family)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in family.special])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in family.plain_tokens])
    if family.bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", special_tokens=[(family.bos, tokenizer.token_to_id(family.bos))]
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=family.bos, eos_token=family.eos)


def _train_byte_level(family: Family) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()  # as Qwen's: text has to survive it
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=list(family.special),
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def _train_pieces(family: Family) -> Tokenizer:
    """Train a BPE of pieces with byte fallback, a space as ▁, and a space put before every text."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    spaces = [normalizers.Replace(" ", "▁")]
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), *spaces])
    tokenizer.pre_tokenizer = pre_tokenizers.Split("\n", "isolated")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    byte_pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=700, show_progress=False, special_tokens=[*family.special, *byte_pieces])
    tokenizer.train_from_iterator(CORPUS, trainer)
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if token["content"] not in byte_pieces]
    return Tokenizer.from_str(json.dumps(state))
