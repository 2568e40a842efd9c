"""Every error this package raises, by cause.

    DingTalkError
    ├── ConfigurationError (ValueError)    the app is set up wrongly: no app chosen, a credential missing
    │   └── UnknownMethod (LookupError)    `run()` was given a name that nothing answers to
    ├── InvalidArgument (ValueError)       refused before anything was sent; `.problems` names each field
    ├── TransportError (OSError)           no usable answer: connection, timeout, not JSON, wrong shape
    │   └── SessionStoreError              the session store did not answer
    ├── ApiError                           the platform said no
    │   ├── AuthenticationError            a credential or token is wrong
    │   ├── PermissionDenied (PermissionError)   `.scopes`, `.apply_url`
    │   ├── NotFound (LookupError)
    │   ├── AlreadyExists
    │   ├── InvalidRequest (ValueError)
    │   ├── RateLimited                    `.retry_after`: wait, then send again
    │   ├── QuotaExhausted                 the month's calls are used up: sending again cannot help
    │   └── PlatformBusy                   the platform's own trouble: later it may work
    └── CallbackError                      a push that cannot be trusted
        ├── SignatureMismatch
        ├── ReplayedCallback
        └── DecryptionError
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class DingTalkError(Exception):
    """The base of every error raised by this package."""


class ConfigurationError(DingTalkError, ValueError):
    """The app is set up wrongly: no app chosen, a credential missing or malformed."""


class UnknownMethod(ConfigurationError, LookupError):
    """`run()` was given a name that nothing answers to.

    Attributes:
        name: the name that was asked for.
        nearest: known names that look like it, best first.
    """

    def __init__(self, name: str, nearest: Sequence[str] = ()) -> None:
        self.name = name
        self.nearest = tuple(nearest)
        hint = f" Did you mean {', '.join(map(repr, nearest))}?" if nearest else ""
        super().__init__(f"no method is called {name!r}.{hint} `app.methods` lists every name.")


@dataclass(frozen=True, slots=True)
class Problem:
    """One argument that was refused: its path (`dept_order_list.0.order`) and what is wrong with it."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class InvalidArgument(DingTalkError, ValueError):
    """Arguments were refused before anything was sent.

    Attributes:
        problems: every offending field with what is wrong; the values themselves are not repeated.
    """

    def __init__(self, operation: str, problems: Sequence[Problem]) -> None:
        self.operation = operation
        self.problems = tuple(problems)
        super().__init__(f"{operation}: " + "; ".join(map(str, self.problems)))


class TransportError(DingTalkError, OSError):
    """No usable answer: no connection, a timeout, a body that is not JSON, is cut short or has the wrong shape.

    Attributes:
        sent: whether the platform may have received the request, and so may have acted on it.
        status: the HTTP status, where an answer came.
    """

    def __init__(self, message: str, *, sent: bool = True, status: int | None = None) -> None:
        self.sent = sent
        self.status = status
        super().__init__(message)


class SessionStoreError(TransportError):
    """The session store did not answer; `store` names it (without its password)."""

    def __init__(self, store: str, message: str) -> None:
        self.store = store
        super().__init__(f"session store {store}: {message}", sent=False)


class CallbackError(DingTalkError):
    """A push that cannot be trusted."""


class SignatureMismatch(CallbackError):
    """The signature does not belong to the body."""


class ReplayedCallback(CallbackError):
    """The push is too old, or was received before."""


class DecryptionError(CallbackError):
    """The body cannot be decrypted, or was meant for another owner."""
