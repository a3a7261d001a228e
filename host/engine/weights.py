"""A decoder's weights in the form in which they are used: projections fused that read the same input.

The numbers come from a transformers model; an adapter stays beside the weights that it adds to, so that both kinds of
answers share them. Knows transformers' names of parameters; nothing of caches or text.

Source of low-rank parts: "LoRA: Low-Rank Adaptation of Large Language Models" (Hu et al. 2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import torch

from ..models.adapter import Adapter
from ..models.errors import ModelUnusable
from .architecture import Architecture

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class LowRank:
    """What an adapter adds to a layer: ``up @ (down @ x)``; down [rank, in], up [out, rank], both fp32."""

    down: torch.Tensor
    up: torch.Tensor


@dataclass(frozen=True, slots=True)
class LinearWeights:
    """``weight @ x + bias + low-rank part``; weight [out, in], bias [out]."""

    weight: torch.Tensor
    bias: torch.Tensor | None = None
    low_rank: LowRank | None = None


@dataclass(frozen=True, slots=True)
class NormWeights:
    """The factor of each channel (fp32), and for layer norms what is added."""

    weight: torch.Tensor
    bias: torch.Tensor | None = None


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One layer. ``rise`` holds gate and up where the MLP is gated; ``query`` and ``key`` are norms of each head."""

    before_attention: NormWeights
    before_mlp: NormWeights
    query: NormWeights | None
    key: NormWeights | None
    qkv: LinearWeights
    out: LinearWeights
    rise: LinearWeights
    fall: LinearWeights


@dataclass(frozen=True, slots=True)
class DecoderWeights:
    """All of them. ``head`` may be ``embedding``; ``cosines`` and ``sines`` are [positions, rotary size], fp32."""

    architecture: Architecture
    embedding: torch.Tensor
    head: torch.Tensor
    last_norm: NormWeights
    layers: tuple[LayerWeights, ...]
    cosines: torch.Tensor
    sines: torch.Tensor

    @property
    def n_parameters(self) -> int:
        """Number of weights in the layers' matrices."""
        return sum(part.weight.numel() for one in self.layers for part in (one.qkv, one.out, one.rise, one.fall))


def read_weights(module: Any, architecture: Architecture, n_context: int) -> DecoderWeights:
    """Fuse the weights of a transformers model whose architecture is known. Shares what need not be copied.

    Raises KeyError when the module has other parameters than its architecture says.
    """
    parameters = dict(module.named_parameters())
    # A copy: what is read from a file's memory map keeps all of the file in memory.
    embedding = parameters["model.embed_tokens.weight"].detach().clone()
    head = module.get_output_embeddings().weight
    positions = torch.arange(n_context, device=module.device)[None]
    like = torch.zeros((), dtype=torch.float32, device=module.device)
    cosines, sines = module.model.rotary_emb(like, positions)  # each [1, positions, rotary size]
    return DecoderWeights(
        architecture,
        embedding,
        embedding if head is parameters["model.embed_tokens.weight"] else head.detach(),
        _norm(parameters, "model.norm"),
        tuple(_layer(parameters, f"model.layers.{n}") for n in range(architecture.n_layers)),
        cosines[0].float().contiguous(),
        sines[0].float().contiguous(),
    )


def with_adapter(weights: DecoderWeights, adapter: Adapter) -> DecoderWeights:
    """Return the same weights with an adapter's low-rank parts beside them.

    The rows of its sentinels are written into the shared embedding, so the bare model must never read or choose
    these tokens. Raises ModelUnusable when the adapter was made for another model.
    """
    try:
        for sentinel, row in adapter.sentinels.items():
            with torch.no_grad():
                weights.embedding[row] = adapter.tensors[f"rows.{sentinel}"].to(weights.embedding)
        layers = tuple(_adapted(layer, adapter, n) for n, layer in enumerate(weights.layers))
    except (KeyError, RuntimeError, IndexError) as error:
        raise ModelUnusable(
            f'The adapter "{adapter.name}" does not fit this model. Remove the model and add it again.'
        ) from error
    return replace(weights, layers=layers)


