"""What holds for whatever a model says, wherever the cursor is: found out with random answers at random places."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path

import pytest
from scripted_model import ScriptedModel

from midspan.completion.ask import Deadline, Request, Trigger
from midspan.completion.completer import Completer
from midspan.completion.settings import Settings
from midspan.context.document import Document
from midspan.context.syntax import errors

ROOT = Path(__file__).parents[2]
FILES = [
    ("python", ROOT / "completion" / "fim.py"),
    ("python", ROOT / "evaluation" / "harness.py"),
    *(("typescript", path) for path in sorted((ROOT / "examples").glob("*.ts"))),
    *(("go", path) for path in sorted((ROOT / "examples").glob("*.go"))),
]
NOISE = [*")]}([{`:;,/#", '"', "'", "\n", "\t", "é", "𝔘", "  ", "    ", "return x", "if a:"]
N_PLACES = 60


def random_reply(text: str, rng: random.Random) -> str:
    """A piece of the file itself, noise, or both: what a model that went astray might say."""
    start = rng.randrange(len(text))
    own = text[start : start + rng.randrange(200)]
    noise = "".join(rng.choices(NOISE, k=rng.randrange(12)))
    return rng.choice([own, noise, own + noise, noise + own])


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(("language", "path"), FILES, ids=lambda value: getattr(value, "name", value))
def test_a_proposal_never_harms(language: str, path: Path, line_end: str, seed: int) -> None:
    rng = random.Random(f"{path.name} {line_end!r} {seed}")
    text = path.read_text("utf-8").replace("\n", line_end)
    document = Document.open(path.as_uri(), language, 1, text)
    for _ in range(N_PLACES):
        offset = rng.randrange(len(text) + 1)
        reply = random_reply(text, rng)
        completer = Completer(Settings(), ScriptedModel(reply, rng.choice(["stop", "length"])))
        request = Request(document, offset, Trigger.INVOKED)
        answer = asyncio.run(completer.complete(request, Deadline.after(10_000)))
        for proposal in answer.proposals:
            (edit,) = proposal.edits
            assert edit.text.strip(), "blank ghost text"
            assert offset - 1 <= edit.start <= offset
            assert edit.end <= document.line_end(document.line_at(offset))
            assert not re.search(r"(?<!\r)\n" if line_end == "\r\n" else r"\r", edit.text), "a foreign line end"
            after = document.replace(edit.start, edit.end, edit.text)
            assert errors(after) <= errors(document), f"breaks the syntax at {offset}: {edit.text!r}"
