"""Weights as the native code reads them: int8 tiles in the order of reading, each matrix packed once.

Knows numbers and decoder.c's `Matrix`; nothing of models.
"""

from __future__ import annotations

import ctypes

import torch

TILE_ROWS, TILE_COLUMNS = 4, 16


class MatrixStruct(ctypes.Structure):
    """`Matrix` of decoder.c."""

    _fields_ = (
        ("weights", ctypes.c_void_p),
        ("scales", ctypes.c_void_p),
        ("rows", ctypes.c_int32),
        ("columns", ctypes.c_int32),
    )


class PackedMatrix:
    """A matrix in int8 with one scale for each row, in the order in which the native code reads it."""

    def __init__(self, weight: torch.Tensor) -> None:
        """Quantise ``weight`` [out, in]; both sizes are filled up with zeros to whole tiles."""
        rows, columns = weight.shape
        n_rows, n_columns = -(-rows // TILE_ROWS) * TILE_ROWS, -(-columns // TILE_COLUMNS) * TILE_COLUMNS
        scales = weight.abs().amax(dim=1).float() / 127
        self._scales = torch.nn.functional.pad(scales, (0, n_rows - rows)).contiguous()
        numbers = (weight.float() / scales.clamp(min=1e-30)[:, None]).round_().to(torch.int8)
        filled = torch.zeros((n_rows, n_columns), dtype=torch.int8)
        filled[:rows, :columns] = numbers
        tiles = filled.view(n_rows // TILE_ROWS, TILE_ROWS, n_columns // TILE_COLUMNS, TILE_COLUMNS)
        self._weights = tiles.transpose(1, 2).contiguous()
        self.struct = MatrixStruct(self._weights.data_ptr(), self._scales.data_ptr(), n_rows, n_columns)

    def n_bytes(self) -> int:
        """Bytes that reading it once takes."""
        return self._weights.nbytes + self._scales.nbytes


class Packer:
    """Packs each matrix once, however many decoders use it."""

    def __init__(self) -> None:
        self._packed: dict[int, tuple[torch.Tensor, PackedMatrix]] = {}

    def pack(self, weight: torch.Tensor, order: torch.Tensor | None = None) -> PackedMatrix:
        """Return the packed form of a matrix, which decoders may share; its rows in ``order`` if that is given."""
        if id(weight) not in self._packed:
            self._packed[id(weight)] = (weight, PackedMatrix(weight if order is None else weight[order]))
        return self._packed[id(weight)][1]
