"""Weights as the native code reads them: int8 tiles in the order of reading, all by name.

Knows numbers and the layout of decoder.c's `Matrix`; nothing of calls.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ..weights import DecoderWeights, LinearWeights, NormWeights

TILE_ROWS, TILE_COLUMNS = 16, 2
NORMS = ("before_attention", "before_mlp", "query", "key")
LINEARS = ("qkv", "out", "rise", "fall")


def pack(weights: DecoderWeights) -> dict[str, torch.Tensor]:
    """Return the tensors of a decoder: "embedding", "head.weights", "layers.0.qkv.scales", "layers.0.qkv.up.weights", …

    Those of an adapter (``down`` and ``up``) are among them; who leaves them aside has the model without it.
    """
    tensors = {"embedding": weights.embedding, "cosines": weights.cosines, "sines": weights.sines}
    tensors |= _matrix("head", weights.head) | _norm("last_norm", weights.last_norm)
    for n, layer in enumerate(weights.layers):
        for name in NORMS:
            norm = getattr(layer, name)
            tensors |= {} if norm is None else _norm(f"layers.{n}.{name}", norm)
        for name in LINEARS:
            is_gated = weights.architecture.is_gated and name == "rise"
            tensors |= dict(_linear(f"layers.{n}.{name}", getattr(layer, name), is_gated))
    return tensors


def _linear(name: str, linear: LinearWeights, is_gated: bool) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield a layer's tensors; a gated MLP's rows so that each tile holds eight gates and what they let through."""
    n_rows = len(linear.weight)
    order = torch.arange(n_rows)
    if is_gated:  # gates 0 to 7, ups 0 to 7, gates 8 to 15, …
        order = order.view(2, n_rows // TILE_ROWS, TILE_ROWS // 2).transpose(0, 1).reshape(-1)
    yield from _matrix(name, linear.weight[order] if is_gated else linear.weight).items()
    if linear.bias is not None:
        yield f"{name}.bias", linear.bias[order]
    if linear.low_rank is not None:
        yield from _matrix(f"{name}.down", linear.low_rank.down).items()
        yield from _matrix(f"{name}.up", linear.low_rank.up[order]).items()


def _norm(name: str, norm: NormWeights) -> dict[str, torch.Tensor]:
    return {f"{name}.weight": norm.weight} | ({} if norm.bias is None else {f"{name}.bias": norm.bias})


def _matrix(name: str, weight: torch.Tensor) -> dict[str, torch.Tensor]:
    """Quantise a matrix [out, in] with a scale for each row; both sizes are filled up with zeros to whole tiles."""
    rows, columns = weight.shape
    n_rows, n_columns = -(-rows // TILE_ROWS) * TILE_ROWS, -(-columns // TILE_COLUMNS) * TILE_COLUMNS
    scales = weight.abs().amax(dim=1).float() / 127
    numbers = (weight.float() / scales.clamp(min=1e-30)[:, None]).round_().to(torch.int8)
    filled = torch.zeros((n_rows, n_columns), dtype=torch.int8)
    filled[:rows, :columns] = numbers
    tiles = filled.view(n_rows // TILE_ROWS, TILE_ROWS, n_columns // TILE_COLUMNS, TILE_COLUMNS)
    return {
        f"{name}.weights": tiles.transpose(1, 2).contiguous(),
        f"{name}.scales": torch.nn.functional.pad(scales, (0, n_rows - rows)).contiguous(),
    }
