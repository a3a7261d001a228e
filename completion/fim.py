"""How each family of models wants to see a hole in a text (fill-in-the-middle), as one table of plain data.

A format is a sequence of parts: sentinels (special tokens of the model), literal text, and slots for what is
around the hole. One sequence has two renderings: by token ids (our host: text of the user can never become a
special token) and by text (servers that take strings: sentinels inside the user's text are broken up first).

Knows nothing of tokenizers, models or servers: the host passes in how to encode a text and find a sentinel.

Sources: "Efficient Training of Language Models to Fill in the Middle" (Bavarian et al. 2022) for PSM and SPM;
each family's own model card for its sentinels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from ..context.snippet import Snippet

__all__ = [
    "FORMATS",
    "NONE",
    "FimFormat",
    "Hole",
    "Sentinel",
    "Slot",
    "Snippet",
    "choose",
    "render_ids",
    "render_text",
]


@dataclass(frozen=True, slots=True)
class Hole:
    """A hole in a document and what is around it. ``path`` is relative to the workspace; all may be empty."""

    prefix: str
    suffix: str = ""
    snippets: tuple[Snippet, ...] = ()
    path: str = ""
    language: str = ""


class Slot(Enum):
    """A place in a format that a text of the user goes into."""

    PREFIX = "prefix"
    SUFFIX = "suffix"
    SNIPPETS = "snippets"
    PATH = "path"
    TEXT = "text"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A special token, named by its exact text in the model's vocabulary."""

    token: str


Part = Sentinel | Slot | str


@dataclass(frozen=True, slots=True)
class FimFormat:
    """How one family of models wants a hole.

    ``parts`` render the hole; ``snippet`` renders one snippet (slots PATH and TEXT) and ``document`` what
    stands before the document itself, both only when there are snippets (in ``parts``, SNIPPETS says where; else
    they come first). ``stops`` are the special tokens, beside the model's own end tokens, that end the answer.
    ``heal`` says that the model was not trained on holes at any character: the end of the prefix has to be
    re-tokenised together with the answer. ``chat`` sends the rendering through the model's chat template.
    ``model_names`` is a pattern that recognises the family by a model's name.
    """

    name: str
    parts: tuple[Part, ...]
    stops: tuple[str, ...] = ()
    snippet: tuple[Part, ...] = ()
    document: tuple[Part, ...] = ()
    heal: bool = False
    chat: bool = False
    model_names: str = ""

    @property
    def sentinels(self) -> tuple[str, ...]:
        """The special tokens that a model must have for this format (those that only snippets need left out)."""
        return tuple(part.token for part in self.parts if isinstance(part, Sentinel))


def _psm(prefix: str, suffix: str, middle: str) -> tuple[Part, ...]:
    return (Sentinel(prefix), Slot.PREFIX, Sentinel(suffix), Slot.SUFFIX, Sentinel(middle))


def _spm(suffix: str, prefix: str, *middle: str) -> tuple[Part, ...]:
    return (Sentinel(suffix), Slot.SUFFIX, Sentinel(prefix), Slot.PREFIX, *map(Sentinel, middle))


NONE = FimFormat(
    name="none",
    parts=(Slot.PREFIX,),
    snippet=("# ", Slot.PATH, "\n", Slot.TEXT, "\n\n"),
    document=("# ", Slot.PATH, "\n"),
    heal=True,
)
"""Prefix only: for a base model that was never taught to fill holes."""

