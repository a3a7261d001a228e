"""Choose how a model runs on this machine: by our own decoder where its architecture is known, in which precision.

Knows the ways there are and what hardware they are for; nothing of tokens.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import torch

from ..models.load import LoadedModel
from .architecture import architecture_of
from .decoder import Decoder
from .mixed import MixedDecoder
from .native.build import load_library
from .native.decoder import NativeDecoder, supports
from .native.pack import Packer
from .network import Network
from .transformers_network import TransformersNetwork
from .weights import DecoderWeights, read_weights, with_adapter


def networks_of(loaded: LoadedModel, say: Callable[[str], None]) -> tuple[Network, Network]:
    """Return the bare model and the one with the adapter; they are the same where there is none.

    Raises ModelUnusable when the adapter doesn't fit the model.
    """
    architecture = architecture_of(loaded.module.config)
    if architecture is None:
        bare = TransformersNetwork(loaded.module.to(loaded.dtype))
        return bare, TransformersNetwork(loaded.line_module().to(loaded.dtype)) if loaded.adapter else bare
    weights = read_weights(loaded.module, architecture, loaded.n_context)
    make = _maker(loaded, load_library(say) if _wants_native(loaded) and supports(architecture) else None)
    if loaded.adapter is None:
        decoder = make(weights)
        return decoder, decoder
    adapted = with_adapter(weights, loaded.adapter)
    return make(weights), make(adapted)


def _wants_native(loaded: LoadedModel) -> bool:
    """A precision that was asked for is kept to; other devices are quicker than any code for the CPU."""
    return loaded.device.type == "cpu" and not loaded.is_exact


def _maker(loaded: LoadedModel, library: ctypes.CDLL | None) -> Callable[[DecoderWeights], Network]:
    """Return what makes a decoder of weights; those made of the same weights share them."""
    if library is None:
        return lambda weights: Decoder(weights, loaded.dtype)
    packer = Packer()
    if loaded.dtype != torch.bfloat16:
        return lambda weights: NativeDecoder(library, weights, packer)
    return lambda weights: MixedDecoder(NativeDecoder(library, weights, packer), Decoder(weights, loaded.dtype))
