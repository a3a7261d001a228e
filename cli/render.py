"""Shows an answer in the terminal as an editor would: the lines around the cursor, ghost text dimmed."""

from __future__ import annotations

import re

from rich.console import Console
from rich.text import Text

from ..completion.complete import Answer
from ..completion.report import steps_of
from ..completion.why import in_words
from .one_completion import Place

_LINE_END = re.compile(r"\r\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

AROUND = 4
"""Lines shown before and after the cursor's."""


def print_answer(answer: Answer, place: Place, *, explain: bool) -> None:
    """Print the first proposal in its place, the others below, and the timings."""
    console = Console(highlight=False, soft_wrap=True)
    if answer.proposals:
        console.print(_in_place(answer, place, console))
    else:
        reason = answer.trace.dropped[0].why if answer.trace.dropped else answer.trace.verdict
        console.print(Text(f"No proposal here: {reason}.", style="yellow"))
    for proposal in answer.proposals[1:]:
        console.print(Text("or: ").append_text(_ghost(proposal.edits[0].text, console)))
    console.print(Text(_summary(answer), style="cyan"))
    if explain:
        _explain(answer, console)


def _in_place(answer: Answer, place: Place, console: Console) -> Text:
    document, edit = place.document, answer.proposals[0].edits[0]
    line = document.position_at(place.offset).line
    start = document.line_start(max(0, line - AROUND))
    end = document.line_end(min(document.n_lines - 1, line + AROUND))
    text = Text(_visible(document.text[start : edit.start]))
    text.append_text(_ghost(edit.text, console))
    text.append(_visible(document.text[edit.end : end]).rstrip())
    return _numbered(text, first=max(0, line - AROUND) + 1)


def _ghost(text: str, console: Console) -> Text:
    """Dim and italic, as editors draw it; between ├ and ┤ where the output has no styles."""
    shown = _visible(text)
    return Text(shown, style="dim italic") if console.color_system is not None else Text(f"├{shown}┤")


def _visible(text: str) -> str:
    """Return the text with line ends that a terminal knows, and without what would command it."""
    return _CONTROL.sub("\ufffd", _LINE_END.sub("\n", text))


def _numbered(text: Text, first: int) -> Text:
    numbered = Text()
    for number, line in enumerate(text.split("\n", allow_blank=True), start=first):
        numbered.append(f"{number:5} │ ", style="bright_black").append_text(line).append("\n")
    return numbered


def _summary(answer: Answer) -> str:
    trace = answer.trace
    ms = trace.timing_ms
    usage = trace.usage
    return (
        f"{ms.get('total', 0):.0f} ms (first text after {ms.get('first_token', 0):.0f} ms) · "
        f"{usage.prompt_tokens} tokens shown{' (for want of time no more)' if usage.is_shortened else ''}, "
        f"{usage.reused_tokens} of them known, "
        f"{usage.generated_tokens} written · {trace.model} by {trace.backend}"
    )


def _explain(answer: Answer, console: Console) -> None:
    for sentence in in_words(answer):
        console.print(Text(sentence))
    steps = ", ".join(f"{step} {ms:.1f}" for step, ms in steps_of(answer.trace).items())
    console.print(Text(f"milliseconds: {steps}", style="bright_black"))
