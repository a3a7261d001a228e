"""Completers without a model, to stand beside every figure: nothing at all, and a copy of what stands nearby."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from ..completion.ask import Ask, Delta, Likelihood
from ..context.snippet import Snippet
from .score import edit_similarity
from .tasks import Task

_LONGEST_TAIL, _SHORTEST_TAIL = 80, 2
_MOST_COMPARED = 64
_WORD = re.compile(r"\w{2,}")


def continuation(prefix: str, suffix: str, snippets: Sequence[Snippet]) -> str:
    """Return the rest of a line that similar text elsewhere suggests, or nothing.

    In a line that has begun, it is what follows the longest tail of it that stands elsewhere; at the start of a
    line, the line after the one that is most like the line above. The nearest such place counts: before the hole,
    after it, in the snippets.
    """
    head = prefix[prefix.rfind("\n") + 1 :]
    if head.strip():
        return _after_same_text(head, prefix, suffix, snippets)
    return _after_similar_line(head, prefix, suffix, snippets)


def _after_same_text(head: str, prefix: str, suffix: str, snippets: Sequence[Snippet]) -> str:
    line_tail = suffix.split("\n", 1)[0].rstrip()
    for length in range(min(_LONGEST_TAIL, len(head)), _SHORTEST_TAIL - 1, -1):
        tail = head[-length:]
        if not tail.strip():
            return ""
        found = [(len(prefix) - at, rest) for at, rest in _rests_before(tail, prefix)]
        found += [(length + at, rest) for at, rest in _rests_after(tail, suffix)]
        if not found:
            found = [(0, rest) for snippet in snippets for _, rest in _rests_after(tail, snippet.text)][:1]
        if found:
            return min(found)[1].removesuffix(line_tail) if line_tail else min(found)[1]
    return ""


def _rests_before(tail: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield the last place where ``tail`` stands before its own, and what follows it on its line."""
    at = text.rfind(tail, 0, len(text) - len(tail))
    while at >= 0:
        if rest := _rest_of_line(text, at + len(tail)):
            yield at, rest
            return
        at = text.rfind(tail, 0, at + len(tail) - 1)


def _rests_after(tail: str, text: str) -> Iterator[tuple[int, str]]:
    at = text.find(tail)
    while at >= 0:
        if rest := _rest_of_line(text, at + len(tail)):
            yield at, rest
            return
        at = text.find(tail, at + 1)


def _rest_of_line(text: str, start: int) -> str:
    end = text.find("\n", start)
    rest = text[start : end if end >= 0 else len(text)]
    return rest.rstrip() if rest.strip() else ""


def _after_similar_line(head: str, prefix: str, suffix: str, snippets: Sequence[Snippet]) -> str:
    before = prefix.split("\n")[:-1]
    while before and not before[-1].strip():
        before.pop()
    if not before:
        return ""
    above = before.pop().strip()
    # Pairs of a line and the line after it, the nearest first.
    backwards = list(pairwise([*before, above]))[::-1]
    around = _in_turn(backwards, list(pairwise(suffix.split("\n")[1:])))
    for snippet in snippets:
        around += pairwise(snippet.text.split("\n"))
    best, best_similarity = "", 0.0
    for line, following in _most_alike(above, around):
        if (similarity := edit_similarity(line.strip(), above)) > best_similarity:
            best, best_similarity = following, similarity
    return (best.lstrip() if head else best).rstrip()


def _in_turn(left: list[tuple[str, str]], right: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Merge two lists by distance."""
    n = min(len(left), len(right))
    return [pair for both in zip(left, right, strict=False) for pair in both] + left[n:] + right[n:]


def _most_alike(above: str, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs whose first lines are equal to ``above`` or share most words with it, nearest first."""
    words = set(_WORD.findall(above))
    shared = [
        (len(above) if line.strip() == above else len(words.intersection(_WORD.findall(line))), -at)
        for at, (line, following) in enumerate(pairs)
        if following.strip() and line.strip()
    ]
    best = sorted((one for one in shared if one[0]), reverse=True)[:_MOST_COMPARED]
    return [pairs[-at] for at in sorted((at for _, at in best), reverse=True)]


BASELINES: Mapping[str, Callable[[Task], str]] = MappingProxyType(
    {
        "empty": lambda task: "",
        "copy": lambda task: continuation(task.prefix, task.suffix, task.context),
    }
)


class CopyBackend:
    """A model server without a model: it answers with a copy, at once."""

    name = "copy"
    reads_ahead = False
    model = "copy"

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Yield the copied rest of the line, whole."""
        hole = ask.hole
        yield Delta(continuation(hole.prefix, hole.suffix, hole.snippets), finish="stop")

    async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
        """Return None: a copy has no probability."""
        return None

    async def prepare(self, progress: Callable[[str], None]) -> None:
        """Nothing to make ready."""

    async def close(self) -> None:
        """Nothing to let go of."""
