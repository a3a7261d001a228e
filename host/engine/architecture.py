"""What a decoder's forward pass has to do, read from a checkpoint's configuration.

Covers the shapes that differ from Llama's by a few switches: Llama, Mistral, Granite (dense), Qwen2, Qwen3 and
StarCoder2. Knows transformers' names of settings; no weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Activation = Literal["silu", "gelu_tanh", "gelu"]

_MODEL_TYPES = ("llama", "mistral", "granite", "qwen2", "qwen3", "starcoder2")
_ACTIVATIONS: dict[str, Activation] = {"silu": "silu", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu"}
# Of the others the angles depend on the length of the text.
_ROPE_TYPES = ("default", "linear", "llama3", "yarn")


@dataclass(frozen=True, slots=True)
class Architecture:
    """The shape of a decoder. ``windows`` has for each layer how many tokens one sees, itself included (0: all)."""

    hidden: int
    n_heads: int
    n_key_heads: int
    head_size: int
    middle: int
    n_vocabulary: int
    windows: tuple[int, ...]
    activation: Activation
    is_gated: bool
    is_layer_norm: bool
    norm_epsilon: float
    embedding_scale: float
    attention_scale: float
    residual_scale: float
    logit_scale: float

    @property
    def n_layers(self) -> int:
        """Number of layers."""
        return len(self.windows)


def architecture_of(config: Any) -> Architecture | None:
    """Return the architecture of a transformers configuration, None where it is not one of those known here."""
    rope = getattr(config, "rope_parameters", None) or {}
    if (
        config.model_type not in _MODEL_TYPES
        or config.hidden_act not in _ACTIVATIONS
        or rope.get("rope_type", "default") not in _ROPE_TYPES
        or getattr(config, "quantization_config", None)
    ):
        return None
    head_size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    is_star = config.model_type == "starcoder2"
    return Architecture(
        hidden=config.hidden_size,
        n_heads=config.num_attention_heads,
        n_key_heads=config.num_key_value_heads,
        head_size=head_size,
        middle=config.intermediate_size,
        n_vocabulary=config.vocab_size,
        windows=_windows(config),
        activation=_ACTIVATIONS[config.hidden_act],
        is_gated=not is_star,
        is_layer_norm=is_star,
        norm_epsilon=config.norm_epsilon if is_star else config.rms_norm_eps,
        embedding_scale=getattr(config, "embedding_multiplier", 1.0),
        attention_scale=getattr(config, "attention_multiplier", head_size**-0.5),
        residual_scale=getattr(config, "residual_multiplier", 1.0),
        logit_scale=1.0 / getattr(config, "logits_scaling", 1.0),
    )


def _windows(config: Any) -> tuple[int, ...]:
    window = getattr(config, "sliding_window", None) or 0
    kinds = getattr(config, "layer_types", None) or ["sliding_attention"] * config.num_hidden_layers
    return tuple(window if kind == "sliding_attention" else 0 for kind in kinds)
