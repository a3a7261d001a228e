"""Making the model ready, and offering to fetch it where there is none. Nothing is fetched without a yes.

Knows how the user is asked, not where models come from: a child process, `midspan models add`, fetches them.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress

from lsprotocol import types

from ..completion.errors import BackendBusy, MidspanError, ModelMissing
from .connection import Connection
from .from_lsp import object_at
from .logs import where
from .progress import Report, shown_progress

log = logging.getLogger(__name__)

DEFAULT_MODEL = "default"
QUESTION = "midspan has no model yet. Download the default model (93 MB, Apache-2.0)?"
YES, NO = "Download", "Not now"


async def prepare(connection: Connection) -> None:
    """Load the model, showing progress; where it is missing, offer to fetch it, and load it then."""
    missing = await _load(connection)
    if missing is not None and await _fetched(connection, missing):
        await _load(connection)


def report_problem(connection: Connection, error: MidspanError) -> None:
    """Tell the user, at most once in a while, why there are no proposals."""
    if connection.session.is_preparing and isinstance(error, ModelMissing | BackendBusy):
        return  # The editor shows the loading, or the offer to download.
    connection.notices.tell(str(error))


async def _load(connection: Connection) -> ModelMissing | None:
    """Load the model of the completer that answers now; tell what goes wrong, or return that it is missing."""
    completer = connection.session.completer_now
    if completer is None:
        return None
    try:
        async with shown_progress(connection, "midspan") as report:
            await completer.prepare(lambda text: report(text, None))
    except ModelMissing as error:
        return error
    except Exception as error:
        if completer is not connection.session.completer_now:
            return await _load(connection)  # It was closed meanwhile: other settings hold.
        _tell_failed(connection, error)
    return None


def _tell_failed(connection: Connection, error: Exception) -> None:
    if isinstance(error, MidspanError):
        connection.notices.tell(str(error))
        return
    log.error("the model could not be made ready: %s", where(error))
    connection.notices.tell(f"The model could not be made ready ({type(error).__name__}).")


async def _fetched(connection: Connection, missing: ModelMissing) -> bool:
    """Offer to fetch the default model, once in a session; any other model the user has to fetch."""
    session = connection.session
    if missing.model != DEFAULT_MODEL or session.model_offered:
        connection.notices.tell(str(missing))
        return False
    session.model_offered = True
    if not await _says_yes(connection):
        return False
    async with shown_progress(connection, "midspan: downloading the default model") as report:
        problem = await _add_model(connection, missing.model, report)
    if problem:
        connection.notices.tell(problem)
    return not problem


async def _says_yes(connection: Connection) -> bool:
    params = types.ShowMessageRequestParams(
        type=types.MessageType.Info,
        message=QUESTION,
        actions=[types.MessageActionItem(title=YES), types.MessageActionItem(title=NO)],
    )
    answer = await connection.answer_to(connection.window_show_message_request(params), patience=None)
    return object_at(answer).get("title") == YES


async def _add_model(connection: Connection, model: str, report: Report) -> str:
    """Run `midspan models add`; return what went wrong, or an empty string."""
    command = (*connection.parts.add_model_command, model, "--json")
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        return f"The download could not be started ({error.strerror}). Try `midspan models add {model}`."
    try:
        last = await _follow(child, report)
        failed = await child.wait() != 0
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.terminate()
            await child.wait()
    if not failed:
        return ""
    reason = last.get("message")
    return reason if isinstance(reason, str) and reason else f"The download failed. Try `midspan models add {model}`."


async def _follow(child: asyncio.subprocess.Process, report: Report) -> dict[str, object]:
    """Report the child's progress, and return its last line."""
    assert child.stdout is not None
    last: dict[str, object] = {}
    async for line in child.stdout:
        with suppress(ValueError):
            value = json.loads(line)
            last = value if isinstance(value, dict) else last
        percentage, doing = _percentage(last), last.get("message")
        words = (str(doing or ""), "" if percentage is None else f"{percentage} %")
        report(" ".join(filter(None, words)), percentage)
    return last


def _percentage(line: dict[str, object]) -> int | None:
    done, total = line.get("bytes"), line.get("total")
    if not isinstance(done, int | float) or not isinstance(total, int | float) or total <= 0:
        return None
    return max(0, min(100, int(100 * done / total)))