def on_device(part: Part, device: torch.device) -> Part:
    """Return a part of the weights, from a tensor to all of a layer, on a device."""
    if isinstance(part, torch.Tensor):
        return cast(Part, part.to(device))
    if is_dataclass(part) and not isinstance(part, type):
        moved = {one.name: on_device(getattr(part, one.name), device) for one in fields(part)}
        return replace(part, **moved)
    return part


def _layer(parameters: Mapping[str, torch.Tensor], name: str) -> LayerWeights:
    attention, mlp = f"{name}.self_attn", f"{name}.mlp"
    has_head_norms = f"{attention}.q_norm.weight" in parameters
    is_gated = f"{mlp}.gate_proj.weight" in parameters
    return LayerWeights(
        before_attention=_norm(parameters, f"{name}.input_layernorm"),
        before_mlp=_norm(parameters, f"{name}.post_attention_layernorm"),
        query=_norm(parameters, f"{attention}.q_norm") if has_head_norms else None,
        key=_norm(parameters, f"{attention}.k_norm") if has_head_norms else None,
        qkv=_linear(parameters, *(f"{attention}.{part}_proj" for part in "qkv")),
        out=_linear(parameters, f"{attention}.o_proj"),
        rise=_linear(parameters, *((f"{mlp}.gate_proj", f"{mlp}.up_proj") if is_gated else (f"{mlp}.c_fc",))),
        fall=_linear(parameters, f"{mlp}.down_proj" if is_gated else f"{mlp}.c_proj"),
    )


def _linear(parameters: Mapping[str, torch.Tensor], *names: str) -> LinearWeights:
    """Fuse layers with the same input into one."""
    weights = [parameters[f"{name}.weight"] for name in names]
    weight = weights[0] if len(weights) == 1 else torch.cat([w.detach() for w in weights])
    biases = [parameters.get(f"{name}.bias") for name in names]
    bias = None
    if any(b is not None for b in biases):
        pairs = zip(weights, biases, strict=True)
        bias = torch.cat([w.new_zeros(len(w)).float() if b is None else b.detach().float() for w, b in pairs])
    return LinearWeights(weight.detach(), bias)


def _norm(parameters: Mapping[str, torch.Tensor], name: str) -> NormWeights:
    bias = parameters.get(f"{name}.bias")
    weight = parameters[f"{name}.weight"].detach().float().contiguous()
    return NormWeights(weight, None if bias is None else bias.detach().float().contiguous())


def _adapted(layer: LayerWeights, adapter: Adapter, n: int) -> LayerWeights:
    return replace(
        layer,
        qkv=_with_low_rank(layer.qkv, adapter, n, ("q", "k", "v")),
        out=_with_low_rank(layer.out, adapter, n, ("o",)),
        rise=_with_low_rank(layer.rise, adapter, n, ("gate", "up")),
        fall=_with_low_rank(layer.fall, adapter, n, ("down",)),
    )


def _with_low_rank(linear: LinearWeights, adapter: Adapter, n: int, parts: tuple[str, ...]) -> LinearWeights:
    """Stack the parts' low-rank factors: all of ``down``, and ``up`` in blocks along the diagonal."""
    device = linear.weight.device
    factors = [(adapter.tensors[f"lora.{n}.{p}.A"], adapter.tensors[f"lora.{n}.{p}.B"]) for p in parts]
    down = torch.cat([a.float() for a, _ in factors]).to(device)
    up = _along_diagonal([adapter.scale * b.float() for _, b in factors]).to(device)
    if (up.shape[0], down.shape[1]) != tuple(linear.weight.shape):
        raise IndexError(f"{parts} of layer {n}")
    return replace(linear, low_rank=LowRank(down.contiguous(), up.contiguous()))


def _along_diagonal(blocks: list[torch.Tensor]) -> torch.Tensor:
    whole: torch.Tensor = torch.block_diag(*blocks)  # type: ignore[no-untyped-call]
    return whole
