"""Settings at run time: asked for, merged, put into effect.

Knows when settings may have changed and what then has to be made anew; not what they mean.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from lsprotocol import types

from ..completion.errors import MidspanError
from ..completion.settings import Settings
from .completer import Completer
from .connection import ANSWER_SECONDS, Connection
from .logs import where
from .model import prepare
from .session import Session
from .settings import SECTION

log = logging.getLogger(__name__)

_NO_ANSWER = object()


async def start(connection: Connection) -> None:
    """Bring the first settings into effect, and ask to be told when they, or files, change."""
    await configure(connection)
    await _register(connection)


async def configure(connection: Connection) -> None:
    """Bring the settings into effect as they are now."""
    session = connection.session
    try:
        async with session.configuring:
            if session.client.configuration:
                await _pull(connection)
            await _bring_into_effect(connection)
    finally:
        session.end_configuring()


async def _pull(connection: Connection) -> None:
    """Ask the editor for its settings. An answer that takes long comes into effect when it is there."""
    session = connection.session
    question = session.editor_settings.ask()
    items = [types.ConfigurationItem(section=SECTION)]
    asked = connection.workspace_configuration(types.ConfigurationParams(items=items))
    answering = session.spawn(_take_answer(connection, question, asked))
    await asyncio.wait({answering}, timeout=ANSWER_SECONDS)
    if not answering.done():
        log.warning("the editor has not answered workspace/configuration yet")
        session.spawn(_configure_late(connection, answering))


async def _take_answer(connection: Connection, question: int, asked: Future[Any]) -> None:
    """Note the editor's settings; after an error those that it gave before go on holding."""
    answer = await connection.answer_to(asked, patience=None, otherwise=_NO_ANSWER)
    if answer is not _NO_ANSWER:
        connection.session.editor_settings.answer(question, answer[0] if isinstance(answer, list) and answer else None)


async def _configure_late(connection: Connection, answering: asyncio.Task[None]) -> None:
    await answering
    async with connection.session.configuring:
        await _bring_into_effect(connection)


async def _bring_into_effect(connection: Connection) -> None:
    """Use the settings as they are known now.

    Those that can't be used leave nothing to answer with: by the old ones, text might go where the user no longer
    wants it.
    """
    session = connection.session
    try:
        settings = await _load(connection)
        session.workspaces.use(session.folders, settings.context)
        if settings != session.settings or session.completer_now is None:
            await _put_into_effect(connection, settings)
    except Exception as error:
        if isinstance(error, MidspanError):
            connection.notices.tell(str(error))
        else:
            log.error("the settings could not be put into effect: %s", where(error))
            connection.notices.tell(f"The settings could not be put into effect ({type(error).__name__}).")
        _stop_preparing(session)
        await _answer_by(session, None)


async def _put_into_effect(connection: Connection, settings: Settings) -> None:
    """Answer with the new settings from now on; a new model server is made ready, an old one let go."""
    session, before = connection.session, connection.session.settings
    session.settings = settings
    completer = await connection.parts.completer_factory(settings)
    if (settings.backend, settings.host) != (before.backend, before.host):
        _stop_preparing(session)
    await _answer_by(session, completer)
    if session.preparing is None and settings.completion.enabled:
        session.preparing = session.spawn(prepare(connection))


async def _answer_by(session: Session, completer: Completer | None) -> None:
    """Replace the completer, and close the old one."""
    old = session.replace_completer(completer)
    if old is not None:
        with suppress(Exception):
            await old.close()


def _stop_preparing(session: Session) -> None:
    if session.preparing is not None:
        session.preparing.cancel()
        session.preparing = None


async def _load(connection: Connection) -> Settings:
    session = connection.session
    overrides = session.editor_settings.merged()
    settings, warnings = await asyncio.to_thread(connection.parts.load_settings, session.project_dir, overrides)
    if warnings and warnings != session.warned:
        connection.warn("midspan: " + "\n".join(warnings))
    session.warned = warnings
    return settings


async def _register(connection: Connection) -> None:
    client = connection.session.client
    registrations = []
    if client.dynamic_configuration:
        settings = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        registrations.append(_registration(types.WORKSPACE_DID_CHANGE_CONFIGURATION, settings))
    if client.watches_files:
        files = types.DidChangeWatchedFilesRegistrationOptions(watchers=[types.FileSystemWatcher(glob_pattern="**/*")])
        registrations.append(_registration(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, files))
    if registrations:
        params = types.RegistrationParams(registrations=registrations)
        await connection.answer_to(connection.client_register_capability(params))


def _registration(method: str, options: object) -> types.Registration:
    return types.Registration(id=f"midspan-{method}", method=method, register_options=options)
