"""Merge a low-rank adapter that ships with midspan into a model's weights.

An adapter is `adapters/NAME.safetensors` (what to add) and `adapters/NAME.json` (how, and the hash of the former).
Knows Llama-shaped models by the names of their parameters; nothing of prompts.

Source: "LoRA: Low-Rank Adaptation of Large Language Models" (Hu et al. 2021).
"""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from .errors import ModelUnusable

_FOLDER = Path(__file__).parent / "adapters"
_MODULES = {
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "o": "self_attn.o_proj",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}


@dataclass(frozen=True, slots=True)
class Adapter:
    """What to add to a model: ``tensors`` by name, the factor of each product, and the rows of new sentinels."""

    name: str
    tensors: dict[str, torch.Tensor]
    scale: float
    sentinels: dict[str, int]


def read_adapter(name: str) -> Adapter:
    """Read an adapter that ships with midspan. Raises ModelUnusable when it is unknown or damaged."""
    weights = _FOLDER / f"{name}.safetensors"
    card = _FOLDER / f"{name}.json"
    if not (weights.is_file() and card.is_file()):
        raise ModelUnusable(f'There is no adapter "{name}" in this version of midspan. Install midspan again.')
    facts = json.loads(card.read_text(encoding="utf-8"))
    if hashlib.sha256(weights.read_bytes()).hexdigest() != facts["sha256"]:
        raise ModelUnusable(f"{weights} is damaged. Install midspan again.")
    return Adapter(name, load_file(weights), facts["alpha"] / facts["rank"], facts["sentinels"])


def card_of(name: str) -> bytes:
    """Return the file that says what an adapter is, its hash included. Raises OSError where there is none."""
    return (_FOLDER / f"{name}.json").read_bytes()


def merged_copy(model: Any, adapter: Adapter) -> Any:
    """Return a copy of the model with the adapter added: sums in fp32, stored in the weights' own dtype.

    Only the weights that the adapter changes are copied. The embedding is shared, so the rows of the adapter's
    sentinels are new in both: they must never be read by, or chosen from, the model without it.
    Raises ModelUnusable when the model has other layers or shapes than the adapter was trained for.
    """
    parameters = dict(model.named_parameters())
    try:
        changed = {_weight_name(key) for key in adapter.tensors if key.endswith(".A")}
        shared = {id(weight): weight for name, weight in parameters.items() if name not in changed}
        copy_of_model = copy.deepcopy(model, shared)
        merged = dict(copy_of_model.named_parameters())
        with torch.no_grad():
            for key in adapter.tensors:
                if key.endswith(".A"):
                    _add_product(merged[_weight_name(key)], adapter, key)
            _set_rows(copy_of_model, adapter)
    except (KeyError, RuntimeError, IndexError) as error:
        raise ModelUnusable(
            f'The adapter "{adapter.name}" does not fit this model. Remove the model and add it again.'
        ) from error
    return copy_of_model


def _weight_name(key: str) -> str:
    _, layer, module, _ = key.split(".")
    return f"model.layers.{layer}.{_MODULES[module]}.weight"


def _set_rows(model: Any, adapter: Adapter) -> None:
    rows = model.get_input_embeddings().weight
    for sentinel, row in adapter.sentinels.items():
        rows[row] = adapter.tensors[f"rows.{sentinel}"].to(rows)


def _add_product(weight: torch.Tensor, adapter: Adapter, key: str) -> None:
    a = adapter.tensors[key].to(weight.device).float()  # [rank, in]
    b = adapter.tensors[key[:-1] + "B"].to(weight.device).float()  # [out, rank]
    weight.copy_(weight.float() + adapter.scale * (b @ a))
