"""A stand-in for the pipeline: proposes what a script says, and counts what the server does with it.

Run as a program, it is a language server over stdio with that stand-in in it: `python scripted_completer.py`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from midspan.completion.ask import Deadline, Edit, Kind, Proposal, Request
from midspan.completion.errors import MidspanError
from midspan.completion.settings import Settings
from midspan.completion.trace import Trace

Propose = Callable[[Request, Deadline, str], Awaitable[tuple[Proposal, ...]]]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; fail after 20 seconds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


@dataclass(frozen=True)
class ScriptedAnswer:
    proposals: tuple[Proposal, ...] = ()
    trace: Trace = field(default_factory=Trace)


def at_cursor(request: Request, text: str, covered: int = 0) -> Proposal:
    """Return a proposal of text at the cursor that covers some characters after it."""
    edit = Edit(request.offset, request.offset + covered, text)
    return Proposal("proposal-1", (edit,), Kind.LINE)


async def propose_hello(request: Request, deadline: Deadline, path: str) -> tuple[Proposal, ...]:
    return (at_cursor(request, "hello"),)


async def nothing() -> None:
    return


@dataclass
class Script:
    """What every completer of a server does, and what was seen of it."""

    propose: Propose = propose_hello
    prepare: Callable[[Callable[[str], None]], Awaitable[None]] | None = None
    completers: list[ScriptedCompleter] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    read_ahead: list[Request] = field(default_factory=list)
    reads: Callable[[], Awaitable[None]] = nothing
    gone_on: list[tuple[Request, Proposal]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    wanted: list[int | None] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    n_cancelled: int = 0
    n_prepared: int = 0

    async def factory(self, settings: Settings) -> ScriptedCompleter:
        completer = ScriptedCompleter(self, settings)
        self.completers.append(completer)
        return completer

    async def saw(self, n_requests: int) -> None:
        """Wait until so many requests have reached a completer."""
        await until(lambda: len(self.requests) >= n_requests)


class ScriptedCompleter:
    def __init__(self, script: Script, settings: Settings) -> None:
        self.script = script
        self.settings = settings
        self.closed = False

    async def prepare(self, progress: Callable[[str], None]) -> None:
        self.script.n_prepared += 1
        if self.script.prepare is not None:
            await self.script.prepare(progress)

    async def complete(self, request: Request, deadline: Deadline, path: str, n: int | None = None) -> ScriptedAnswer:
        self.script.requests.append(request)
        self.script.paths.append(path)
        self.script.wanted.append(n)
        completion = self.settings.completion
        if not completion.enabled or request.document.language_id in completion.disabled_languages:
            return ScriptedAnswer()
        try:
            return ScriptedAnswer(await self.script.propose(request, deadline, path))
        except MidspanError as error:
            return ScriptedAnswer(trace=Trace(error=error))
        except asyncio.CancelledError:
            self.script.n_cancelled += 1
            raise

    async def read_ahead(self, request: Request, deadline: Deadline, path: str) -> None:
        self.script.read_ahead.append(request)
        try:
            await self.script.reads()
        except asyncio.CancelledError:
            self.script.n_cancelled += 1
            raise

    async def go_on(self, request: Request, proposal: Proposal, deadline: Deadline, path: str) -> None:
        self.script.gone_on.append((request, proposal))
        try:
            await self.script.reads()
        except asyncio.CancelledError:
            self.script.n_cancelled += 1
            raise

    def reject(self, proposal_id: str) -> None:
        self.script.rejected.append(proposal_id)

    def forget(self, uri: str) -> None:
        self.script.forgotten.append(uri)

    async def close(self) -> None:
        self.closed = True


def load_settings(project_dir: Path | None, overrides: Mapping[str, object]) -> tuple[Settings, tuple[str, ...]]:
    """Take the overrides as they are, so that these tests hang on no settings file of the machine."""
    return msgspec.convert(overrides, Settings), ()


if __name__ == "__main__":
    from midspan.server.app import MidspanServer
    from midspan.server.lifecycle import run_stdio

    sys.exit(run_stdio(lambda: MidspanServer(completer_factory=Script().factory, load_settings=load_settings)))
