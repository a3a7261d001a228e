"""Bring a GGUF file into memory as a transformers model and tokenizer, de-quantised.

Knows nothing of devices or adapters. Does not need accelerate, which transformers asks for on its own path.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

from .pretokenizer import mend_pretokenizer


def read_gguf_model(path: Path, dtype: torch.dtype) -> Any:
    """Return the causal language model of a GGUF file, its weights de-quantised to ``dtype`` on the CPU.

    Raises whatever transformers raises for a damaged file or an unknown architecture.
    """
    config = AutoConfig.from_pretrained(str(path.parent), gguf_file=path.name, trust_remote_code=False)
    with torch.device("meta"):
        shape = AutoModelForCausalLM.from_config(config)
    weights = load_gguf_checkpoint(str(path), return_tensors=True, model_to_load=shape, torch_dtype=dtype)
    return type(shape).from_pretrained(None, config=config, state_dict=weights["tensors"], dtype=dtype)


def read_gguf_tokenizer(path: Path) -> Any:
    """Return the tokenizer that a GGUF file holds, with the pre-tokenizer that the file names."""
    tokenizer = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name, trust_remote_code=False)
    mend_pretokenizer(tokenizer, path)
    return tokenizer
