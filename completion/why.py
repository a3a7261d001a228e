"""How an answer came about, in plain words: what `complete --explain` and the editor's "why" tell a user."""

from __future__ import annotations

from collections.abc import Iterator

from ..context.gather import SHOWN
from .complete import Answer
from .trace import Trace

_MOST_CHARACTERS = 60
_MOST_REASONS = 4


def in_words(answer: Answer) -> list[str]:
    """Return a sentence for each step's decision, in order, with the time that it took."""
    return list(_sentences(answer, answer.trace))


def _sentences(answer: Answer, trace: Trace) -> Iterator[str]:
    ms = trace.timing_ms
    if trace.source == "reuse":
        yield "What was proposed before still holds, so no model was asked."
    elif trace.source == "none" and trace.error is None:
        yield f"No model was asked: {trace.verdict or 'nothing is known of the place'} ({_ms(ms, 'context')})."
    else:
        yield f"The place was looked at: {trace.verdict} ({_ms(ms, 'context')})."
    if trace.error is not None:
        yield f"The model server failed: {trace.error}"
    if trace.source == "model":
        yield from _of_model(trace)
        yield from _of_gathered(trace)
    for dropped in trace.dropped:
        yield f"Not offered, for this reason: {dropped.why}. It was {_quoted(dropped.text)}."
    yield _offer(answer)
    yield f"All of it took {_ms(ms, 'total')}."


def _of_gathered(trace: Trace) -> Iterator[str]:
    """Tell which other files the model was shown, and what led to each; how much else was considered."""
    considered = trace.gathered.considered if trace.gathered is not None else ()
    shown = [one.candidate for one in considered if one.verdict == SHOWN]
    for path in dict.fromkeys(one.path for one in shown):
        reasons = dict.fromkeys(one.why for one in shown if one.path == path)
        yield f"It was shown {path}: {', '.join(list(reasons)[:_MOST_REASONS])}."
    if len(considered) > len(shown):
        yield f"Of other files, {len(considered) - len(shown)} more pieces were considered."


def _of_model(trace: Trace) -> Iterator[str]:
    usage, ms = trace.usage, trace.timing_ms
    yield (
        f"{trace.model or 'The model'} ({trace.backend}) was shown {usage.prompt_tokens} tokens and knew "
        f"{usage.reused_tokens} of them; it wrote {usage.generated_tokens} in {_ms(ms, 'model')}, "
        f"the first after {_ms(ms, 'first_token')}."
    )
    if usage.is_shortened:
        yield "There was no time for a longer prompt; the rest of it is read while nothing else is to be done."
    if usage.wasted_tokens:
        yield f"{usage.wasted_tokens} of the tokens came after the end of the proposal."


def _offer(answer: Answer) -> str:
    if not answer.proposals:
        return "Nothing is offered."
    first, n = answer.proposals[0], len(answer.proposals)
    sure = "" if first.probability is None else f", which the model finds {100 * first.probability:.1f} % probable"
    order = f", put in order in {_ms(answer.trace.timing_ms, 'rank')}" if answer.trace.source == "model" else ""
    more = f"; {n - 1} more can be chosen{order}" if n > 1 else ""
    return f"One {first.kind} is offered{sure}{more}."


def _ms(timing_ms: dict[str, float], step: str) -> str:
    return f"{timing_ms.get(step, 0.0):.1f} ms"


def _quoted(text: str) -> str:
    short = text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
    return repr(short)
