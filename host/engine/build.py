"""Put an engine together from a model in memory. Knows the parts; none of their work."""

from __future__ import annotations

from ..models.load import LoadedModel
from .engine import Engine
from .model import Model
from .prompt import PromptBuilder, choose_formats
from .sessions import Sessions
from .tokens import Vocabulary


def build_engine(loaded: LoadedModel, memory_mb: int) -> Engine:
    """Return the engine for a model; ``memory_mb`` limits what all sessions keep.

    Raises ModelUnusable when the model's tokenizer can't be used, or not with the FIM format that is wanted.
    """
    vocabulary = Vocabulary(loaded.tokenizer, loaded.module.generation_config)
    files = loaded.files
    formats = choose_formats(vocabulary, files.name, {"line": files.fim_line, "block": files.fim_block})
    # The base model knows nothing of the adapter's sentinels, whose rows it shares.
    block = Model(loaded.module, loaded.n_context, loaded.adapter_ids)
    line = Model(loaded.line_module, loaded.n_context) if loaded.adapter_ids else block
    prompts = PromptBuilder(vocabulary, formats, loaded.n_context)
    return Engine({"line": line, "block": block}, vocabulary, prompts, Sessions(memory_mb * 1_000_000))
