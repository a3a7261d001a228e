"""How near a completion is to the true answer: exact match and edit similarity."""

from __future__ import annotations


def exact(completion: str, answer: str) -> bool:
    """Tell whether a completion is the answer, white space at the end of either left aside.

    An answer of nothing but white space has to be matched to the character: else any blank guess would be right.
    """
    if not answer.strip():
        return completion == answer
    return completion.rstrip() == answer.rstrip()


def edit_similarity(completion: str, answer: str) -> float:
    """Return how much of two texts is common, 0 to 1: twice the longest common subsequence over both lengths.

    White space at the ends is left aside; two empty texts are equal. (The "Indel" ratio, as CrossCodeEval has it:
    Ding et al., NeurIPS 2023.)
    """
    left, right = completion.rstrip(), answer.rstrip()
    total = len(left) + len(right)
    return 2 * common_subsequence(left, right) / total if total else 1.0


def common_subsequence(left: str, right: str) -> int:
    """Return the length of the longest common subsequence, 64 characters and more at a time.

    The bit-vector algorithm of Hyyrö ("Bit-parallel LCS-length computation revisited", 2004): bit i of the row is 0
    where the i-th character of ``left`` takes part.
    """
    places: dict[str, int] = {}
    for i, character in enumerate(left):
        places[character] = places.get(character, 0) | 1 << i
    full = (1 << len(left)) - 1
    row = full
    for character in right:
        matched = row & places.get(character, 0)
        row = (row + matched | row - matched) & full
    return len(left) - row.bit_count()
