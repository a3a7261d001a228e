"""llama.cpp's `/infill`: requests read, answers written, and where an answer ends.

For editors' plugins that speak to llama.cpp's server (llama.vim, llama.vscode). Knows names and types on the wire;
nothing of sockets, queues or models.

Source: llama.cpp, tools/server/README.md, "POST /infill".
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..completion.fim import Hole
from .engine.request import Finish, GenerateRequest, Piece, Sampling, Summary
from .fields import MOST_CANDIDATES, MOST_TOKENS, BadRequest, read_object

_DEFAULT_TOKENS = 128
_MOST_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class InfillRequest:
    """A checked request. ``n_indent``: the answer ends before a line that is indented less. ``most_ms``: it ends at a
    line's end once so many milliseconds have gone by since its first token (0: it doesn't). ``fields`` is what of the
    answer is wanted, by path, None for all.
    """

    generate: GenerateRequest
    n_indent: int
    most_ms: float
    fields: tuple[str, ...] | None


def read_infill(body: bytes) -> InfillRequest:
    """Read and check a request's body. Raises BadRequest."""
    fields = read_object(body)
    if fields.flag("stream"):
        raise BadRequest("`stream` is not supported here: ask without it, or at /v1/completions.")
    prefix = fields.text("input_prefix", "") + fields.text("prompt", "")
    suffix = fields.text("input_suffix", "")
    n_predict = fields.integer("n_predict", -1, -2, 2**31)
    return InfillRequest(
        generate=GenerateRequest(
            prompt=Hole(prefix, suffix, fields.snippets("input_extra", "filename")),
            kind="line" if suffix.split("\n", 1)[0].strip() else "block",
            max_tokens=min(n_predict, MOST_TOKENS) if n_predict >= 0 else _DEFAULT_TOKENS,
            n=fields.integer("n_cmpl", 1, 1, MOST_CANDIDATES),
            sampling=Sampling(
                temperature=fields.number("temperature", 0, 0, 2),
                top_p=fields.number("top_p", 1, 0, 1),
                seed=max(0, fields.integer("seed", 0, -1, 2**63 - 1)),
            ),
            stop=fields.stops(),
            session=f"infill {max(-1, fields.integer('id_slot', -1, -(2**31), 2**31))}",
        ),
        n_indent=fields.integer("n_indent", 0, 0, 2**31),
        most_ms=fields.number("t_max_predict_ms", 0, -1, _MOST_MS),
        fields=_response_fields(fields.data.get("response_fields")),
    )


def _response_fields(wanted: Any) -> tuple[str, ...] | None:
    if wanted is None:
        return None
    if not isinstance(wanted, list) or not all(isinstance(path, str) for path in wanted):
        raise BadRequest("`response_fields` has to be a list of paths, such as timings/prompt_n.")
    return tuple(wanted)


@dataclass(slots=True)
class Infilled:
    """The answer while it grows; ``is_over`` says that nothing more of it is wanted."""

    request: InfillRequest
    is_over: bool = False
    _raw: dict[int, str] = field(default_factory=dict)
    _finish: dict[int, Finish] = field(default_factory=dict)
    _cost: Summary = field(default_factory=Summary)
    _n_tokens: int = 0
    _first: float | None = None

    def add(self, piece: Piece) -> None:
        """Take the next piece of a candidate."""
        self._cost = piece.cost or self._cost
        self._n_tokens += len(piece.tokens)
        self._raw[piece.index] = self._raw.get(piece.index, "") + piece.text
        if piece.finish is not None:
            self._finish[piece.index] = piece.finish
        if piece.text and self._first is None:
            self._first = time.monotonic()
        self.is_over = self.request.generate.n == 1 and self._end(self._raw[piece.index]) is not None

    def cost(self) -> Summary:
        """Return what it has cost so far."""
        took = 0.0 if self._first is None else (time.monotonic() - self._first) * 1000
        return replace(self._cost, generated_tokens=self._n_tokens, model_ms=self._cost.prompt_ms + took)

    def json(self, model: str, cost: Summary) -> Any:
        """Return the answer: an object, or a list of them where several candidates were asked for."""
        found = [self._object(index, model, cost) for index in range(self.request.generate.n)]
        chosen = [_chosen(one, self.request.fields) for one in found]
        return chosen[0] if self.request.generate.n == 1 else chosen

    def _end(self, raw: str) -> int | None:
        """Return where a text ends before its time, None where it doesn't."""
        if (at := _first_line_below(raw, self.request.n_indent)) is not None:
            return at
        is_late = self._first is not None and (time.monotonic() - self._first) * 1000 > self.request.most_ms > 0
        return raw.rindex("\n") if is_late and "\n" in raw else None

    def _object(self, index: int, model: str, cost: Summary) -> dict[str, Any]:
        raw = self._raw.get(index, "")
        return {
            "index": index,
            "content": raw[: self._end(raw)],
            "model": model,
            "stop": True,
            "stop_type": "limit" if self._finish.get(index) == "length" else "eos",
            "truncated": not cost.is_whole,
            "tokens_predicted": cost.generated_tokens,
            "tokens_evaluated": cost.prompt_tokens,
            "tokens_cached": cost.reused_tokens,
            "timings": _timings(cost),
        }


def _first_line_below(text: str, n_indent: int) -> int | None:
    """Return where the first further line begins that is indented by fewer characters."""
    lines = re.finditer(r"\n([ \t]*)(?=\S)", text)
    return next((line.start() for line in lines if len(line[1]) < n_indent), None)


def _timings(cost: Summary) -> Mapping[str, float]:
    read, writing_ms = cost.prompt_tokens - cost.reused_tokens, max(0.0, cost.model_ms - cost.prompt_ms)
    rates = _rates("prompt", read, cost.prompt_ms) | _rates("predicted", cost.generated_tokens, writing_ms)
    return {"cache_n": cost.reused_tokens, **rates}


def _rates(name: str, n: int, milliseconds: float) -> dict[str, float]:
    return {
        f"{name}_n": n,
        f"{name}_ms": round(milliseconds, 3),
        f"{name}_per_token_ms": round(milliseconds / n, 3) if n else 0.0,
        f"{name}_per_second": round(1000 * n / milliseconds, 3) if milliseconds else 0.0,
    }


def _chosen(answer: Mapping[str, Any], paths: tuple[str, ...] | None) -> Mapping[str, Any]:
    """Return the fields that are wanted, each under its whole path."""
    if paths is None:
        return answer
    found = {path: _at(answer, path) for path in paths}
    return {path: value for path, value in found.items() if value is not None}


def _at(answer: Mapping[str, Any], path: str) -> Any:
    value: Any = answer
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
