"""Plays a scripted session against a language server: types, asks, accepts, and compares the screen with the script.

The server may be any that speaks LSP 3.18's `textDocument/inlineCompletion`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import EvaluationError
from .harness import LspSession, RequestFailed, SessionFailed
from .json_rpc import PATIENCE
from .screen import Screen, Unexpected, nested
from .script import GHOST_END, GHOST_START, Script
from .steps import Ask

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a script: its problem ("" where all was as expected), and milliseconds from ask to answer."""

    name: str
    problem: str
    latencies_ms: tuple[float, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as `midspan session --json` writes it."""
        return {
            "name": self.name,
            "passed": not self.problem,
            "problem": self.problem or None,
            "latencies_ms": [round(one, 2) for one in self.latencies_ms],
        }


async def play(
    script: Script,
    command: Sequence[str],
    root: Path,
    settings: Mapping[str, object],
    tell: Tell = lambda line: None,
) -> Played:
    """Play a script with a server of its own, which is started for it and has to end well.

    ``root`` is the workspace's folder, which names of documents are in. Raises EvaluationError where the server
    can't be started; whatever else goes wrong is the problem that is returned.
    """
    options = nested({"outcomes.keep": False, **settings})  # nobody's proposals, so nobody's record
    try:
        session = await LspSession.start(command, root=root, initialization_options=options)
    except OSError as error:
        raise EvaluationError(f"{command[0]} cannot be started: {error.strerror}.") from error
    except (SessionFailed, RequestFailed) as error:
        raise EvaluationError(f"`{shlex.join(command)}` is no language server that begins: {error}.") from error
    screen = Screen(session, root, dict(settings))
    session.answers["workspace/configuration"] = screen.configuration
    problem = ""
    try:
        async with session:
            await _perform(script, screen, tell)
    except Unexpected as unexpected:
        problem = str(unexpected)
    except (SessionFailed, TimeoutError) as failure:
        said = session.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        what = str(failure) or f"it has not ended within {PATIENCE:.0f} s"
        problem = f"{script.name}: the server failed: {what}" + (f"\nits last words: {said}" if said else "")
    return Played(script.name, problem, tuple(screen.latencies_ms))


async def _perform(script: Script, screen: Screen, tell: Tell) -> None:
    for step in script.steps:
        tell(f"{step.where}: {step.line}")
        try:
            await screen.perform(step.action)
        except RequestFailed as error:
            raise Unexpected(f"{step.where}: the server answered with an error: {error}") from error
        except EvaluationError as error:
            raise Unexpected(f"{step.where}: {error}") from error
        if isinstance(step.action, Ask):
            shown = f"{GHOST_START}{screen.ghost.text}{GHOST_END}" if screen.ghost else "nothing"
            tell(f"  {screen.latencies_ms[-1]:.0f} ms: {shown}")
