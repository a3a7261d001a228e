"""Token healing for servers that take only text.

A base model that was never taught to fill holes goes astray when its prompt ends in white space, because its
tokenizer puts a newline and the indentation after it (or a space and the word after it) into one token. The
white space is taken off the prompt, and the answer has to begin with it. Our own host does this by tokens,
for a word cut in the middle too, and forces the answer; here an answer that begins otherwise is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..ask import Delta


@dataclass(frozen=True, slots=True)
class Healed:
    """A prompt without the white space at its end, and that white space."""

    prompt: str
    dropped: str

    @classmethod
    def of(cls, prefix: str) -> Healed:
        """Split a prefix. One that is nothing but white space stays as it is."""
        prompt = prefix.rstrip()
        return cls(prompt, prefix[len(prompt) :]) if prompt else cls(prefix, "")

    def answer(self) -> Answer:
        """Return what takes the dropped text off one candidate's stream."""
        return Answer(self.dropped)


@dataclass(slots=True)
class Answer:
    """Takes the expected beginning off a stream of deltas; ``expected`` is what has not come yet."""

    expected: str
    went_astray: bool = False

    def rest(self, delta: Delta) -> Delta:
        """Return the delta without what was expected; an empty final one when the answer began otherwise."""
        n = min(len(self.expected), len(delta.text))
        if delta.text[:n] != self.expected[:n]:
            self.went_astray = True
            return replace(delta, text="", finish="stop")
        self.expected = self.expected[n:]
        return replace(delta, text=delta.text[n:])
