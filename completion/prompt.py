"""From the cursor to the ask: what the model is shown, with line ends as models know them."""

from __future__ import annotations

import hashlib

from ..context.cursor import Cursor
from ..context.snippet import Snippet
from .ask import Ask, Deadline
from .fim import Hole
from .gate import Verdict


def build(cursor: Cursor, verdict: Verdict, snippets: tuple[Snippet, ...], path: str, deadline: Deadline) -> Ask:
    """Return the ask for the most likely text at the cursor."""
    file = cursor.file
    hole = Hole(
        prefix=_with_newlines(cursor.prefix),
        suffix=_with_newlines(cursor.suffix),
        snippets=snippets,
        path=path,
        language=file.language_id,
    )
    return Ask(
        hole=hole,
        kind=verdict.kind,
        max_tokens=verdict.max_tokens,
        deadline=deadline,
        session=hashlib.sha256(file.uri.encode("utf-8", "surrogatepass")).hexdigest()[:16],
    )


def _with_newlines(text: str) -> str:
    r"""Models are trained on ``\n``; lone surrogates, which no tokenizer takes, become U+FFFD."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
