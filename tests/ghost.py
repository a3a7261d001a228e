"""Runs the whole pipeline on a snippet with a cursor and a scripted answer, and shows the ghost text in place."""

from __future__ import annotations

import asyncio
import textwrap

from marks import parse_marks
from scripted_model import ScriptedModel

from midspan.completion.ask import Deadline, Request, Trigger
from midspan.completion.complete import Answer
from midspan.completion.completer import Completer
from midspan.completion.settings import Settings
from midspan.context.document import Document

LANGUAGE_EXTENSIONS = {
    "python": "py",
    "javascript": "js",
    "typescript": "ts",
    "typescriptreact": "tsx",
    "go": "go",
    "rust": "rs",
    "java": "java",
    "c": "c",
    "cpp": "cpp",
    "csharp": "cs",
    "ruby": "rb",
    "php": "php",
    "kotlin": "kt",
    "swift": "swift",
    "scala": "scala",
    "shellscript": "sh",
    "lua": "lua",
    "sql": "sql",
    "html": "html",
    "css": "css",
    "json": "json",
    "yaml": "yaml",
    "toml": "toml",
    "markdown": "md",
}


def request(marked: str, trigger: Trigger = Trigger.AUTOMATIC, language: str = "python") -> Request:
    """Return the request at the ¦ of a text."""
    text, offset = parse_marks(marked)
    return Request(Document.open("file:///a.py", language, 1, text), offset, trigger)


async def complete(completer: Completer, one: Request, ms: float = 5000) -> list[str]:
    """Return the texts that are offered within some milliseconds."""
    answer = await completer.complete(one, Deadline.after(ms), "a.py")
    return [proposal.edits[0].text for proposal in answer.proposals]


def answer_of(
    before: str,
    reply: str | list[str],
    language: str = "python",
    *,
    finish: str = "stop",
    trigger: Trigger = Trigger.INVOKED,
    settings: Settings | None = None,
) -> tuple[Answer, Document, ScriptedModel]:
    """Complete at the ¦ of a snippet with a model that answers ``reply``."""
    text, offset = parse_marks(textwrap.dedent(before))
    document = Document.open(f"file:///a.{LANGUAGE_EXTENSIONS.get(language, 'txt')}", language, 1, text)
    model = ScriptedModel(lambda _: reply, finish)
    completer = Completer(settings or Settings(), backend=model)
    n = len(reply) if isinstance(reply, list) else 1
    answer = asyncio.run(completer.complete(Request(document, offset, trigger), Deadline.after(10_000), "a", n=n))
    return answer, document, model


def ghost(before: str, reply: str, language: str = "python", *, finish: str = "stop") -> str:
    """Return the snippet with the proposal between ├ and ┤ (what it replaces left out), or why there is none."""
    answer, document, _ = answer_of(before, reply, language, finish=finish)
    if not answer.proposals:
        return f"none: {answer.trace.dropped[0].why if answer.trace.dropped else answer.trace.verdict}"
    edit = answer.proposals[0].edits[0]
    return f"{document.text[: edit.start]}├{edit.text}┤{document.text[edit.end :]}"


def check_ghost(before: str, reply: str, expected: str, language: str = "python", *, finish: str = "stop") -> None:
    """Check what is shown for a model's answer; ``expected`` marks the ghost text, or says ``none: why``."""
    shown = ghost(before, reply, language, finish=finish)
    wanted = textwrap.dedent(expected) if not expected.startswith("none: ") else expected
    assert shown == wanted, f"\n{shown}\n--- wanted:\n{wanted}"
