"""A model's vocabulary as bytes: which bytes each token stands for, and text to ids without surprises.

Text is encoded by a copy of the tokenizer that has no control tokens (so text can never become one), changes no
character and adds none: the bytes of the ids of a text are the bytes of the text. Knows the two kinds of
vocabulary that language models of code have: byte-level BPE, and pieces with byte fallback (sentencepiece).

Sources: "Language Models are Unsupervised Multitask Learners" (Radford et al. 2019) for byte-level BPE;
"SentencePiece" (Kudo and Richardson 2018) for the other.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from tokenizers import Tokenizer

from ...completion.fim import FORMATS, Sentinel
from ..models.errors import ModelUnusable

_SPACE = "\u2581"
_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
# Some vocabularies (Gemma's) hold plain HTML tags and runs of white space as added tokens: those are text.
_TEXT_TOKEN = re.compile(rf"[\s{_SPACE}]+|</?[a-z]{{1,10}}[1-6]?>")
_BETWEEN_WORDS = re.compile(r"(?<=[A-Za-z]) (?=[A-Za-z])")
_PIECE_CHARACTERS = 400
_NOT_TAGS = re.compile(r"</?(s|unk|pad|bos|eos|mask|think|tool|sep|cls)>")


class Vocabulary:
    """What the engine needs of a tokenizer. ``control_ids`` are the tokens that are not text."""

    def __init__(self, tokenizer: Any, generation_config: Any = None) -> None:
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ModelUnusable("The model's tokenizer has no fast form. Add its tokenizer.json to the folder.")
        state = json.loads(backend.to_str())
        self._tokenizer = tokenizer
        added = filter(_is_control, state["added_tokens"])
        self._controls: dict[str, int] = {token["content"]: token["id"] for token in added}
        self.control_ids = frozenset(self._controls.values())
        self._bytes = _bytes_of_tokens(state, self.control_ids)
        self._text_encoder = _text_only(state)
        self._mark_ids = self._ids_of_space_mark(state)
        self._sorted = sorted((data, token) for token, data in enumerate(self._bytes) if data)
        self._sorted_bytes = [data for data, _ in self._sorted]
        self.bos = _leading_bos(tokenizer)
        self.eos_ids = _eos_ids(tokenizer, generation_config)
        self.start_id = self._start_of_text(tokenizer)

    def __len__(self) -> int:
        """One more than the highest id."""
        return len(self._bytes)

    def has_control(self, token: str) -> bool:
        """Tell whether there is a control token with exactly this text."""
        return token in self._controls

    def control_id(self, token: str) -> int:
        """Return the id of a control token. Raises KeyError where there is none."""
        return self._controls[token]

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, none of which is a control token. Lone surrogates become U+FFFD."""
        parts = without_surrogates(text).split(_SPACE) if self._mark_ids else [without_surrogates(text)]
        ids = self._encode_part(parts[0])
        for part in parts[1:]:
            ids += [*self._mark_ids, *self._encode_part(part)]
        return ids

    def bytes_of(self, token: int) -> bytes:
        """Return the bytes that a token stands for: none for a control token or an unknown id."""
        return self._bytes[token] if 0 <= token < len(self._bytes) else b""

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids; incomplete UTF-8 at either end is left out."""
        return b"".join(map(self.bytes_of, ids)).decode("utf-8", "ignore")

    def continuing(self, forced: bytes) -> list[int]:
        """Return the tokens that agree with ``forced`` (not empty): one is a beginning of the other."""
        shorter = [token for end in range(1, len(forced)) for token in self._exactly(forced[:end])]
        first = bisect_left(self._sorted_bytes, forced)
        last = bisect_right(self._sorted_bytes, forced + b"\xff" * 64)
        return shorter + [token for _, token in self._sorted[first:last]]

    def encode_chat(self, content: str) -> list[int]:
        """Return one user message in the model's chat template, up to where the answer begins.

        Raises ModelUnusable when the model has no chat template.
        """
        if not getattr(self._tokenizer, "chat_template", None):
            raise ModelUnusable('The model has no chat template. Choose another FIM format than "chat".')
        before, after = self._chat_frame()
        return [*before, *self.encode(content), *after]

    @lru_cache(maxsize=1)  # noqa: B019 - one vocabulary lives as long as the process
    def _chat_frame(self) -> tuple[list[int], list[int]]:
        mark = "\ue000\ue001\ue002"
        text = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": mark}], tokenize=False, add_generation_prompt=True
        )
        before, _, after = text.partition(mark)
        encode = self._tokenizer.backend_tokenizer.encode
        return encode(before, add_special_tokens=False).ids, encode(after, add_special_tokens=False).ids

    def _ids_of_space_mark(self, state: dict[str, Any]) -> list[int]:
        """How to write the character that stands for a space in pieces, as bytes; nothing where there is no need."""
        if _reader(state) is _byte_level_bytes:
            return []
        vocabulary = _pieces(state["model"])
        return [vocabulary[f"<0x{byte:02X}>"] for byte in _SPACE.encode() if f"<0x{byte:02X}>" in vocabulary]

    def _start_of_text(self, tokenizer: Any) -> int:
        """The token that stands before a text in training: read where a prompt would be empty."""
        end_of_text = self._controls.get("<|endoftext|>")
        known: list[int | None] = [end_of_text, tokenizer.bos_token_id, tokenizer.eos_token_id]
        return next((token for token in known if token is not None), 0)

    def _exactly(self, data: bytes) -> Iterator[int]:
        at = bisect_left(self._sorted_bytes, data)
        while at < len(self._sorted) and self._sorted_bytes[at] == data:
            yield self._sorted[at][1]
            at += 1

    def _encode_part(self, text: str) -> list[int]:
        # Pieces of sentencepiece may reach over spaces.
        pieces = [text] if self._mark_ids else _pieces_of(text)
        return [token for piece in pieces for token in self._encode_piece(piece)]

    @lru_cache(maxsize=256)  # noqa: B019 - one vocabulary lives as long as the process
    def _encode_piece(self, text: str) -> list[int]:
        ids: list[int] = self._text_encoder.encode(text, add_special_tokens=False).ids
        if self.control_ids.isdisjoint(ids):
            return ids
        # A vocabulary whose merges lead to a control token: cut the text inside of whatever reads like one.
        names = sorted(filter(None, self._controls), key=len, reverse=True)
        cut = re.sub("|".join(map(re.escape, names)), lambda m: m[0][:1] + "\0" + m[0][1:], text).split("\0")
        encoded = self._text_encoder.encode_batch(cut, add_special_tokens=False)
        return [token for part in encoded for token in part.ids if token not in self.control_ids]


def _pieces_of(text: str) -> list[str]:
    """Cut a text into pieces that are the same after the next keystroke, all but the last, so that they are known.

    They are cut before a space between two words: there byte-level tokenizers cut before they look for tokens.
    """
    pieces, start = [], 0
    for space in _BETWEEN_WORDS.finditer(text):
        if space.start() - start >= _PIECE_CHARACTERS:
            pieces.append(text[start : space.start()])
            start = space.start()
    return [*pieces, text[start:]]


def without_surrogates(text: str) -> str:
    """Replace lone surrogates, which have no UTF-8, by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _has_surrogate(text) else text


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else False


