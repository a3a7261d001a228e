"""The very weights that our host uses, as GGUF files for llama.cpp: one for lines, one for blocks.

Only for models of Llama's architecture that came as GGUF: names and metadata are those of that file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
import torch

from ...host.models.load import LoadedModel
from ..errors import PeerMissing
from .base import Kind

Precision = Literal["BF16", "F16"]
_TYPES = {
    "BF16": (gguf.GGMLQuantizationType.BF16, gguf.LlamaFileType.MOSTLY_BF16),
    "F16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
}
_MODULES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
_OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def write_gguf(loaded: LoadedModel, kind: Kind, precision: Precision, path: Path) -> None:
    """Write the weights for a kind of answer in 16 bits, all but vectors, which stay fp32.

    Raises PeerMissing for a model of another make.
    """
    source = loaded.files.gguf
    if source is None or loaded.module.config.model_type != "llama":
        raise PeerMissing("only models of Llama's architecture that came as GGUF can be given to llama.cpp")
    matrices, file_type = _TYPES[precision]
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(path.with_suffix(".new"), "llama")
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name not in ("general.architecture", "general.file_type"):
            inner = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
    writer.add_file_type(file_type)
    module = loaded.line_module() if kind == "line" else loaded.module
    weights = dict(module.named_parameters())
    for tensor in reader.tensors:
        values = _values(tensor.name, weights, module.config)
        if values.ndim == 1:
            writer.add_tensor(tensor.name, values)
        else:
            writer.add_tensor(tensor.name, gguf.quants.quantize(values, matrices), raw_dtype=matrices)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    path.with_suffix(".new").replace(path)


def _values(name: str, weights: dict[str, torch.Tensor], config: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return a tensor of the file as fp32, from the model's weight of another name."""
    place, _, what = name.removesuffix(".weight").rpartition(".")
    try:
        module = f"model.layers.{place.removeprefix('blk.')}.{_MODULES[what]}" if place else _OUTSIDE[what]
        weight = weights[f"{module}.weight"].float()
    except KeyError as error:
        raise PeerMissing(f"llama.cpp's name {name} of a weight is unknown here") from error
    if what in ("attn_q", "attn_k"):
        n_heads = config.num_attention_heads if what == "attn_q" else config.num_key_value_heads
        # GGUF keeps the two halves of each head's rows interleaved, as the original Llama had them.
        halves = weight.reshape(n_heads, 2, weight.shape[0] // n_heads // 2, *weight.shape[1:])
        weight = halves.swapaxes(1, 2).reshape(weight.shape)
    return weight.contiguous().numpy()
