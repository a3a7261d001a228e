"""How a task gets its completion: through the whole pipeline, from the bare model, or without any model."""

from __future__ import annotations

import math
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from ..completion import gate, prompt
from ..completion.ask import Ask, Deadline, Kind, Proposal, Request, Trigger
from ..completion.completer import Completer
from ..completion.errors import BackendFailed
from ..completion.gate import Verdict
from ..completion.settings import Settings
from ..context.cursor import cursor_context
from ..context.document import Document
from ..context.gather import Gatherer
from ..context.snippet import Snippet
from .repositories import Repositories
from .tasks import Task

_PATIENCE_MS = 600_000
"""A deadline that no answer meets: how fast a machine is must not change what is measured here."""

_EXTENSIONS = {"python": "py", "javascript": "js", "typescript": "ts", "csharp": "cs"}


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a task: the text that would stand in the hole, and what all of the text would be.

    ``bits`` is how many bits the true answer costs the model (None where it was not asked, or its server can't tell).
    ``why`` says why there is no text.
    """

    completion: str
    filled: str
    bits: float | None = None
    why: str = ""


class Answerer(Protocol):
    """Answers tasks one after another; raises MidspanError where the model server fails."""

    way: str

    async def answer(self, task: Task) -> Answered:
        """Return what comes of one task."""
        ...


class Nobody:
    """Answers nothing: for baselines alone."""

    way = "baseline"

    async def answer(self, task: Task) -> Answered:
        """Return the empty completion."""
        return Answered("", task.prefix + task.suffix, why="no model was asked")


class _Asking:
    """What it takes to ask a model for tasks' completions."""

    def __init__(
        self,
        completer: Completer,
        *,
        with_bits: bool = True,
        with_snippets: bool = False,
        repositories: Repositories | None = None,
    ) -> None:
        """``with_snippets`` shows the model the snippets from other files that come with the tasks.

        From ``repositories`` it is gathered as the settings say.
        """
        self._completer = completer
        self._with_bits = with_bits
        self._with_snippets = with_snippets
        self._repositories = repositories


class Pipeline(_Asking):
    """Asks as an editor's user does who presses the key for a proposal: every stage takes part."""

    way = "pipeline"

    async def answer(self, task: Task) -> Answered:
        """Return what accepting the first proposal would give. Raises MidspanError."""
        request = request_of(task, with_snippets=self._with_snippets, repositories=self._repositories)
        answer = await self._completer.complete(request, Deadline.after(_PATIENCE_MS), path_of(task))
        self._completer.forget(request.document.uri)
        if answer.trace.error is not None:
            raise answer.trace.error
        bits = None
        if self._with_bits:
            bits = await _bits(self._completer, ask_of(request, task, self._completer.settings), task.answer)
        if not answer.proposals:
            dropped = answer.trace.dropped
            why = dropped[0].why if dropped else answer.trace.verdict
            return Answered("", task.prefix + task.suffix, bits, why or "the model had nothing to add")
        return Answered(*filled_by(task, request, answer.proposals[0]), bits)


class Raw(_Asking):
    """Asks the model alone: the same windows, but no gate, boundary or filter; the kind is that of the true answer."""

    way = "raw"

    async def answer(self, task: Task) -> Answered:
        """Return what the model writes until it ends by itself or has used up its tokens. Raises MidspanError."""
        request = request_of(task, with_snippets=self._with_snippets, repositories=self._repositories)
        kind = Kind.BLOCK if task.kind == "block" else Kind.LINE
        ask = ask_of(request, task, self._completer.settings, kind)
        text = ""
        async with aclosing(self._completer.backend.stream(ask)) as deltas:
            async for delta in deltas:
                text += delta.text
        if kind is Kind.LINE:
            text = _first_line(text)
        bits = await _bits(self._completer, ask, task.answer) if self._with_bits else None
        return Answered(text, task.prefix + text + task.suffix, bits, "" if text else "the model wrote nothing")


def request_of(task: Task, *, with_snippets: bool = False, repositories: Repositories | None = None) -> Request:
    """Return the request by key in a task's hole."""
    language = _well_formed(task.language)
    document = Document.open(f"task:/{task.source}/{task.id}", language, 1, task.prefix + task.suffix)
    brought = task.context if with_snippets else ()
    snippets = tuple(Snippet(_well_formed(one.path), _well_formed(one.text)) for one in brought)
    workspace = repositories.beside(task) if repositories is not None else None
    return Request(document, len(task.prefix), Trigger.INVOKED, workspace=workspace, snippets=snippets)


def ask_of(request: Request, task: Task, settings: Settings, kind: Kind | None = None) -> Ask:
    """Return the ask of the pipeline's first stages, of another kind than the gate's where one is given."""
    completion, context = settings.completion, settings.context
    cursor = cursor_context(request.document, request.offset, completion.window_sizes)
    verdict = Verdict() if gate.refusal(request, completion) else gate.verdict(request, cursor, completion)
    if kind is not None:
        limit = completion.max_line_tokens if kind is Kind.LINE else completion.max_block_tokens
        verdict = Verdict(kind, limit)
    gathered = Gatherer().gather(cursor, request.workspace, context.sources, context.budget)
    snippets = (*gathered.snippets, *request.snippets)
    return prompt.build(cursor, verdict, snippets, path_of(task), Deadline.after(_PATIENCE_MS))


async def _bits(completer: Completer, ask: Ask, answer: str) -> float | None:
    """Return what the true answer costs; None, too, where a server that has just answered the ask refuses this one."""
    if not answer or not ask.max_tokens:  # the gate was silent: nothing was asked
        return None
    ask = replace(ask, deadline=Deadline.after(_PATIENCE_MS))
    try:
        likelihood = await completer.backend.likelihood(ask, _well_formed(answer))
    except BackendFailed:
        return None
    return None if likelihood is None else -likelihood.logprob / math.log(2)


def filled_by(task: Task, request: Request, proposal: Proposal) -> tuple[str, str]:
    """Return what a proposal puts into the hole, and the whole text then."""
    text, filled = request.document.text, request.document.text
    for edit in sorted(proposal.edits, key=lambda edit: edit.start, reverse=True):
        filled = filled[: edit.start] + edit.text + filled[edit.end :]
    return _between(task, text, filled, proposal.edits[0].text), filled


def path_of(task: Task) -> str:
    """Return the path that a task's file is said to have."""
    return _well_formed(task.path or f"main.{_EXTENSIONS.get(task.language, task.language)}")


def _well_formed(text: str) -> str:
    """Replace lone surrogates, which JSON may hold and UTF-8 may not."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _between(task: Task, before: str, filled: str, first: str) -> str:
    """Return what stands in the hole now; where the edit took more than the hole, the text that it inserted."""
    n = len(filled) - len(before)
    if n >= 0 and filled.startswith(task.prefix) and filled.endswith(task.suffix):
        return filled[len(task.prefix) : len(filled) - len(task.suffix)]
    return first


def _first_line(text: str) -> str:
    """Return the first line that is not blank, with the blank ones before it."""
    start = len(text) - len(text.lstrip("\n"))
    end = text.find("\n", start)
    return text if end < 0 else text[:end]