_SENTINELS = {
    part.token
    for fim_format in FORMATS
    for part in (*fim_format.parts, *fim_format.snippet, *fim_format.document, *map(Sentinel, fim_format.stops))
    if isinstance(part, Sentinel)
}


def _is_control(token: dict[str, Any]) -> bool:
    content: str = token["content"]
    if token["special"] or content in _SENTINELS or _NOT_TAGS.fullmatch(content):
        return True
    return not _TEXT_TOKEN.fullmatch(content)


def _text_only(state: dict[str, Any]) -> Tokenizer:
    """Make the tokenizer that encodes text as it is: no control tokens, no normalising, no space put first."""
    plain = dict(state, post_processor=None, truncation=None, padding=None)
    plain["added_tokens"] = [token for token in state["added_tokens"] if not _is_control(token)]
    plain["normalizer"] = _only_spaces(state.get("normalizer"))
    plain["pre_tokenizer"] = _without_first_space(state.get("pre_tokenizer"))
    return Tokenizer.from_str(json.dumps(plain))


def _only_spaces(normalizer: dict[str, Any] | None) -> dict[str, Any] | None:
    """Keep of a normaliser only the step that writes a space in the vocabulary's own way."""
    if normalizer is None:
        return None
    steps = normalizer.get("normalizers", [normalizer])
    kept = [step for step in steps if step["type"] == "Replace" and step["content"] == _SPACE]
    return {"type": "Sequence", "normalizers": kept} if kept else None


