"""From a hole to the token ids that a model reads: format, trimming to the model's context, token healing.

Knows vocabularies and FIM formats; nothing of weights or sessions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from ...completion.fim import BY_NAME, FimFormat, Hole, Slot, choose, render_ids
from ..models.errors import ModelUnusable
from .healing import take_back
from .request import BadPrompt, GenerateRequest, Kind
from .tokens import Vocabulary

# Most tokens of the suffix that the default model's adapter was trained with.
_MOST_SUFFIX_TOKENS = {"midspan-v0": 256}
_SPARE_TOKENS = 16
_CHARACTERS_PER_TOKEN = 8


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to read, the bytes that the output must begin with, and the tokens that end it.

    ``format_name`` is the FIM format's, or empty where a text is just continued.
    """

    ids: tuple[int, ...]
    forced: bytes
    stop_ids: frozenset[int]
    format_name: str = ""

    @property
    def is_hole(self) -> bool:
        """Whether a hole is filled, so that the kind of the answer has a meaning."""
        return bool(self.format_name)


def choose_formats(vocabulary: Vocabulary, model_name: str, wanted: Mapping[Kind, str]) -> dict[Kind, FimFormat]:
    """Return the format for each kind of answer: the ``wanted`` one by name, or "auto" for the one that fits.

    Raises ModelUnusable when a wanted format is unknown or needs a token that the model has not.
    """
    return {kind: _choose_format(vocabulary, model_name, name) for kind, name in wanted.items()}


def _choose_format(vocabulary: Vocabulary, model_name: str, wanted: str) -> FimFormat:
    if wanted == "auto":
        return choose(model_name, vocabulary.has_control)
    if wanted not in BY_NAME:
        raise ModelUnusable(f'There is no FIM format "{wanted}". Known are: {", ".join(BY_NAME)}, auto.')
    fim_format = BY_NAME[wanted]
    missing = [token for token in fim_format.sentinels if not vocabulary.has_control(token)]
    if missing:
        raise ModelUnusable(f'The model has no token {missing[0]}, which the FIM format "{wanted}" needs. Use "auto".')
    return fim_format


class PromptBuilder:
    """Makes prompts for one model, with a format for each kind of answer.

    ``n_context`` is the most tokens that the model reads and writes for one request.
    """

    def __init__(self, vocabulary: Vocabulary, formats: Mapping[Kind, FimFormat], n_context: int) -> None:
        self._vocabulary = vocabulary
        self.formats = formats
        self._n_context = n_context

    def build(self, request: GenerateRequest, most_tokens: int | None = None) -> Prompt:
        """Return the prompt of a request, trimmed so that it and ``max_tokens`` fit into the context.

        With ``most_tokens`` it is cut to about as many: what is nearest to the cursor stays.
        """
        room = self._n_context - min(request.max_tokens, self._n_context // 2) - _SPARE_TOKENS
        if most_tokens is not None:
            room = min(room, most_tokens)
        if isinstance(request.prompt, Hole):
            return self._from_hole(request.prompt, self.formats[request.kind], room)
        if isinstance(request.prompt, str):
            ids = self._vocabulary.bos + self._encode_end(request.prompt, room - 1)
        else:
            ids = self._checked(request.prompt)[-room:]
        return self._prompt(ids, b"", "", ())

    def _checked(self, ids: tuple[int, ...]) -> list[int]:
        if any(token >= len(self._vocabulary) for token in ids):
            raise BadPrompt(f"A token id is not in the model's vocabulary of {len(self._vocabulary)}.")
        return list(ids)

    def _from_hole(self, hole: Hole, fim_format: FimFormat, room: int) -> Prompt:
        hole = self._trim(hole, fim_format, room)
        forced = ""
        if fim_format.heal and fim_format.parts[-1] is Slot.PREFIX:
            kept, forced = take_back(hole.prefix, self._vocabulary)
            hole = dataclasses.replace(hole, prefix=kept)
        return self._prompt(self._render(fim_format, hole), forced.encode(), fim_format.name, fim_format.stops)

    def _render(self, fim_format: FimFormat, hole: Hole) -> list[int]:
        if fim_format.chat:
            texts: list[str] = []
            render_ids(fim_format, hole, lambda text: texts.append(text) or [], lambda token: 0)  # type: ignore[func-returns-value]
            return self._vocabulary.encode_chat("".join(texts))
        ids = render_ids(fim_format, hole, self._vocabulary.encode, self._vocabulary.control_id)
        return self._vocabulary.bos + ids

    def _prompt(self, ids: list[int], forced: bytes, name: str, stops: tuple[str, ...]) -> Prompt:
        vocabulary = self._vocabulary
        named = {vocabulary.control_id(token) for token in stops if vocabulary.has_control(token)}
        # After any other control token comes something that is not part of this text either.
        stop_ids = vocabulary.eos_ids | vocabulary.control_ids | named
        return Prompt(tuple(ids or [vocabulary.start_id]), forced, stop_ids, name)

    def _trim(self, hole: Hole, fim_format: FimFormat, room: int) -> Hole:
        """Cut suffix (to a quarter of the room), snippets (the last ones first) and prefix (from the left)."""
        n_suffix = min(room // 4, _MOST_SUFFIX_TOKENS.get(fim_format.name, room))
        suffix = self._decode_start(hole.suffix, n_suffix) if Slot.SUFFIX in fim_format.parts else ""
        hole = dataclasses.replace(hole, suffix=suffix)
        snippets = hole.snippets if fim_format.snippet else ()
        while True:
            around = dataclasses.replace(hole, prefix="", snippets=snippets)
            n_around = len(self._render(fim_format, around))
            if not snippets or n_around <= room // 2:
                break
            snippets = snippets[:-1]
        prefix = self._vocabulary.decode(self._encode_end(hole.prefix, max(16, room - n_around)))
        return dataclasses.replace(around, prefix=prefix)

    def _decode_start(self, text: str, n_tokens: int) -> str:
        """Return as much of the start of a text as fits into ``n_tokens``."""
        text = text[: n_tokens * _CHARACTERS_PER_TOKEN]
        ids = self._vocabulary.encode(text)
        return text if len(ids) <= n_tokens else self._vocabulary.decode(ids[:n_tokens])

    def _encode_end(self, text: str, n_tokens: int) -> list[int]:
        """Return the ids of the end of a text, at most ``n_tokens``.

        The left edge moves by half of that at a time, and is counted from the start of the text: so it stays
        where it is while someone types at the end, and what was encoded can be used again.
        """
        text = text[_left_edge(len(text), n_tokens * _CHARACTERS_PER_TOKEN) :]
        ids = self._vocabulary.encode(text)
        return ids[_left_edge(len(ids), n_tokens) :]


def _left_edge(length: int, room: int) -> int:
    """Return where a window of at most ``room`` begins that reaches to ``length``: a multiple of half the room."""
    step = max(1, room // 2)
    return 0 if length <= room else -((room - length) // step) * step
