"""What can go wrong between a request and its proposals.

    MidspanError
    ├── SettingsError          a setting has a value that cannot be used
    ├── ModelMissing           no model to ask: the user may add one
    └── BackendError           a model server did not give an answer
        ├── BackendUnreachable   nothing answers at the address
        ├── BackendRefused       it answers, but not to us (401, 403)
        ├── BackendBusy          it answers "later" (429, 503)
        └── BackendFailed        it answers nonsense or an error

Every message is one or two sentences for the user, the second of which says what to do. None holds source
text, a prompt or a key.
"""

from __future__ import annotations


class MidspanError(Exception):
    """The root: its text is fit to be shown to the user."""


class SettingsError(MidspanError):
    """A setting has a value that cannot be used."""


class ModelMissing(MidspanError):
    """The model that the settings name is not on this machine; ``model`` is what to pass to `models add`."""

    def __init__(self, message: str, *, model: str) -> None:
        super().__init__(message)
        self.model = model


class BackendError(MidspanError):
    """A model server did not give an answer."""


class BackendUnreachable(BackendError):
    """Nothing answers at the address."""


class BackendRefused(BackendError):
    """The server wants a key, or another one."""


class BackendBusy(BackendError):
    """The server says to come back later."""


class BackendFailed(BackendError):
    """The server answered with an error, or with something that is not a completion."""
