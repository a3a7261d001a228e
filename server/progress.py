"""Work-done progress in the editor (LSP 3.18, "Work Done Progress"), where the editor shows it.

Knows nothing of the work.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from lsprotocol import types

from .connection import Connection

Report = Callable[[str, int | None], None]
"""Says what is going on, and how much of it is done in percent, where that is known."""


@asynccontextmanager
async def shown_progress(connection: Connection, title: str) -> AsyncIterator[Report]:
    """Show progress while the body runs; what it yields does nothing where the editor shows none."""
    token = str(uuid.uuid4())
    if not await _create(connection, token):
        yield lambda text, percentage: None
        return
    shown: tuple[str, int | None] = ("", None)

    def report(text: str, percentage: int | None) -> None:
        nonlocal shown
        if (text, percentage) != shown:
            shown = (text, percentage)
            _send(connection, token, types.WorkDoneProgressReport(message=text, percentage=percentage))

    _send(connection, token, types.WorkDoneProgressBegin(title=title))
    try:
        yield report
    finally:
        _send(connection, token, types.WorkDoneProgressEnd())


async def _create(connection: Connection, token: str) -> bool:
    if not connection.session.client.progress:
        return False
    refused = object()
    asked = connection.window_work_done_progress_create(types.WorkDoneProgressCreateParams(token=token))
    return await connection.answer_to(asked, otherwise=refused) is not refused


def _send(
    connection: Connection,
    token: str,
    value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
) -> None:
    connection.progress(types.ProgressParams(token=token, value=value))
