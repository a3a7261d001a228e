"""transformers' own `generate` in a process of its own: a request a line on stdin, an answer a line on stdout.

A request is `{"ids", "kind", "max_tokens", "stop_ids"}`, a cancel is an empty object; each request is answered by
`{"text", "n_written"}`. Nothing is kept between requests: that is how `generate` works.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList

from ...host.models.load import load
from ...host.models.store import resolve


class _Stop(StoppingCriteria):  # type: ignore[misc]
    """Ends a generation at a newline after text, or when it is called off."""

    def __init__(self, tokenizer: Any, n_prompt: int, kind: str, cancelled: threading.Event) -> None:
        self._tokenizer, self._n_prompt, self._kind, self._cancelled = tokenizer, n_prompt, kind, cancelled

    def __call__(self, input_ids: Any, scores: Any, **more: Any) -> torch.Tensor:
        is_over = self._cancelled.is_set()
        if self._kind == "line" and not is_over:
            is_over = "\n" in self._tokenizer.decode(input_ids[0, self._n_prompt :]).lstrip("\n")
        return torch.full((input_ids.shape[0],), is_over, dtype=torch.bool)


def main() -> None:
    """Load the model that the first argument names; serve until stdin ends. The second argument: threads."""
    torch.set_num_threads(int(sys.argv[2]))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not stand between answers
    loaded = load(resolve(sys.argv[1]), "cpu", "auto", lambda detail: None)
    modules = {"line": loaded.line_module().to(loaded.dtype), "block": loaded.module.to(loaded.dtype)}
    requests: queue.Queue[dict[str, Any] | None] = queue.Queue()
    cancelled = threading.Event()
    threading.Thread(target=_read, args=(requests, cancelled), daemon=True).start()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    while (asked := requests.get()) is not None:
        ids = torch.tensor([asked["ids"]])
        stop = _Stop(loaded.tokenizer, ids.shape[1], asked["kind"], cancelled)
        with torch.inference_mode():
            output = modules[asked["kind"]].generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=asked["max_tokens"],
                do_sample=False,
                eos_token_id=asked["stop_ids"],
                pad_token_id=asked["stop_ids"][0],
                stopping_criteria=StoppingCriteriaList([stop]),
            )
        written = output[0, ids.shape[1] :]
        answer = {"text": loaded.tokenizer.decode(written, skip_special_tokens=True), "n_written": len(written)}
        print(json.dumps(answer), file=answers, flush=True)


def _read(requests: queue.Queue[dict[str, Any] | None], cancelled: threading.Event) -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        if asked:
            cancelled.clear()  # here, not where it is begun: its own cancel may follow at once
            requests.put(asked)
        else:
            cancelled.set()
    cancelled.set()
    requests.put(None)


if __name__ == "__main__":
    main()
