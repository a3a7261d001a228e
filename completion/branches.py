"""Other candidates than the likeliest text: where it might well have gone another way.

At each place of a text that is written, the server tells the likeliest tokens. The next candidate begins as an earlier
one does, up to the place where another token was nearly as likely, and goes on behind that token: the n likeliest
texts, nearly, all of them different, where drawing gives the first text again and again.

Source: best-first search over prefixes, as in "Best-First Beam Search" (Meister et al. 2020), greedy behind each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .ask import Token

N_LIKELIEST = 5
"""As many as OpenAI's API tells."""


@dataclass(frozen=True, slots=True)
class Branch:
    """The tokens that another candidate begins with."""

    tokens: tuple[Token, ...]

    @property
    def text(self) -> str:
        """What they spell."""
        return "".join(token.text for token in self.tokens)

    @property
    def logprob(self) -> float:
        """Their natural log-probability."""
        return sum(token.logprob for token in self.tokens)


class Branches:
    """The ways that were seen and not gone, of all candidates so far."""

    def __init__(self) -> None:
        self._open: dict[str, Branch] = {}
        self._texts: list[str] = []

    def add(self, tokens: Sequence[Token], text: str) -> None:
        """Take note of a candidate: its tokens, and as much of its text as is of use."""
        self._texts.append(text)
        for branch in _branches(tokens, text):
            known = self._open.get(branch.text)
            if known is None or branch.logprob > known.logprob:
                self._open[branch.text] = branch

    def likeliest(self) -> Branch | None:
        """Return the likeliest that no candidate has begun with, each once; None where there are none."""
        for branch in sorted(self._open.values(), key=lambda branch: -branch.logprob):
            del self._open[branch.text]
            if not any(text.startswith(branch.text) for text in self._texts):
                return branch
        return None


def _branches(tokens: Sequence[Token], text: str) -> Iterator[Branch]:
    """Yield where else a text could have gone, as far as its tokens spell it."""
    before, rest = Branch(()), text
    for token in tokens:
        if not rest or _parts(token.text, rest):
            return
        yield from (Branch((*before.tokens, other)) for other in token.likeliest if _is_another_way(other.text, rest))
        before, rest = Branch((*before.tokens, Token(token.text, token.logprob))), rest[len(token.text) :]


def _parts(token: str, rest: str) -> bool:
    return not token.startswith(rest) and not rest.startswith(token)


def _is_another_way(token: str, rest: str) -> bool:
    """Tell whether a token parts from a text, and is text itself: no half character, none of a format's own tokens."""
    is_text = token.strip() != "" and "\ufffd" not in token and not token.startswith(("<|", "<｜", "</s", "<fim"))
    return is_text and _parts(token, rest)
