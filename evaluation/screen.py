"""What is on a user's screen in a scripted session: documents and ghost text, changed by one step after the other.

What a server offers first is what is shown, as editors have it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .client_text import ClientText, from_units, to_units
from .errors import EvaluationError
from .harness import LspSession, RequestFailed
from .json_rpc import PATIENCE, Json
from .replay.user import part_of
from .script import CURSOR, GHOST_END, GHOST_START
from .steps import (
    Accept,
    Action,
    Ask,
    Backspace,
    Close,
    ExpectGhost,
    ExpectNothing,
    ExpectText,
    Move,
    Open,
    Save,
    Set,
    Type,
    Wait,
)

_LINES_AROUND = 6
_SECONDS_BETWEEN_ASKS = 0.2
_CALLED_OFF = (-32800, -32801, -32802)
"""LSP's codes for a request that was cancelled, or that the text or the server's state has left behind: editors show
nothing then."""


class Unexpected(EvaluationError):
    """A step did not come out as the script has it; the text shows what was on screen."""


@dataclass(frozen=True, slots=True)
class Ghost:
    """Ghost text at the cursor. Accepted, it takes the place of what it ``covers`` after the cursor.

    ``kept`` is the end of that, where the ghost text ends before it.
    """

    text: str
    covers: str
    kept: str
    command: Json | None


@dataclass(slots=True)
class Screen:
    """What a user sees: the document in front, and the ghost text in it."""

    session: LspSession
    root: Path
    settings: dict[str, object]
    uri: str = ""
    ghost: Ghost | None = None
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def document(self) -> ClientText:
        """The document in front."""
        return self.session.documents[self.uri]

    def configuration(self, params: Json) -> list[object]:
        """Answer `workspace/configuration`: each section by its name; one without settings of its own gets all."""
        settings = nested(self.settings)
        return [settings.get(item.get("section", ""), settings) for item in params["items"]]

    def picture(self) -> str:
        """Return the lines around the cursor, with the ghost text in place."""
        before, after = _halves(self.document)
        if self.ghost is not None:
            after = self.ghost.kept + after[len(self.ghost.covers) :]
        ghost = f"{GHOST_START}{self.ghost.text}{GHOST_END}" if self.ghost else ""
        lines = _with_one_line_end(f"{before}{CURSOR}{ghost}{after}").split("\n")
        first, last = _with_one_line_end(before).count("\n"), _with_one_line_end(before + ghost).count("\n")
        return _barred("\n".join(lines[max(0, first - _LINES_AROUND) : last + _LINES_AROUND + 1]))

    async def perform(self, action: Action) -> None:
        """Do one step. Raises Unexpected, and what requests raise."""
        if isinstance(action, Open | Type | Backspace | Move | Ask | Close):
            self.ghost = None
        match action:
            case Open():
                self._open(action)
            case Type(text):
                self.session.type(self.uri, text)
            case Backspace(n_units):
                self.session.backspace(self.uri, n_units)
            case Move(line, column):
                self.session.move(self.uri, line, column)
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Ask():
                await self._ask(action)
            case Accept():
                await self._accept(action)
            case Set(name, value):
                self._set(name, value)
            case Save():
                self.session.save(self.uri)
            case Close():
                self.session.close_document(self.uri)
            case ExpectNothing(because) if because:
                self._expect(action)
                await self._expect_reason(because)
            case _:
                self._expect(action)

    def _open(self, action: Open) -> None:
        path = self.root / action.name
        self.uri = path.as_uri()
        if self.uri in self.session.documents:
            return
        text = _read(path) if action.text is None else action.text
        self.session.open(self.uri, action.language, text)
        if action.cursor is not None:
            self.document.cursor = len(to_units(text[: action.cursor]))

    async def _ask(self, action: Ask) -> None:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + PATIENCE
        await self._ask_once(action.trigger)
        while action.until and (self.ghost is None) == (action.until == "ghost"):
            if loop.time() > give_up:
                wanted = "some" if action.until == "ghost" else "no"
                raise Unexpected(f"expected {wanted} ghost text within {PATIENCE:.0f} s\non screen:\n{self.picture()}")
            await asyncio.sleep(_SECONDS_BETWEEN_ASKS)
            await self._ask_once(action.trigger)

    async def _ask_once(self, trigger: int) -> None:
        params = self.session.completion_params(self.uri, trigger=trigger)
        try:
            answer = await self.session.request("textDocument/inlineCompletion", params)
        except RequestFailed as error:
            if error.code not in _CALLED_OFF:
                raise
            answer = None
        self.latencies_ms.append(self.session.latencies[-1].milliseconds)
        try:
            items = answer["items"] if isinstance(answer, dict) else answer
            self.ghost = _ghost(self.document, items[0]) if items else None
        except (KeyError, TypeError) as error:
            raise Unexpected(f"the server's answer holds no items as LSP 3.18 has them: {str(answer)[:200]}") from error

    async def _accept(self, action: Accept) -> None:
        ghost = self.ghost
        if ghost is None:
            raise Unexpected(f"there is no ghost text to accept\non screen:\n{self.picture()}")
        part = part_of(ghost.text, action.mode)
        if part != ghost.text:
            self.session.type(self.uri, part)
            self.ghost = Ghost(ghost.text[len(part) :], ghost.covers, ghost.kept, ghost.command)
            return
        cursor = self.document.cursor
        start, end = _position(self.document, cursor), _position(self.document, cursor + len(to_units(ghost.covers)))
        self.session.change(self.uri, start, end, part + ghost.kept)
        self.ghost = None
        if ghost.command is not None:
            arguments = ghost.command.get("arguments", [])
            params = {"command": ghost.command["command"], "arguments": arguments}
            await self.session.request("workspace/executeCommand", params)

    def _set(self, name: str, value: object) -> None:
        self.settings[name] = value
        self.session.notify("workspace/didChangeConfiguration", {"settings": nested(self.settings)})

    async def _expect_reason(self, wanted: str) -> None:
        """Check why there is no ghost text, as midspan tells it."""
        why = await self.session.request("midspan/why", {"textDocument": {"uri": self.uri}}) or {}
        reasons = [why.get("verdict", ""), *(dropped["why"] for dropped in why.get("dropped", ()))]
        told = "; ".join(filter(None, reasons)) or "nothing"
        self._check(wanted in told, f"no ghost text because {wanted!r}; midspan says: {told}")

    def _expect(self, action: ExpectGhost | ExpectNothing | ExpectText) -> None:
        shown = self.ghost.text if self.ghost is not None else ""
        match action:
            case ExpectNothing():
                self._check(not shown, "no ghost text")
            case ExpectGhost("contains", wanted):
                self._check(wanted in shown, f"ghost text that contains {wanted!r}")
            case ExpectGhost("matches", pattern):
                wanted = f"ghost text that matches /{pattern}/" if pattern else "some ghost text"
                self._check(bool(shown) and re.search(pattern, shown) is not None, wanted)
            case ExpectGhost(_, wanted):
                is_there = _with_one_line_end(shown) == _with_one_line_end(wanted)
                self._check(is_there, f"the ghost text\n{_barred(f'{GHOST_START}{wanted}{GHOST_END}')}")
            case ExpectText(wanted):
                before, after = _halves(self.document)
                text = _with_one_line_end(before + (CURSOR if CURSOR in wanted else "") + after)
                self._check(text == _with_one_line_end(wanted), f"the text\n{_barred(wanted)}")

    def _check(self, holds: bool, wanted: str) -> None:
        if not holds:
            raise Unexpected(f"expected {wanted}\non screen:\n{self.picture()}")


def _ghost(document: ClientText, item: Json) -> Ghost | None:
    """Return what an editor shows of an item, None where its text does not go on from what stands before the cursor."""
    offered = item["insertText"]
    text: str = offered if isinstance(offered, str) else offered["value"]
    start = end = document.cursor
    if item.get("range"):
        start, end = (document.place(**item["range"][edge]) for edge in ("start", "end"))
    before = from_units(document.units[start : document.cursor])
    covers = from_units(document.units[document.cursor : end])
    if not text.startswith(before) or not start <= document.cursor <= end:
        return None
    rest = text[len(before) :]
    kept = covers if rest.endswith(covers) else ""
    shown = rest.removesuffix(kept)
    return Ghost(shown, covers, kept, item.get("command")) if shown else None


def _position(document: ClientText, place: int) -> tuple[int, int]:
    at = document.position(place)
    return at["line"], at["character"]


def _halves(document: ClientText) -> tuple[str, str]:
    return from_units(document.units[: document.cursor]), from_units(document.units[document.cursor :])


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise Unexpected(f"{path} cannot be read ({error.strerror}), and no text stands below the step") from error
    except UnicodeDecodeError as error:
        raise Unexpected(f"{path} is not UTF-8, and no text stands below the step") from error


def nested(settings: Mapping[str, object]) -> dict[str, object]:
    """Return settings by dotted name as editors send them: one dictionary inside the other.

    Raises EvaluationError for a name that is a setting and a section.
    """
    outermost: dict[str, object] = {}
    for name, value in settings.items():
        *sections, key = name.split(".")
        at: dict[str, object] = outermost
        for section in sections:
            inner = at.setdefault(section, {})
            if not isinstance(inner, dict):
                raise EvaluationError(f"{name} cannot be set: {section} is a setting, not a section.")
            at = inner
        at[key] = value
    return outermost


def _with_one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _barred(text: str) -> str:
    return "\n".join(f"  | {line}" if line else "  |" for line in text.split("\n"))
