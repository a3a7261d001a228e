"""Noticing that the editor has ended: the process that `initialize` names. Knows nothing of editors."""

from __future__ import annotations

import asyncio
import os

PARENT_AT_START = os.getppid()
EVERY_SECONDS = 1.0


async def end_of_process(process_id: int) -> None:
    """Return once the process has ended.

    Never returns for one that can't be seen from the start, unless it started us: an editor outside of our container
    names a process that means nothing here. Another process that gets the same id later is not taken for it.
    """
    try:
        if hasattr(os, "pidfd_open"):
            await _told_by_the_kernel(os.pidfd_open(process_id))
        else:
            await _looked_for(process_id)
    except (OSError, ValueError, OverflowError):
        if process_id != PARENT_AT_START:
            await asyncio.Event().wait()


async def _told_by_the_kernel(pidfd: int) -> None:
    """Wait without waking up: Linux tells when a process ends, also one that is not our child."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(pidfd, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)


async def _looked_for(process_id: int) -> None:
    """Look once a second, where nothing tells. Raises OSError if it can't be seen from the start."""
    import psutil

    try:
        process = psutil.Process(process_id)
    except psutil.Error as error:
        raise ProcessLookupError(process_id) from error
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
