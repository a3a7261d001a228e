"""One request becomes proposals: the stages in order, each in a module of its own."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

from ..context.cursor import Cursor, cursor_context
from ..context.gather import Gatherer
from . import confidence, filters, gate, popup, prompt, rank
from .ask import Deadline, Proposal, Request, Trigger
from .backends.base import Backend
from .boundary import Boundary
from .collect import collect
from .errors import MidspanError
from .follow import likelihoods
from .pace import Pace
from .reuse import Memory
from .settings import Settings
from .trace import Trace


@dataclass(frozen=True, slots=True)
class Answer:
    """The proposals, best first, and how they came about."""

    proposals: tuple[Proposal, ...]
    trace: Trace


async def complete(
    request: Request,
    deadline: Deadline,
    *,
    settings: Settings,
    backend: Backend,
    memory: Memory,
    gatherer: Gatherer,
    pace: Pace,
    trace: Trace,
    path: str = "",
    n: int | None = None,
) -> Answer:
    """Answer a request within its deadline, choosing from up to ``n`` candidates (None: as the settings say).

    How it comes about is noted in ``trace``. A model server that fails gives an empty answer with the error in there.
    Raises only CancelledError: then nobody wants the answer, and the server's work is called off.
    """
    wished = popup.with_selected(request)
    n = n or (settings.completion.candidates if request.trigger is Trigger.INVOKED else 1)

    if refusal := gate.refusal(wished, settings.completion):
        trace.verdict = refusal
        return _answer((), request, trace)
    if (held := memory.lookup(wished, n)) is not None:
        trace.verdict, trace.source = "known already", "reuse"
        return _answer(held, request, trace)

    with trace.step("context"):
        cursor, verdict = _look(wished, settings)
        trace.verdict = verdict.silent or f"wanted: one {verdict.kind}"
    if verdict.silent:
        return _answer((), request, trace)

    with trace.step("context"):
        trace.gathered = gatherer.gather(cursor, request.workspace, settings.context.sources, settings.context.budget)
        snippets = (*trace.gathered.snippets, *request.snippets)
        ask = replace(prompt.build(cursor, verdict, snippets, path, deadline), is_ahead=request.is_ahead)
        boundary = Boundary(cursor, verdict.kind, settings.completion.max_lines)
    if request.trigger is Trigger.AUTOMATIC and not backend.reads_ahead:
        with trace.step("wait"):
            await asyncio.sleep(min(pace.wait(), deadline.seconds_left()))
    try:
        candidates = await collect(backend, ask, boundary, trace, n)
    except MidspanError as error:
        trace.error = error
        return _answer((), request, trace)
    trace.source = "model"
    pace.answered(trace.timing_ms["model"] / 1000)

    with trace.step("shape"):
        proposals = filters.apply(candidates, cursor, verdict.kind, trace)
    with trace.step("rank"):
        proposals = rank.order(proposals, await likelihoods(backend, ask, cursor, proposals))
    proposals = _wanted(proposals, wished, settings, memory, trace)
    if proposals or all(candidate.complete for candidate in candidates):
        memory.store(wished, proposals, n)
    return _answer(proposals, request, trace)


def _wanted(
    proposals: tuple[Proposal, ...], request: Request, settings: Settings, memory: Memory, trace: Trace
) -> tuple[Proposal, ...]:
    """Leave out what the user has rejected at this place, and while typing what is less sure than wanted."""
    least = 0.0 if request.trigger is Trigger.INVOKED else confidence.least_probability(settings.completion)
    kept = []
    for proposal in proposals:
        if memory.was_rejected(request, proposal):
            trace.drop(proposal.edits[0].text, "you have rejected it here")
        elif proposal.probability is not None and proposal.probability < least:
            trace.drop(proposal.edits[0].text, "too unsure (completion.precision, completion.eagerness)")
        else:
            kept.append(proposal)
    return tuple(kept)


async def read_ahead(
    request: Request, deadline: Deadline, *, settings: Settings, backend: Backend, gatherer: Gatherer, path: str = ""
) -> None:
    """Have the model server read what a request would show it, so that the request finds it known.

    Does nothing where none may be shown, or where reading costs money. A server that fails is not complained about:
    nobody has asked.
    """
    if not backend.reads_ahead or gate.refusal(request, settings.completion):
        return
    cursor, verdict = _look(request, settings)
    gathered = gatherer.gather(cursor, request.workspace, settings.context.sources, settings.context.budget)
    ask = prompt.build(cursor, verdict, (*gathered.snippets, *request.snippets), path, deadline)
    with suppress(MidspanError):
        async with aclosing(backend.stream(replace(ask, max_tokens=0))) as deltas:
            async for _ in deltas:
                pass


def _look(request: Request, settings: Settings) -> tuple[Cursor, gate.Verdict]:
    sizes = settings.completion.window_sizes
    cursor = cursor_context(request.document, request.offset, sizes, request.indent_unit)
    return cursor, gate.verdict(request, cursor, settings.completion)


def _answer(proposals: tuple[Proposal, ...], request: Request, trace: Trace) -> Answer:
    trace.mark("total", trace.began)
    return Answer(popup.extending_selected(proposals, request), trace)
