"""Choose the next token from logits. Knows numbers only.

Source of top-p: "The Curious Case of Neural Text Degeneration" (Holtzman et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .request import Sampling


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen token and its natural log-probability; ``likeliest`` are the likeliest ones, best first."""

    id: int
    logprob: float
    likeliest: tuple[Choice, ...] = ()


def generator_for(sampling: Sampling, index: int, device: torch.device) -> torch.Generator:
    """Return the source of randomness of one candidate: the same for the same seed and index."""
    return torch.Generator(device).manual_seed((sampling.seed * 1_000_003 + index) % 2**63)


def choose(logits: torch.Tensor, sampling: Sampling, generator: torch.Generator, n_likeliest: int = 0) -> Choice:
    """Choose from all tokens; the log-probability is the model's own, at temperature 1. ``logits``: [vocabulary]."""
    logprobs = torch.log_softmax(logits, dim=-1)
    token = int(logits.argmax()) if sampling.temperature == 0 else _sample(logits, sampling, generator)
    values, ids = logprobs.topk(min(n_likeliest, len(logprobs)))
    return Choice(token, float(logprobs[token]), tuple(map(Choice, ids.tolist(), values.tolist())))


def choose_among(
    logits: torch.Tensor, allowed: list[int], sampling: Sampling, generator: torch.Generator, n_likeliest: int = 0
) -> Choice:
    """Choose from the ``allowed`` tokens; the log-probability is under the condition that it is one of them."""
    ids = torch.tensor(allowed, dtype=torch.long, device=logits.device)
    choice = choose(logits[ids], sampling, generator, n_likeliest)
    likeliest = tuple(Choice(allowed[other.id], other.logprob) for other in choice.likeliest)
    return Choice(allowed[choice.id], choice.logprob, likeliest)


def _sample(logits: torch.Tensor, sampling: Sampling, generator: torch.Generator) -> int:
    probabilities = torch.softmax(logits / sampling.temperature, dim=-1)
    if sampling.top_p < 1:
        probabilities = _nucleus(probabilities, sampling.top_p)
    return int(torch.multinomial(probabilities, 1, generator=generator))


def _nucleus(probabilities: torch.Tensor, top_p: float) -> torch.Tensor:
    """Keep the fewest likeliest tokens whose probabilities reach ``top_p`` (at least one)."""
    ordered, order = probabilities.sort(descending=True)
    before = ordered.cumsum(0) - ordered
    ordered = ordered.where(before < top_p, torch.zeros_like(ordered))
    ordered[0] = ordered[0].clamp(min=torch.finfo(ordered.dtype).tiny)
    return torch.zeros_like(probabilities).scatter(0, order, ordered)
