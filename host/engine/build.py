"""Put an engine together from a model in memory. Knows the parts; none of their work."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CDLL
from typing import TYPE_CHECKING

from ...completion.fim import FimFormat
from ..models.devices import choose_device, weight_bits
from ..models.store import ModelFiles
from ..options import Options
from ..turns import turns
from .engine import Engine
from .model import Model
from .native.build import load_library
from .native.decoder import NativeDecoder
from .network import Network
from .prepared import Prepared, find_prepared, keep_prepared
from .prompt import PromptBuilder, choose_formats
from .request import Kind
from .sessions import Sessions
from .tokens import Vocabulary

if TYPE_CHECKING:
    from ..models.load import LoadedModel


def engine_for(files: ModelFiles, options: Options, say: Callable[[str], None]) -> Engine:
    """Return the engine as the host's options want it, from what the last start has kept where that will do.

    Raises ModelUnusable when a file is missing, damaged or of a kind that can't be run.
    """
    if (prepared := _prepared(files, options)) is not None:
        library = load_library(say)
        if library is not None and (engine := _from_prepared(files, prepared, library, options)) is not None:
            return engine
    # transformers is slow to import: only who needs it waits for it.
    from ..models.load import load

    return build_engine(load(files, options.device, options.dtype, say), options.memory_mb, options.chunk_tokens, say)


def build_engine(
    loaded: LoadedModel, memory_mb: int, chunk_tokens: int = 0, say: Callable[[str], None] = lambda detail: None
) -> Engine:
    """Return the engine for a model in memory; ``memory_mb`` limits what all sessions keep.

    Prompts are read ``chunk_tokens`` at a time (0: by measured speed). Where the native code runs it, what that
    reads is kept for `engine_for`.

    Raises ModelUnusable when the model's tokenizer can't be used, or not with the FIM format that is wanted.
    """
    from .networks import networks_of

    vocabulary = Vocabulary(loaded.tokenizer, loaded.module.generation_config)
    formats = _formats(loaded.files, vocabulary)
    networks = networks_of(loaded, say)
    if isinstance(networks[0], NativeDecoder):
        keep_prepared(loaded, networks[0].architecture, networks[0].tensors)
    return _engine(vocabulary, formats, networks, loaded.adapter_ids, loaded.n_context, memory_mb, chunk_tokens)


def _prepared(files: ModelFiles, options: Options) -> Prepared | None:
    device = choose_device(options.device)
    bits = weight_bits(options.dtype, device)
    return find_prepared(files, bits) if bits and device.type == "cpu" else None


def _from_prepared(files: ModelFiles, kept: Prepared, library: CDLL, options: Options) -> Engine | None:
    vocabulary = Vocabulary(kept.tokenizer, kept.generation_config)
    formats = _formats(files, vocabulary)
    if any(one.chat for one in formats.values()):
        return None  # the template is not among what is kept
    bare = NativeDecoder(library, kept.architecture, kept.tensors)
    adapted = NativeDecoder(library, kept.architecture, kept.tensors, with_adapter=True) if kept.adapter_ids else bare
    return _engine(
        *(vocabulary, formats, (bare, adapted), kept.adapter_ids, kept.n_context),
        *(options.memory_mb, options.chunk_tokens),
    )


def _formats(files: ModelFiles, vocabulary: Vocabulary) -> dict[Kind, FimFormat]:
    return choose_formats(vocabulary, files.name, {"line": files.fim_line, "block": files.fim_block})


def _engine(
    vocabulary: Vocabulary,
    formats: dict[Kind, FimFormat],
    networks: tuple[Network, Network],
    adapter_ids: tuple[int, ...],
    n_context: int,
    memory_mb: int,
    chunk_tokens: int,
) -> Engine:
    bare, adapted = networks
    turn = turns() if bare.device.type == "cpu" else None
    # The base model knows nothing of the adapter's sentinels, whose rows it shares.
    base = Model(bare, n_context, adapter_ids, chunk_tokens, turn)
    line = base if adapted is bare else Model(adapted, n_context, (), chunk_tokens, turn)
    models: dict[Kind, Model] = {
        kind: line if _uses(fim_format, vocabulary, adapter_ids) else base for kind, fim_format in formats.items()
    }
    return Engine(models, vocabulary, PromptBuilder(vocabulary, formats, n_context), Sessions(memory_mb * 1_000_000))


def _uses(fim_format: FimFormat, vocabulary: Vocabulary, ids: tuple[int, ...]) -> bool:
    return any(vocabulary.control_id(token) in ids for token in fim_format.sentinels)
