"""Models with random weights, in memory, in each shape that our decoder knows."""

from __future__ import annotations

from typing import Any

import torch
import transformers

SIZES = {
    "vocab_size": 203,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.2,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}
ROPE = {"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
SHAPES: dict[str, Any] = {
    "llama": lambda: transformers.LlamaConfig(**SIZES),
    "llama with biases": lambda: transformers.LlamaConfig(**SIZES, attention_bias=True, mlp_bias=True),
    "llama with scaled positions": lambda: transformers.LlamaConfig(
        **SIZES, rope_parameters=ROPE | {"original_max_position_embeddings": 64}
    ),
    "llama, tied": lambda: transformers.LlamaConfig(**SIZES, tie_word_embeddings=True),
    "mistral with windows": lambda: transformers.MistralConfig(**SIZES, sliding_window=24),
    "granite": lambda: transformers.GraniteConfig(
        **SIZES, embedding_multiplier=3.0, attention_multiplier=0.2, residual_multiplier=0.5, logits_scaling=2.0
    ),
    "qwen2": lambda: transformers.Qwen2Config(**SIZES),
    "qwen2, window in the last layers": lambda: transformers.Qwen2Config(
        **SIZES, use_sliding_window=True, sliding_window=20, max_window_layers=2
    ),
    "qwen3": lambda: transformers.Qwen3Config(**SIZES, head_dim=32),
    "starcoder2": lambda: transformers.Starcoder2Config(**SIZES, sliding_window=24),
    "starcoder2 without biases": lambda: transformers.Starcoder2Config(
        **SIZES, sliding_window=None, use_bias=False, hidden_act="gelu"
    ),
}


def random_model(shape: str) -> Any:
    """Return a model whose norms and biases are random too."""
    torch.manual_seed(5)
    module = transformers.AutoModelForCausalLM.from_config(SHAPES[shape](), dtype=torch.float32).eval()
    module.requires_grad_(False)
    for name, parameter in module.named_parameters():
        if "norm" in name or name.endswith("bias"):
            parameter.add_(0.2 * torch.randn_like(parameter))
    return module