def _without_first_space(step: dict[str, Any] | None) -> dict[str, Any] | None:
    if step is None:
        return None
    step = dict(step)
    if "pretokenizers" in step:
        step["pretokenizers"] = [_without_first_space(inner) for inner in step["pretokenizers"]]
    if step["type"] == "Metaspace":
        step["prepend_scheme"] = "never"
    if step["type"] == "ByteLevel":
        step["add_prefix_space"] = False
    return step


def _bytes_of_tokens(state: dict[str, Any], control_ids: frozenset[int]) -> list[bytes]:
    vocabulary = _pieces(state["model"])
    added = {token["id"]: token["content"] for token in state["added_tokens"]}
    table = [b""] * (1 + max([*vocabulary.values(), *added], default=-1))
    to_bytes = _reader(state)
    for piece, token in vocabulary.items():
        if token not in control_ids:
            table[token] = to_bytes(piece)
    for token, content in added.items():
        table[token] = b"" if token in control_ids else content.replace(_SPACE, " ").encode()
    return table


def _pieces(model: dict[str, Any]) -> dict[str, int]:
    if model["type"] == "BPE":
        return dict(model["vocab"])
    if model["type"] == "Unigram":
        return {piece: token for token, (piece, _) in enumerate(model["vocab"])}
    raise ModelUnusable(f"The model's tokenizer is of a kind that midspan does not know ({model['type']}).")


def _reader(state: dict[str, Any]) -> Any:
    description = json.dumps([state.get("pre_tokenizer"), state.get("decoder")])
    return _byte_level_bytes if '"ByteLevel"' in description else _sentencepiece_bytes


def _sentencepiece_bytes(piece: str) -> bytes:
    byte = _BYTE_PIECE.fullmatch(piece)
    return bytes([int(byte[1], 16)]) if byte else piece.replace(_SPACE, " ").encode("utf-8", "replace")


def _byte_level_bytes(piece: str) -> bytes:
    try:
        return bytes(_BYTE_OF[character] for character in piece)
    except KeyError:
        return piece.encode("utf-8", "replace")


def _byte_alphabet() -> dict[str, int]:
    """The printable stand-in of each byte in byte-level BPE: itself where printable, else from 256 upwards."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(b): b for b in shown} | {chr(256 + n): b for n, b in enumerate(hidden)}


_BYTE_OF = _byte_alphabet()


def _leading_bos(tokenizer: Any) -> list[int]:
    """The token that the tokenizer itself puts before every text, if it does."""
    ids = list(tokenizer.encode("", add_special_tokens=True))
    return ids[:1] if ids and ids[0] == tokenizer.bos_token_id else []


def _eos_ids(tokenizer: Any, generation_config: Any) -> frozenset[int]:
    """The tokens that end a text, of the tokenizer and of the model's settings (a number, or several)."""
    configured = getattr(generation_config, "eos_token_id", None)
    several = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in (tokenizer.eos_token_id, *several) if token is not None)
