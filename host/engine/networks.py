"""Choose how a model runs on this machine: by our own decoder where its architecture is known, in which precision.

Knows the ways there are and what hardware they are for; nothing of tokens.
"""

from __future__ import annotations

from collections.abc import Callable

from ..models.load import LoadedModel
from .architecture import architecture_of
from .decoder import Decoder
from .graphs import GraphedDecoder
from .native.build import load_library
from .native.decoder import NativeDecoder, supports
from .native.pack import pack
from .network import Network
from .rounded import works
from .transformers_network import TransformersNetwork
from .weights import DecoderWeights, read_weights, with_adapter


def networks_of(loaded: LoadedModel, say: Callable[[str], None]) -> tuple[Network, Network]:
    """Return the bare model and the one with the adapter; they are the same where there is none.

    Raises ModelUnusable when the adapter doesn't fit the model.
    """
    architecture = architecture_of(loaded.module.config)
    if architecture is None:
        where = {"device": loaded.device, "dtype": loaded.dtype}
        bare = TransformersNetwork(loaded.module.to(**where))
        return bare, TransformersNetwork(loaded.line_module().to(**where)) if loaded.adapter else bare
    weights = read_weights(loaded.module, architecture, loaded.n_context)
    adapted = with_adapter(weights, loaded.adapter) if loaded.adapter else weights
    library = load_library(say) if _wants_native(loaded) and supports(architecture) else None
    if library is None:
        bare_decoder = _in_torch(loaded, weights, say)
        return bare_decoder, _in_torch(loaded, adapted, say) if loaded.adapter else bare_decoder
    tensors = pack(adapted, loaded.weight_bits)
    native = NativeDecoder(library, architecture, tensors)
    return native, NativeDecoder(library, architecture, tensors, with_adapter=True) if loaded.adapter else native


def _in_torch(loaded: LoadedModel, weights: DecoderWeights, say: Callable[[str], None]) -> Network:
    device, dtype = loaded.device, loaded.dtype
    bits = loaded.weight_bits if device.type != "cpu" else 0  # torch's own are slower than the native code's
    if bits and not works(device, dtype, bits):
        say(f"torch cannot multiply int{bits} weights on {device.type}, so they stay in {dtype}")
        bits = 0
    decoder = Decoder(weights, dtype, bits, device)
    return GraphedDecoder(decoder, loaded.n_context) if device.type == "cuda" else decoder


def _wants_native(loaded: LoadedModel) -> bool:
    """A precision that was asked for is kept to; other devices are quicker than any code for the CPU."""
    return loaded.device.type == "cpu" and loaded.weight_bits > 0
