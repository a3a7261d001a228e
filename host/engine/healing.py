"""Token healing: where to cut a prompt so that its end and the answer are tokenised together.

A cursor rarely stands between two tokens. Asked to go on after half a token, or after a newline whose token
would hold the indentation too, a model goes astray. So the end of the prompt is taken back, and the output is
forced to begin with the bytes that were taken (`Vocabulary.continuing` says which tokens may do that).
"""

from __future__ import annotations

from .tokens import Vocabulary

_MOST_WHITE_SPACE = 128


def take_back(text: str, vocabulary: Vocabulary) -> tuple[str, str]:
    """Split a text that ends at the cursor into what the model reads and what its output must begin with.

    Taken back is all white space at the end, or the last token where there is none; the two parts together
    are always the text. The model may be left with nothing.
    """
    kept = text[:-_MOST_WHITE_SPACE] + text[-_MOST_WHITE_SPACE:].rstrip()
    if kept != text:
        return kept, text[len(kept) :]
    return _without_last_token(text, vocabulary)


def _without_last_token(text: str, vocabulary: Vocabulary) -> tuple[str, str]:
    # The last line is enough to find the last token, and long texts stay cheap.
    line_start = max(text.rfind("\n") + 1, len(text) - 512)
    ids = vocabulary.encode(text[line_start:])
    for count in range(1, len(ids) + 1):
        taken = b"".join(map(vocabulary.bytes_of, ids[-count:]))
        try:
            characters = len(taken.decode("utf-8"))
        except UnicodeDecodeError:
            continue  # the token begins inside of a character
        return text[: len(text) - characters], text[len(text) - characters :]
    return text, ""
