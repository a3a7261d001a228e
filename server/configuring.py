"""Settings at run time: asked for, merged, put into effect.

Knows when settings may have changed and what then has to be made anew; not what they mean.
"""

from __future__ import annotations

import asyncio
import logging

from lsprotocol import types

from ..completion.errors import MidspanError
from ..completion.settings import Settings
from .connection import Connection
from .logs import where
from .model import prepare
from .settings import SECTION, section_part

log = logging.getLogger(__name__)


async def start(connection: Connection) -> None:
    """Bring the first settings into effect, and ask to be told when they change."""
    await configure(connection)
    if connection.session.client.dynamic_configuration:
        await _register(connection)


async def configure(connection: Connection) -> None:
    """Bring the settings into effect as they are now."""
    session = connection.session
    try:
        async with session.configuring:
            if session.client.configuration:
                session.editor_settings.pulled = section_part(await _pull(connection))
            settings = await _load(connection)
            if settings is not None and (settings != session.settings or session.completer_now is None):
                await _put_into_effect(connection, settings)
    except Exception as error:
        log.error("the settings could not be put into effect: %s", where(error))
        connection.notices.tell(f"The settings could not be put into effect ({type(error).__name__}).")
    finally:
        session.end_configuring()


async def _put_into_effect(connection: Connection, settings: Settings) -> None:
    """Answer with the new settings from now on; a new model server is made ready, an old one let go."""
    session, before = connection.session, connection.session.settings
    try:
        completer = await connection.parts.completer_factory(settings)
    except MidspanError as error:
        connection.notices.tell(str(error))
        session.settings = settings
        return
    old = session.replace_completer(completer)
    session.settings = settings
    if session.preparing is not None and (settings.backend, settings.host) != (before.backend, before.host):
        session.preparing.cancel()
        session.preparing = None
    if session.preparing is None and settings.completion.enabled:
        session.preparing = session.spawn(prepare(connection))
    if old is not None:
        await old.close()


async def _load(connection: Connection) -> Settings | None:
    session = connection.session
    overrides = session.editor_settings.merged()
    try:
        settings, warnings = await asyncio.to_thread(connection.parts.load_settings, session.project_dir, overrides)
    except MidspanError as error:
        connection.notices.tell(str(error))
        return None
    if warnings and warnings != session.warned:
        connection.warn("midspan: " + "\n".join(warnings))
    session.warned = warnings
    return settings


async def _pull(connection: Connection) -> object:
    items = [types.ConfigurationItem(section=SECTION)]
    asked = connection.workspace_configuration(types.ConfigurationParams(items=items))
    answer = await connection.answer_to(asked)
    return answer[0] if isinstance(answer, list) and answer else None


async def _register(connection: Connection) -> None:
    registration = types.Registration(
        id="midspan-configuration",
        method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
        register_options=types.DidChangeConfigurationRegistrationOptions(section=SECTION),
    )
    params = types.RegistrationParams(registrations=[registration])
    await connection.answer_to(connection.client_register_capability(params))
