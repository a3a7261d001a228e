"""A backend whose answers a test writes: a function from the ask to texts, sent in small pieces."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from midspan.completion.ask import Ask, Delta, Likelihood, Usage

PIECE = 3


class ScriptedModel:
    """Answers every ask by ``reply`` (a text, or one for each candidate); counts what was asked and sent."""

    name = "scripted"
    model = "scripted"
    reads_ahead = True

    def __init__(self, reply: Callable[[Ask], str | list[str]] | str, finish: str = "stop") -> None:
        self._reply = reply if callable(reply) else lambda _: reply
        self._finish = finish
        self.asks: list[Ask] = []
        self.n_sent = 0
        self.n_closed = 0

    async def prepare(self, progress: Callable[[str], None]) -> None:
        """Nothing to make ready."""

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Yield the answer in pieces of a few characters."""
        self.asks.append(ask)
        answer = self._reply(ask)
        text = answer if isinstance(answer, str) else answer[ask.sample]
        try:
            for at in range(0, len(text), PIECE):
                self.n_sent += PIECE
                yield Delta(text[at : at + PIECE], logprob=-0.1 * (ask.sample + 1), n_tokens=1)
            yield Delta("", finish=self._finish)
            yield Delta("", usage=Usage(prompt_tokens=7, generated_tokens=3))
        finally:
            self.n_closed += 1

    async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
        """Tell nothing: a script has no probabilities."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""
