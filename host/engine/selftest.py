"""Does the model understand its fill-in-the-middle format? A few fixed holes tell.

The right text in a hole has to be likelier with what is before and after it in their places than with the two
exchanged. Where it isn't, the format is not the one that the model was trained with, or it was trained with none.
"""

from __future__ import annotations

from collections.abc import Generator

import torch

from ...completion.fim import Hole, Slot
from .engine import Engine
from .request import GenerateRequest, Kind

_HOLES = (
    ("def add(first, second):\n    return first", " + second", "\n\n\nprint(add(1, 2))\n"),
    ("numbers = [3, 1, 2]\nfor number in", " numbers:", "\n    print(number * 2)\n"),
    ("function greet(name) {\n  if (!name)", " {", '\n    return "nobody";\n  }\n  return "Hello " + name;\n}\n'),
    (
        "class Point:\n    def __init__(self, x, y):\n        self.x = x\n",
        "        self.y = y",
        "\n\n    def sum(self):\n        return self.x + self.y\n",
    ),
)
_LEAST_GAIN = 0.1


def check_formats(engine: Engine) -> Generator[None, None, str]:
    """Score the holes, one pass of the model at a time, and return a warning, or nothing if all is well."""
    warnings: dict[str, str] = {}
    for kind, fim_format in engine.prompts.formats.items():
        if Slot.SUFFIX not in fim_format.parts or fim_format.chat or fim_format.name in warnings:
            continue
        gains = []
        for prefix, middle, suffix in _HOLES:
            right = _logprob(engine, kind, Hole(prefix, suffix), middle)
            yield
            wrong = _logprob(engine, kind, Hole(suffix, prefix), middle)
            yield
            gains.append(right - wrong)
        if sum(gains) / len(gains) < _LEAST_GAIN:
            warnings[fim_format.name] = (
                f'The model does not seem to know the FIM format "{fim_format.name}": expect poor proposals. '
                "Choose another model or format (docs/models.md)."
            )
    return " ".join(warnings.values())


def _logprob(engine: Engine, kind: Kind, hole: Hole, middle: str) -> float:
    """Return the mean log-probability of the tokens of ``middle`` in a hole."""
    prompt = engine.prompts.build(GenerateRequest(hole, kind)).ids
    answer = engine.vocabulary.encode(middle)
    logits = engine.models[kind].forward_all([*prompt, *answer]).cpu()[len(prompt) - 1 : -1]
    logprobs = torch.log_softmax(logits, dim=-1)
    return float(logprobs[torch.arange(len(answer)), torch.tensor(answer)].mean())
