"""Put an engine together from a model in memory. Knows the parts; none of their work."""

from __future__ import annotations

from collections.abc import Callable

from ...completion.fim import FimFormat
from ..models.load import LoadedModel
from .engine import Engine
from .model import Model
from .networks import networks_of
from .prompt import PromptBuilder, choose_formats
from .request import Kind
from .sessions import Sessions
from .tokens import Vocabulary


def build_engine(
    loaded: LoadedModel, memory_mb: int, chunk_tokens: int = 0, say: Callable[[str], None] = lambda detail: None
) -> Engine:
    """Return the engine for a model; ``memory_mb`` limits what all sessions keep.

    Prompts are read ``chunk_tokens`` at a time (0: by measured speed).

    Raises ModelUnusable when the model's tokenizer can't be used, or not with the FIM format that is wanted.
    """
    vocabulary = Vocabulary(loaded.tokenizer, loaded.module.generation_config)
    files = loaded.files
    formats = choose_formats(vocabulary, files.name, {"line": files.fim_line, "block": files.fim_block})
    bare, adapted = networks_of(loaded, say)
    # The base model knows nothing of the adapter's sentinels, whose rows it shares.
    base = Model(bare, loaded.n_context, loaded.adapter_ids, chunk_tokens)
    line = base if adapted is bare else Model(adapted, loaded.n_context, (), chunk_tokens)
    models: dict[Kind, Model] = {
        kind: line if _uses(fim_format, vocabulary, loaded.adapter_ids) else base
        for kind, fim_format in formats.items()
    }
    prompts = PromptBuilder(vocabulary, formats, loaded.n_context)
    return Engine(models, vocabulary, prompts, Sessions(memory_mb * 1_000_000))


def _uses(fim_format: FimFormat, vocabulary: Vocabulary, ids: tuple[int, ...]) -> bool:
    return any(vocabulary.control_id(token) in ids for token in fim_format.sentinels)
