"""Any JSON as the parameters of any method: every request is answered, and the server goes on working."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from scripted_completer import Script

from midspan.evaluation.harness import RequestFailed
from midspan.server.app import METHODS

URI = "file:///a.py"
UNFIT = ("shutdown", "exit", "workspace/didChangeConfiguration")
"""Methods that end the session, or may switch off what the test looks at."""
ATOMS: tuple[Any, ...] = (None, True, 0, 1, -1, 2**31, 2**70, 1.5, float("nan"), "", "x", URI, "\ud800", "\0", [], {})
KEYS = (
    *("textDocument", "uri", "version", "text", "languageId", "position", "line", "character", "range", "start"),
    *("end", "contentChanges", "context", "triggerKind", "selectedCompletionInfo", "command", "arguments", "event"),
    *("added", "removed", "capabilities", "workspace", "window", "processId", "workspaceFolders", "midspan"),
)


def random_json(choice: random.Random, depth: int = 0) -> Any:
    if depth > 4 or choice.random() < 0.4:
        return choice.choice(ATOMS)
    if choice.random() < 0.2:
        return [random_json(choice, depth + 1) for _ in range(choice.randrange(3))]
    return {key: random_json(choice, depth + 1) for key in choice.sample(KEYS, choice.randrange(6))}


def damaged(choice: random.Random, value: Any) -> Any:
    """Return valid parameters with some parts replaced by anything."""
    if choice.random() < 0.15:
        return random_json(choice, 3)
    if isinstance(value, dict):
        return {key: damaged(choice, part) for key, part in value.items()}
    if isinstance(value, list):
        return [damaged(choice, part) for part in value]
    return value


def valid(choice: random.Random) -> dict[str, Any]:
    where = {"line": choice.randrange(3), "character": choice.randrange(5)}
    span = {"start": where, "end": where}
    return {
        "textDocument": {"uri": URI, "languageId": "python", "version": 1, "text": "a\r\nb"},
        "position": where,
        "context": {"triggerKind": 1, "selectedCompletionInfo": {"range": span, "text": "x"}},
        "contentChanges": [{"range": span, "text": "y\n"}],
        "command": "midspan.accepted",
        "arguments": ["1"],
        "event": {"added": [{"uri": "file:///w"}], "removed": []},
        "capabilities": {"workspace": {"configuration": True}},
    }


@pytest.mark.parametrize("seed", range(5))
async def test_random_params(connect: Any, script: Script, seed: int) -> None:
    choice = random.Random(seed)
    session = await connect()
    methods = [method for method in METHODS if method not in UNFIT]
    answers: list[asyncio.Future[Any]] = []
    for _ in range(300):
        method = choice.choice(methods)
        params = damaged(choice, valid(choice)) if choice.random() < 0.7 else random_json(choice)
        if choice.random() < 0.5:
            session.notify(method, params)
        else:
            answers.append(session.ask(method, params)[1])
    done, waiting = await asyncio.wait(answers, timeout=30)
    assert not waiting
    codes = {error.code for answer in done if isinstance(error := answer.exception(), RequestFailed)}
    assert codes <= {-32602, -32800, -32601}
    session.open(URI, "python", "x = ")
    assert len(await session.complete(URI)) == 1
