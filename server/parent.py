"""Noticing that the editor has ended: the process that `initialize` names. Knows nothing of editors."""

from __future__ import annotations

import asyncio
import os

PARENT_AT_START = os.getppid()
EVERY_SECONDS = 1.0


async def end_of_process(process_id: int) -> None:
    """Return once the process has ended.

    Never returns for one that can't be seen from the start, unless it started us: an editor outside of our container
    names a process that means nothing here. Another process that gets the same id later has another start time.
    """
    import psutil

    try:
        process = psutil.Process(process_id)
    except (psutil.Error, ValueError, OverflowError):
        if process_id == PARENT_AT_START:
            return
        await asyncio.Event().wait()
        return
    # Nothing tells when a process that is not our child ends.
    while process.is_running() and not _is_zombie(process):  # noqa: ASYNC110
        await asyncio.sleep(EVERY_SECONDS)


def _is_zombie(process: object) -> bool:
    import psutil

    assert isinstance(process, psutil.Process)
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
