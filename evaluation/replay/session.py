"""Types hunks through the whole language server, key by key, and notes what a user would have seen and saved."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ...completion.completer import Completer
from ...completion.settings import OutcomeSettings, Settings
from ...server.app import MidspanServer
from ...server.lifecycle import serve_stream
from ...server.logs import silence_pygls
from ..client_text import to_units
from ..errors import EvaluationError
from ..harness import REQUEST_CANCELLED, LspSession, RequestFailed
from ..history import Hunk
from ..typing import Stroke, Typist, strokes
from .clock import Clock, TimedBackend
from .raw import RawCompleter
from .user import Mode, is_right, wanted_part

REACTION_MS = 200.0
"""How long a text has to be on screen before somebody can press Tab for it."""
SERVER_MS = 5.0
"""What the server itself takes; measured by `midspan bench server`, and the same in every replay."""
_LONGEST_DEADLINE_MS = 60_000
_ANSWER_SECONDS = 10.0


@dataclass(slots=True)
class Shown:
    """A text that was on screen; it stays the same one while the user types along."""

    text: str
    since: float
    confidence: float | None
    is_right: bool
    fate: str = "left"
    """"accepted", "typed against" at once, "typed along" for a while, "replaced" by another text, or "left"."""
    n_along: int = 0


@dataclass(slots=True)
class Typed:
    """One hunk, typed: keys without and with midspan, and all that was seen meanwhile."""

    hunk: Hunk
    n_keys_alone: int
    n_keys: int = 0
    shown: list[Shown] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    measured_ms: list[tuple[float, float]] = field(default_factory=list)
    """What answers of the model really took, each with what that work takes on the clock."""
    n_tokens: int = 0
    busy_ms: float = 0.0
    """How long the model worked, of ``typing_ms``, on the clock."""
    typing_ms: float = 0.0
    n_requests: int = 0
    n_interrupted: int = 0


async def type_hunks(
    hunks: Sequence[Hunk],
    settings: Settings,
    backend: TimedBackend,
    clock: Clock,
    mode: Mode,
    typist: Typist,
    seed: int,
    root: Path,
    progress: Callable[[int], None],
    *,
    raw: bool = False,
) -> list[Typed]:
    """Type the hunks one after another with a server of their own.

    Raises EvaluationError where that fails, and MidspanError where the model server does.

    ``root`` is a folder that is only named, never read. ``progress`` is told the keys that were typed. With ``raw`` the
    model's first line stands in the pipeline's place.
    """
    async with _server(settings, backend, root, raw=raw) as session:
        done = []
        for number, hunk in enumerate(hunks):
            keys = strokes(hunk.added, typist, seed + number)
            typing = _Typing(session, backend, clock, mode, hunk, keys, root)
            done.append(await typing.run())
            progress(len(keys))
        if session.problems:
            raise EvaluationError("The language server broke the protocol: " + "; ".join(session.problems))
        return done


@asynccontextmanager
async def _server(settings: Settings, backend: TimedBackend, root: Path, *, raw: bool) -> AsyncIterator[LspSession]:
    """Give a session with a real server in this process, which answers by the backend."""
    silence_pygls()
    # Deadlines are the clock's; the server's own must not come before an answer on a slow machine.
    patient = msgspec.structs.replace(settings.completion, deadline_ms=_LONGEST_DEADLINE_MS)
    no_record = OutcomeSettings(keep=False)
    settings = msgspec.structs.replace(settings, completion=patient, outcomes=no_record)

    async def completer(wanted: Settings) -> Completer | RawCompleter:
        return RawCompleter(wanted, backend) if raw else Completer(wanted, backend, joins=False)

    server = MidspanServer(completer_factory=completer, load_settings=lambda folder, overrides: (settings, ()))
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(serve_stream(server, *await asyncio.open_connection(sock=theirs)))
    try:
        session = await LspSession.over(*await asyncio.open_connection(sock=ours), root=root)
        async with session:
            yield session
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await serving


class _Typing:
    """One hunk while it is typed."""

    def __init__(
        self,
        session: LspSession,
        backend: TimedBackend,
        clock: Clock,
        mode: Mode,
        hunk: Hunk,
        keys: Sequence[Stroke],
        root: Path,
    ) -> None:
        self._session = session
        self._backend = backend
        self._clock = clock
        self._mode = mode
        self._hunk = hunk
        self._keys = keys
        self._uri = (root / hunk.path).as_uri()
        self._head, self._tail = hunk.before[: hunk.offset], hunk.before[hunk.offset :]
        self._at = 0
        """How much of the true text is there."""
        self._ghost: Shown | None = None
        self._waiting: asyncio.Future[Any] | None = None
        """The answer that nobody wants any more, until the server has said so."""
        self._typed = Typed(hunk, len(keys))

    async def run(self) -> Typed:
        """Type all of it; return what happened."""
        session, uri, clock = self._session, self._uri, self._clock
        session.open(uri, self._hunk.language_id, self._hunk.before)
        document = session.documents[uri]
        document.cursor = len(to_units(self._head))
        index, began = 0, clock.now
        while index < len(self._keys):
            key = self._keys[index]
            clock.now = max(clock.now, clock.next_key) if clock.next_key < math.inf else clock.now + key.pause_ms
            rest = self._hunk.added[self._at :]
            part = "" if key.is_backspace else self._accepted_part(rest)
            if part:
                self._insert(part)
                index = self._index_at(self._at)
            else:
                self._press(key)
                index += 1
            self._typed.n_keys += 1
            pause = self._keys[index].pause_ms if index < len(self._keys) else math.inf
            clock.next_key = clock.now + pause
            await self._ask()
        await self._let_go()
        self._typed.typing_ms = clock.now - began
        clock.next_key = math.inf
        if document.text != self._head + self._hunk.added + self._tail:
            raise EvaluationError(f"The replay of {self._hunk.path} went astray. Please report it.")
        session.close_document(uri)
        return self._typed

    def _accepted_part(self, rest: str) -> str:
        """Return what the user accepts now, if there is something right and he has had time to see it."""
        ghost, clock = self._ghost, self._clock
        if ghost is None or clock.now - ghost.since < REACTION_MS:
            return ""
        part = wanted_part(ghost.text, rest, self._mode)
        if part:
            ghost.fate = "accepted"
            ghost.text = ghost.text[len(part) :]
            ghost.n_along += len(part)
        return part

    def _insert(self, part: str) -> None:
        self._session.type(self._uri, part)
        self._at += len(part)
        if self._ghost is not None and not self._ghost.text:
            self._ghost = None

    def _press(self, key: Stroke) -> None:
        if key.is_backspace:
            self._session.backspace(self._uri)
            self._against()
            return
        text = key.text
        if not key.is_wrong:
            text = key.text[self._at - key.start :]
            self._at = key.start + len(key.text)
        self._session.type(self._uri, text)
        ghost = self._ghost
        if ghost is None or not ghost.text.startswith(text):
            self._against()
            return
        ghost.text = ghost.text[len(text) :]
        ghost.n_along += len(text)
        if not ghost.text:
            self._against()  # typed to its end: it was right, but of no use

    def _against(self) -> None:
        """Note that what is on screen is not what the user types."""
        if self._ghost is not None and self._ghost.fate == "left":
            self._ghost.fate = "typed along" if self._ghost.n_along else "typed against"
        self._ghost = None

    def _index_at(self, at: int) -> int:
        """Return the first key for what is to be typed from an offset of the true text on, be it a typo."""
        for index, key in enumerate(self._keys):
            if key.start + len(key.text) > at:
                return index
        return len(self._keys)

    async def _ask(self) -> None:
        """Ask for ghost text after a key, and wait until it is there or the next key comes."""
        clock, backend = self._clock, self._backend
        clock.interrupted.clear()
        await backend.settle()
        backend.work = None
        began = asyncio.get_running_loop().time()
        params = self._session.completion_params(self._uri)
        _, answer = self._session.ask("textDocument/inlineCompletion", params)
        await self._let_go()
        interrupted = asyncio.create_task(clock.interrupted.wait())
        try:
            await asyncio.wait({answer, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            interrupted.cancel()
        if backend.failure is not None:
            raise backend.failure
        work = backend.work
        self._typed.n_requests += 1
        if work is not None:
            self._typed.n_tokens += work.n_prompt + work.n_written
            self._typed.busy_ms += work.milliseconds - work.waited_ms
        if not answer.done():
            self._waiting = answer
            self._typed.n_interrupted += 1
            return
        if work is not None and work.is_timeable:
            measured = (asyncio.get_running_loop().time() - began) * 1000
            self._typed.measured_ms.append((measured, SERVER_MS + work.milliseconds - work.waited_ms))
        latency = SERVER_MS + (work.milliseconds if work is not None else 0.0)
        await self._show(answer.result()["items"], latency, by_model=work is not None)

    async def _let_go(self) -> None:
        """Wait until the server has given up on the request that the last key overtook."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        await asyncio.wait({waiting}, timeout=_ANSWER_SECONDS)
        error = waiting.exception() if waiting.done() else None
        if not isinstance(error, RequestFailed) or error.code != REQUEST_CANCELLED:
            raise EvaluationError("The language server did not give up on a request that a newer one had overtaken.")

    async def _show(self, items: list[dict[str, Any]], latency: float, *, by_model: bool) -> None:
        """Put the first item on screen, or leave there what it says already."""
        text = self._session.inserted(self._uri, items[0]) if items else ""
        before = self._ghost
        if not text or self._clock.now + latency > self._clock.next_key:
            self._ghost = None
            return
        if before is not None and before.text == text:
            return
        if before is not None and before.fate == "left":
            before.fate = "replaced"
        if by_model:
            self._typed.latencies_ms.append(latency)
        rest = self._hunk.added[self._at :]
        confidence = await self._confidence()
        self._ghost = Shown(text, self._clock.now + latency, confidence, is_right(text, rest))
        self._typed.shown.append(self._ghost)

    async def _confidence(self) -> float | None:
        """Return how probable the model finds the first proposal, as the server explains it."""
        why = await self._session.request("midspan/why", {"textDocument": {"uri": self._uri}})
        probability: float | None = why["items"][0]["probability"] if why and why["items"] else None
        return probability
