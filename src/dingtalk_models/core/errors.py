"""Every error this package raises, by cause.

DingTalkError
├── ConfigurationError (ValueError)    the app is set up wrongly: no app chosen, a credential missing
│   └── UnknownMethod (LookupError)    `run()` was given a name that nothing answers to
│       └── RetiredMethod              the platform has retired it; `.instead`
├── InvalidArgument (ValueError)       refused before anything was sent; `.problems` names each field
├── TransportError (OSError)           no usable answer: connection, timeout, not JSON, wrong shape
│   └── SessionStoreError              the session store did not answer
├── UnusableFile (ValueError)          a saved directory is damaged, or is another kind of file
├── PartlyRead                         some of what is told only once was read before a call failed; `.read`
├── PartlySent                         some of several calls were made before one failed; `.sent`
├── StillSending (TimeoutError)        not delivered to everyone in the time that was given
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
from typing import Any, NamedTuple

from dingtalk_models.core.http import Request


class DingTalkError(Exception):
    """The base of every error raised by this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        # by itself, an exception is rebuilt from its message alone: an error could not leave a worker process
        return _rebuilt, (type(self), self.args, vars(self))


def _rebuilt(kind: type[DingTalkError], args: tuple[Any, ...], state: dict[str, Any]) -> DingTalkError:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(state)
    return error


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


class RetiredMethod(UnknownMethod):
    """`run()` was given a name that the platform once had, and has retired.

    Attributes:
        instead: what took its place: a name that `run()` knows, or words; `None` where nothing did.
    """

    def __init__(self, name: str, instead: str | None = None) -> None:
        super().__init__(name)
        self.instead = instead
        rest = f": use {instead} instead." if instead else ", and names nothing in its place."
        self.args = (f"the platform has retired {name!r}{rest}",)


class Problem(NamedTuple):
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
        retry_after: the seconds that the answer asks to wait, where it does.
    """

    retry_after: float | None = None

    def __init__(self, message: str, *, sent: bool = True, status: int | None = None) -> None:
        self.sent = sent
        self.status = status
        super().__init__(message)


class SessionStoreError(TransportError):
    """The session store did not answer; `store` names it (without its password)."""

    def __init__(self, store: str, message: str) -> None:
        self.store = store
        super().__init__(f"session store {store}: {message}", sent=False)


class UnusableFile(DingTalkError, ValueError):
    """A file is damaged, or is not of the kind that was expected; `path` names it."""

    def __init__(self, path: object, what: str) -> None:
        self.path = path
        super().__init__(f"{path} {what}")


class PartlySent(DingTalkError):
    """A message to many goes out in several calls, and one failed after others had been made; `__cause__` says why.

    Attributes:
        sent: the message, as far as it went: it can be followed and recalled.
        failed: the receivers of the call that failed; where its answer was lost, they may have the message.
        unsent: the receivers of the calls that were not made.
    """

    def __init__(self, sent: Any, failed: Sequence[str | int], unsent: Sequence[str | int]) -> None:
        self.sent = sent
        self.failed = tuple(failed)
        self.unsent = tuple(unsent)
        super().__init__(f"the message went out only in part: see .sent; {len(unsent)} receivers were not tried")


class PartlyRead(DingTalkError):
    """Something is told only once and in several pages, and one could not be read or kept; `__cause__` says why.

    Attributes:
        read: what was read before, which the platform will not tell again.
    """

    def __init__(self, read: Sequence[Any]) -> None:
        self.read = tuple(read)
        super().__init__(f"reading broke off: .read holds the {len(self.read)} that were read, and are not told again")


class StillSending(DingTalkError, TimeoutError):
    """A message was not delivered to everyone in the time that was given; it goes on being delivered."""


class ApiError(DingTalkError):
    """The platform said no.

    Attributes:
        code: its code: a number on the older host, a word such as `invalidParameter` on the newer.
        sub_code: the code of the gateway's own refusal, where `code` is only 88.
        message: its own words.
        request_id: what the platform's support asks for.
        status: the HTTP status.
        request: what was sent, with secrets masked when printed.
        hint: what to do about it, where the platform's words mislead.
    """

    def __init__(
        self,
        code: int | str,
        message: str = "",
        *,
        sub_code: str | None = None,
        request_id: str | None = None,
        status: int = 200,
        request: Request | None = None,
        hint: str | None = None,
    ) -> None:
        self.code = code
        self.sub_code = sub_code
        self.message = message
        self.request_id = request_id
        self.status = status
        self.request = request
        self.hint = hint
        super().__init__(code, message)

    @property
    def cause(self) -> str:
        """The code that tells the cause: the sub code where there is one."""
        return self.sub_code or str(self.code)

    def __str__(self) -> str:
        where = f"{self.request.verb} {self.request.path}: " if self.request else ""
        code = f"{self.code}/{self.sub_code}" if self.sub_code else str(self.code)
        request_id = f" (request id {self.request_id})" if self.request_id else ""
        return f"{where}[{code}] {self.message}{request_id}" + (f"\n{self.hint}" if self.hint else "")


class AuthenticationError(ApiError):
    """A credential or a token is wrong.

    Attributes:
        token_rejected: whether it is the access token, which the app then renews by itself.
    """

    @property
    def token_rejected(self) -> bool:
        return self.cause in REJECTED_TOKEN


REJECTED_TOKEN = frozenset({"40000", "40001", "40014", "41001", "42001", "33001", "InvalidAuthentication"})
"""Codes that say: this access token is not, or no longer, good."""


class PermissionDenied(ApiError, PermissionError):
    """The app may not do this.

    Attributes:
        scopes: the permission scopes that are missing, as the platform names them.
        apply_url: the page where an administrator grants them.
    """

    scopes: tuple[str, ...] = ()
    apply_url: str | None = None


class NotFound(ApiError, LookupError):
    """What was asked for does not exist."""


class AlreadyExists(ApiError):
    """Something with this identity exists already."""


class InvalidRequest(ApiError, ValueError):
    """The platform refused the parameters."""


class RateLimited(ApiError):
    """Too many calls: wait, then send again.

    Attributes:
        retry_after: the seconds that the platform asks to wait.
    """

    retry_after: float = 1.0


class QuotaExhausted(ApiError):
    """The month's calls are used up; sending again cannot help."""


class PlatformBusy(ApiError):
    """The platform's own trouble: later it may work.

    Attributes:
        retry_after: the seconds that the platform asks to wait, where it does.
    """

    retry_after: float | None = None


class CallbackError(DingTalkError):
    """A push that cannot be trusted."""


class SignatureMismatch(CallbackError):
    """The signature does not belong to the body."""


class ReplayedCallback(CallbackError):
    """The push is too old, or was received before."""


class DecryptionError(CallbackError):
    """The body cannot be decrypted, or was meant for another owner."""
