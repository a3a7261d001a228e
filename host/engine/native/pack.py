"""Weights as the native code reads them: int8 or int4 tiles in the order of reading, all by name.

Knows numbers and the layout of decoder.c's `Matrix`; nothing of calls.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ..weights import DecoderWeights, LinearWeights, NormWeights

TILE_ROWS, TILE_COLUMNS = 16, 2
_GROUP_OF_4_BITS = 32
_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 1.05)
NORMS = ("before_attention", "before_mlp", "query", "key")
LINEARS = ("qkv", "out", "rise", "fall")


def pack(weights: DecoderWeights, bits: int = 8) -> dict[str, torch.Tensor]:
    """Return the tensors of a decoder: "embedding", "head.weights", "layers.0.qkv.scales", "layers.0.qkv.up.weights", …

    The layers' weights have 8 or 4 ``bits``; the head, which decides between tokens, and adapters always have 8.
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
            tensors |= dict(_linear(f"layers.{n}.{name}", getattr(layer, name), is_gated, bits))
    return tensors


def int8_rows(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Round a matrix [out, in] to int8 numbers and a scale for each row, [out] in fp32."""
    scales = weight.abs().amax(dim=1).float() / 127
    return (weight.float() / scales.clamp(min=1e-30)[:, None]).round_().to(torch.int8), scales


def _linear(name: str, linear: LinearWeights, is_gated: bool, bits: int) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield a layer's tensors; a gated MLP's rows so that each tile holds eight gates and what they let through."""
    n_rows = len(linear.weight)
    order = torch.arange(n_rows)
    if is_gated:  # gates 0 to 7, ups 0 to 7, gates 8 to 15, …
        order = order.view(2, n_rows // TILE_ROWS, TILE_ROWS // 2).transpose(0, 1).reshape(-1)
    weight = linear.weight[order] if is_gated else linear.weight
    yield from (_matrix_of_4_bits if bits == 4 else _matrix)(name, weight).items()
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
    numbers, scales = int8_rows(weight)
    filled = torch.zeros((n_rows, n_columns), dtype=torch.int8)
    filled[:rows, :columns] = numbers
    tiles = filled.view(n_rows // TILE_ROWS, TILE_ROWS, n_columns // TILE_COLUMNS, TILE_COLUMNS)
    return {
        f"{name}.weights": tiles.transpose(1, 2).contiguous(),
        f"{name}.scales": torch.nn.functional.pad(scales, (0, n_rows - rows)).contiguous(),
    }


def _matrix_of_4_bits(name: str, weight: torch.Tensor) -> dict[str, torch.Tensor]:
    """Quantise a matrix [out, in] to -8 … 7, with a scale for each 32 weights of a row: that with the least error.

    The outermost weight of a group is -8 times its scale, or a little more, as in GGUF's Q4_0: what comes from there is
    found again.
    """
    rows, columns = weight.shape
    n_rows, n_groups = -(-rows // TILE_ROWS) * TILE_ROWS, -(-columns // _GROUP_OF_4_BITS)
    filled = torch.zeros((n_rows, n_groups * _GROUP_OF_4_BITS))
    filled[:rows, :columns] = weight
    groups = filled.view(n_rows, n_groups, _GROUP_OF_4_BITS)
    outermost = groups.gather(-1, groups.abs().argmax(-1, keepdim=True)) / -8
    numbers, scales = torch.zeros_like(groups, dtype=torch.int8), torch.zeros((n_rows, n_groups), dtype=torch.float16)
    least = torch.full((n_rows, n_groups), torch.inf)
    for share in _SHARES:
        scale = (outermost * share).half()
        found = (groups / scale.float().where(scale != 0, 1.0)).round_().clamp_(-8, 7)
        error = (found * scale.float() - groups).square_().sum(-1)
        better = error < least
        least = error.where(better, least)
        numbers[better], scales[better] = found[better].to(torch.int8), scale.squeeze(-1)[better]
    # Of four columns of a row the first two are the low halves of two bytes, the others the high ones.
    fours = (numbers + 8).to(torch.uint8).view(n_rows // TILE_ROWS, TILE_ROWS, -1, 2, TILE_COLUMNS)
    tiles = fours[..., 0, :] | fours[..., 1, :] << 4
    return {
        f"{name}.weights": tiles.transpose(1, 2).contiguous(),
        f"{name}.group_scales": scales.view(-1, TILE_ROWS, n_groups).transpose(1, 2).contiguous(),
    }