# In the order in which `choose` tries them: where two families share sentinels, the one with more comes first.
FORMATS: tuple[FimFormat, ...] = (
    FimFormat(
        name="qwen",
        parts=_psm("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        stops=("<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|im_end|>"),
        snippet=(Sentinel("<|file_sep|>"), Slot.PATH, "\n", Slot.TEXT, "\n"),
        document=(Sentinel("<|file_sep|>"), Slot.PATH, "\n"),
        model_names=r"qwen[\d.]*-?coder|qwen3|codeqwen(?!1\.5)",
    ),
    FimFormat(
        name="codegemma",
        parts=_psm("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        stops=("<|file_separator|>",),
        snippet=(Slot.PATH, "\n", Slot.TEXT, Sentinel("<|file_separator|>")),
        document=(Slot.PATH, "\n"),
        model_names=r"code-?gemma",
    ),
    FimFormat(
        name="granite",
        parts=_psm("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        stops=("<|end_of_text|>",),
        model_names=r"granite-?[34](?!b)",
    ),
    FimFormat(
        name="mellum",
        parts=(Slot.SNIPPETS, *_spm("<fim_suffix>", "<fim_prefix>", "<fim_middle>")),
        stops=("<filename>",),
        snippet=(Sentinel("<filename>"), Slot.PATH, "\n", Slot.TEXT),
        document=(Sentinel("<filename>"), Slot.PATH, "\n"),
        model_names=r"mellum",
    ),
    FimFormat(
        name="starcoder",
        parts=_psm("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
        stops=("<file_sep>", "<fim_pad>", "<|endoftext|>"),
        snippet=(Sentinel("<file_sep>"), Slot.PATH, "\n", Slot.TEXT),
        document=(Sentinel("<file_sep>"), Slot.PATH, "\n"),
        model_names=r"starcoder|granite.*code|stable-?code|refact|codeqwen1\.5",
    ),
    FimFormat(
        name="santacoder",
        parts=_psm("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
        stops=("<|endoftext|>",),
        model_names=r"santacoder",
    ),
    FimFormat(
        name="deepseek",
        parts=_psm("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
        stops=("<｜end▁of▁sentence｜>",),
        model_names=r"deepseek",
    ),
    FimFormat(
        # The model was trained with a space on each side of the prefix and before each sentinel.
        name="codellama",
        parts=(Sentinel("▁<PRE>"), " ", Slot.PREFIX, Sentinel("▁<SUF>"), Slot.SUFFIX, Sentinel("▁<MID>")),
        stops=("▁<EOT>",),
        model_names=r"code-?llama",
    ),
    FimFormat(
        name="codestral",
        parts=(Sentinel("[SUFFIX]"), Slot.SUFFIX, Sentinel("[PREFIX]"), Slot.SNIPPETS, Slot.PREFIX),
        stops=("[PREFIX]", "[SUFFIX]"),
        snippet=("+++++ ", Slot.PATH, "\n", Slot.TEXT, "\n"),
        document=("+++++ ", Slot.PATH, "\n"),
        model_names=r"codestral|devstral",
    ),
    FimFormat(
        name="seed",
        parts=_spm("<[fim-suffix]>", "<[fim-prefix]>", "<[fim-middle]>"),
        model_names=r"seed-?coder",
    ),
    FimFormat(
        name="codegeex4",
        parts=(
            Sentinel("<|user|>"),
            "\n###PATH:",
            Slot.PATH,
            "\n###LANGUAGE:",
            Slot.LANGUAGE,
            "\n###MODE:BLOCK\n",
            *_spm("<|code_suffix|>", "<|code_prefix|>", "<|code_middle|>"),
            Sentinel("<|assistant|>"),
            "\n",
        ),
        stops=("<|user|>", "<|code_suffix|>", "<|code_prefix|>", "<|code_middle|>", "<|endoftext|>"),
        model_names=r"codegeex",
    ),
    FimFormat(
        # The default model with its adapter: it uses special tokens of its base that were never trained. It was not
        # trained on snippets either, but reads them as the beginning of the file.
        name="midspan-v0",
        parts=(Sentinel("<issue_start>"), Slot.SUFFIX, Sentinel("<issue_comment>"), Slot.SNIPPETS, Slot.PREFIX),
        stops=("<issue_closed>",),
        snippet=("# ", Slot.PATH, "\n", Slot.TEXT, "\n\n"),
        document=("# ", Slot.PATH, "\n"),
    ),
    FimFormat(
        name="chat",
        parts=(
            "Fill the hole marked <HOLE> in this file. Answer with nothing but the text that belongs there.\n\n",
            Slot.PREFIX,
            "<HOLE>",
            Slot.SUFFIX,
        ),
        chat=True,
    ),
    NONE,
)

BY_NAME = {fim_format.name: fim_format for fim_format in FORMATS}
_BY_NAME_ONLY = {"mellum", "midspan-v0", "chat", "none"}


def choose(model_name: str = "", has_token: Callable[[str], bool] | None = None) -> FimFormat:
    """Pick the format by the model's name, else by the sentinels that its vocabulary holds, else NONE.

    A name decides only where the vocabulary, if known, holds the sentinels. Sentinels that a format needs just
    for its stops tell families apart that share the others.
    """
    for fim_format in FORMATS:
        named = fim_format.model_names and re.search(fim_format.model_names, model_name, re.IGNORECASE)
        if named and (has_token is None or all(map(has_token, fim_format.sentinels))):
            return fim_format
    if has_token is not None:
        for fim_format in FORMATS:
            if fim_format.name in _BY_NAME_ONLY:
                continue
            if all(map(has_token, fim_format.sentinels + fim_format.stops[:1])):
                return fim_format
    return NONE


def render_ids(
    fim_format: FimFormat,
    hole: Hole,
    encode: Callable[[str], list[int]],
    sentinel_id: Callable[[str], int],
) -> list[int]:
    """Return the prompt as token ids: sentinels by ``sentinel_id``, every text by ``encode`` on its own.

    ``encode`` must not recognise special tokens in text.
    """
    ids: list[int] = []
    for piece in _pieces(fim_format, hole):
        ids += [sentinel_id(piece.token)] if isinstance(piece, Sentinel) else encode(piece)
    return ids


def render_text(fim_format: FimFormat, hole: Hole) -> str:
    """Return the prompt as text, for servers that take nothing else.

    A sentinel that stands in the user's own text is broken up by a space, so that the server's tokenizer can't
    take it for the special token.
    """
    return "".join(_texts(fim_format, hole))


def stop_texts(fim_format: FimFormat) -> tuple[str, ...]:
    """Return the sentinels as stop strings for servers that print special tokens as text."""
    return tuple(_as_text(token).strip() for token in fim_format.stops)


def _pieces(fim_format: FimFormat, hole: Hole) -> Iterator[Sentinel | str]:
    """Resolve the slots; neighbouring texts are joined, so that they are encoded together."""
    parts = fim_format.parts if Slot.SNIPPETS in fim_format.parts else (Slot.SNIPPETS, *fim_format.parts)
    text = ""
    for part in _fill(parts, fim_format, hole):
        if isinstance(part, Sentinel):
            if text:
                yield text
            yield part
            text = ""
        else:
            text += part
    if text:
        yield text


def _fill(parts: tuple[Part, ...], fim_format: FimFormat, hole: Hole) -> Iterator[Sentinel | str]:
    values = {
        Slot.PREFIX: hole.prefix,
        Slot.SUFFIX: hole.suffix,
        Slot.PATH: hole.path,
        Slot.LANGUAGE: hole.language,
    }
    for part in parts:
        if part is Slot.SNIPPETS:
            yield from _fill_snippets(fim_format, hole)
        elif isinstance(part, Slot):
            yield values[part]
        else:
            yield part


def _fill_snippets(fim_format: FimFormat, hole: Hole) -> Iterator[Sentinel | str]:
    if not (hole.snippets and fim_format.snippet):
        return
    for snippet in hole.snippets:
        values = {Slot.PATH: snippet.path, Slot.TEXT: snippet.text}
        for part in fim_format.snippet:
            yield values[part] if isinstance(part, Slot) else part
    yield from _fill(fim_format.document, fim_format, hole)


def _texts(fim_format: FimFormat, hole: Hole) -> Iterator[str]:
    names = (*fim_format.sentinels, *fim_format.stops)
    user_text = Hole(
        prefix=_defuse(hole.prefix, names),
        suffix=_defuse(hole.suffix, names),
        snippets=tuple(Snippet(_defuse(s.path, names), _defuse(s.text, names)) for s in hole.snippets),
        path=_defuse(hole.path, names),
        language=hole.language,
    )
    for piece in _pieces(fim_format, user_text):
        yield _as_text(piece.token) if isinstance(piece, Sentinel) else piece


def _as_text(token: str) -> str:
    """A SentencePiece vocabulary writes a space as ▁; the text of its tokens has the space (Code Llama's `▁<PRE>`)."""
    return " " + token[1:] if token.startswith("▁") else token


def _defuse(text: str, sentinels: tuple[str, ...]) -> str:
    for sentinel in sentinels:
        if sentinel in text:
            text = text.replace(sentinel, sentinel[:1] + " " + sentinel[1:])
    return text
