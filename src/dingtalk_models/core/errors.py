"""Every error this package raises, by cause.

DingTalkError
├── ConfigurationError (ValueError)    the app is set up wrongly: no app chosen, a credential missing
│   └── UnknownMethod (LookupError)    `run()` does not know the name
│       └── RetiredMethod              the platform has retired it; `.instead`
├── InvalidArgument (ValueError)       refused before anything was sent; `.problems` names each field
├── TransportError (OSError)           no usable reply: connection, timeout, not JSON, wrong shape
│   └── SessionStoreError              the session store did not answer
├── UnusableFile (ValueError)          a file is damaged, of another kind, or got shorter while it was sent
├── PartlyRead                         a page of data that can be read only once failed; `.read` has the others
├── PartlySent                         a message needs several calls, and one failed; `.sent` has the others
├── StillSending (TimeoutError)        a message was not delivered to everyone within the timeout
├── ApiError                           the platform refused
│   ├── AuthenticationError            a credential or token is wrong
│   │   └── LoginRequired              a person has to log in, or to log in again
│   ├── PermissionDenied (PermissionError)   `.scopes`, `.apply_url`
│   ├── NobodyReached                  a message was taken, and reached nobody; `.not_reached`, `.sent`
│   │   └── NobodyFound (NotFound)     because its receivers do not exist
│   ├── NotFound (LookupError)
│   ├── AlreadyExists
│   ├── InvalidRequest (ValueError)
│   ├── RateLimited                    `.retry_after`: wait, then send again
│   ├── QuotaExhausted                 the month's calls, or a user's messages of the day, are used up
│   └── PlatformBusy                   a fault of the platform: it may work later
└── CallbackError                      a push that cannot be trusted
    ├── SignatureMismatch
    ├── ReplayedCallback
    └── DecryptionError
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dingtalk_models.core.http import Request


class DingTalkError(Exception):
    """The base of every error raised by this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        # by default, an exception is unpickled from its args only; these errors need more arguments than that
        return _rebuilt, (type(self), self.args, vars(self))


def _rebuilt(kind: type[DingTalkError], args: tuple[Any, ...], state: dict[str, Any]) -> DingTalkError:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(state)
    return error


class ConfigurationError(DingTalkError, ValueError):
    """The app is set up wrongly: no app chosen, a credential missing or malformed."""


class UnknownMethod(ConfigurationError, LookupError):
    """`run()` does not know the name.

    Attributes:
        name: the unknown name.
        nearest: known names that are similar, best first.
    """

    def __init__(self, name: str, nearest: Sequence[str] = ()) -> None:
        self.name = name
        self.nearest = tuple(nearest)
        names = ", ".join(map(repr, nearest))
        english, chinese = (f" Did you mean {names}?", f"是否想用 {names}？") if nearest else ("", "")
        super().__init__(
            f"there is no method {name!r}.{english} `app.methods` lists every name. / "
            f"没有这个方法。{chinese}全部名称见 `app.methods`。"
        )


class RetiredMethod(UnknownMethod):
    """The platform has retired the API of the name that `run()` was given.

    Attributes:
        instead: its replacement: a name that `run()` knows, or a path; `None` if there is none.
    """

    def __init__(self, name: str, instead: str | None = None) -> None:
        super().__init__(name)
        self.instead = instead
        rest = f": use {instead} instead. / 平台已下线该接口，请改用 {instead}。"
        alone = ", without a replacement. / 平台已下线该接口，没有替代接口。"
        self.args = (f"the platform has retired {name!r}{rest if instead else alone}",)


class UndocumentedMethod(UnknownMethod):
    """The platform has a method of the name that `run()` was given, but does not document it.

    Attributes:
        known_from: `archived` if its page is no longer shown, `sdk` if only the official SDK has it; else empty.
        endpoint: its verb and path, for `app.request`; empty if nobody knows them.
    """

    def __init__(self, name: str, known_from: str = "", endpoint: str = "") -> None:
        super().__init__(name)
        self.known_from, self.endpoint = known_from, endpoint
        english, chinese = _WHY_UNDOCUMENTED.get(known_from, ("", ""))
        verb, _, path = endpoint.partition(" ")
        call = f"app.request({verb!r}, {path!r}, …)"
        how = (
            f"You can call it with {call}. / 平台没有公开该接口的文档{chinese}。可用 {call} 调用。"
            if endpoint
            else "If you know its path and its arguments, call it with app.request(verb, path, …). / "
            "平台没有公开该接口的文档。如已知其路径和参数，可用 app.request 调用。"
        )
        self.args = (f"the platform does not document {name!r}{english}. {how}",)


_WHY_UNDOCUMENTED = {
    "archived": (" any more: its page is archived", "（原文档已归档）"),
    "sdk": (": only the official SDK has it", "（只有官方 SDK 提供）"),
}
"""By where it is known from: what an error says of it, in English and Chinese."""


class Problem(NamedTuple):
    """A refused argument.

    Attributes:
        field: its path, such as `dept_order_list.0.order`.
        message: what is wrong, in English and Chinese.
        label: what the platform calls it, in Chinese, such as `部门名称`; empty where the documentation does not say.
    """

    field: str
    message: str
    label: str = ""

    def __str__(self) -> str:
        return f"{self.field} ({self.label}): {self.message}" if self.label else f"{self.field}: {self.message}"


class InvalidArgument(DingTalkError, ValueError):
    """Arguments were refused before anything was sent.

    Attributes:
        problems: every wrong field, and what is wrong with it. Values are left out: they may be secret.
    """

    def __init__(self, operation: str, problems: Sequence[Problem]) -> None:
        self.operation = operation
        self.problems = tuple(problems)
        super().__init__(f"{operation}: " + "; ".join(map(str, self.problems)))


class FieldMissing(DingTalkError, AttributeError):
    """A field was read that the object does not have: the reply left it out, or what it had could not be read.

    It is an `AttributeError` too, so `hasattr(event, "id")` tells whether a field is there.

    Attributes:
        field: the field, such as `Event.id`.
    """

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        super().__init__(f"{field}: {why}", name=field.rpartition(".")[2])


class TransportError(DingTalkError, OSError):
    """No usable reply: no connection, a timeout, or a body that is not JSON, is cut short or has the wrong shape.

    Attributes:
        sent: whether the platform may have received the request, and so may have acted on it.
        status: the HTTP status, if there was a response.
        retry_after: the seconds that the response asks to wait, if it does.
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
    """The file at `path` is damaged, not of the expected kind, or got shorter while it was sent."""

    def __init__(self, path: object, what: str) -> None:
        self.path = path
        super().__init__(f"{path} {what}")


class PartlySent(DingTalkError):
    """A message to many users is sent in several calls, and one of them failed. `__cause__` says why.

    Attributes:
        sent: the part that was sent. Its progress can be read, and it can be recalled.
        failed: the receivers of the call that failed. If its reply was lost, they may have the message.
        unsent: the receivers of the calls that were not made.
    """

    def __init__(self, sent: Any, failed: Sequence[str | int], unsent: Sequence[str | int]) -> None:
        self.sent = sent
        self.failed = tuple(failed)
        self.unsent = tuple(unsent)
        super().__init__(f"only a part of the message was sent: see .sent; {len(unsent)} receivers were not tried")


class PartlyRead(DingTalkError):
    """The data can be read only once, page by page, and a page could not be read or kept. `__cause__` says why.

    Attributes:
        read: what was read before. The platform does not send it again.
    """

    def __init__(self, read: Sequence[Any]) -> None:
        self.read = tuple(read)
        super().__init__(f"reading failed halfway: .read has what was read ({len(self.read)}), which is not sent again")


class StillSending(DingTalkError, TimeoutError):
    """A message was not delivered to everyone within the timeout. Delivery goes on."""


class ApiError(DingTalkError):
    """The platform refused the call.

    Attributes:
        code: a number on the older host, a word such as `invalidParameter` on the newer.
        sub_code: the code of the gateway's refusal, if `code` is 88.
        message: the platform's message.
        request_id: the id of the request, which the platform's support asks for.
        status: the HTTP status.
        request: what was sent, with secrets masked when printed.
        hint: what to do about it, if the platform's message is misleading.
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
        """The code of the cause: the sub code if there is one, else the code."""
        return self.sub_code or str(self.code)

    def __str__(self) -> str:
        where = f"{self.request.verb} {self.request.path}: " if self.request else ""
        code = f"{self.code}/{self.sub_code}" if self.sub_code else str(self.code)
        request_id = f" (request id {self.request_id})" if self.request_id else ""
        return f"{where}[{code}] {self.message}{request_id}" + (f"\n{self.hint}" if self.hint else "")


class AuthenticationError(ApiError):
    """A credential or a token is wrong.

    Attributes:
        token_rejected: whether it is the access token. The app then renews it and sends the call again.
    """

    @property
    def token_rejected(self) -> bool:
        return self.cause in REJECTED_TOKEN


class LoginRequired(AuthenticationError):
    """A person has to log in, or to log in again: lead them to `app.auth.authorize_url(…)`.

    Their code was used before or is too old, their refresh token has expired, or nothing is kept of them.
    """

    @classmethod
    def of(cls, refusal: ApiError) -> LoginRequired:
        """The error for a refusal that a new login helps."""
        return cls(
            refusal.code,
            refusal.message,
            sub_code=refusal.sub_code,
            request_id=refusal.request_id,
            status=refusal.status,
            request=refusal.request,
            hint="The person has to log in again: see app.auth.authorize_url. / 请让用户重新登录授权。",
        )


REJECTED_TOKEN = frozenset(
    {"40000", "40001", "40014", "41001", "42001", "33001", "InvalidAuthentication", "invalidToken",
     "accesstoken.expired", "401"}
)  # fmt: skip
"""Codes for an access token that is wrong or has expired. 401 is the HTTP status of a refusal without a code."""


class PermissionDenied(ApiError, PermissionError):
    """The app may not do this.

    Attributes:
        scopes: the permission scopes that are missing, as the platform names them.
        apply_url: the page where an administrator grants them.
    """

    scopes: tuple[str, ...] = ()
    apply_url: str | None = None


class NotFound(ApiError, LookupError):
    """The requested object does not exist."""


_NAMED = 10


class NobodyReached(ApiError):
    """The platform took a message, and nobody got it.

    Attributes:
        code: the field of the reply that says so.
        not_reached: the receivers, and why each was not reached.
        sent: the result that the operation would have returned: it has what else came with the reply.
    """

    def __init__(self, code: str, not_reached: Mapping[str, str], sent: Any, hint: str | None = None) -> None:
        self.not_reached = dict(not_reached)
        self.sent = sent
        whom = [f"{name} ({why})" for name, why in self.not_reached.items()][:_NAMED]
        more = f", {len(self.not_reached) - _NAMED} more" if len(self.not_reached) > _NAMED else ""
        super().__init__(code, f"nobody got it / 没有人收到: {', '.join(whom)}{more}", hint=hint)


class NobodyFound(NobodyReached, NotFound):
    """The platform took a message, and nobody got it: its receivers do not exist."""


class AlreadyExists(ApiError):
    """Something with this id or name exists already."""


class InvalidRequest(ApiError, ValueError):
    """The platform refused the parameters."""


class RateLimited(ApiError):
    """Too many calls: wait, then send again.

    Attributes:
        retry_after: the seconds that the platform asks to wait; if it does not say, the second that is usual.
    """

    retry_after: float = 1.0


class QuotaExhausted(ApiError):
    """The month's calls are used up, or a user's messages of the day. Sending again does not help."""


class PlatformBusy(ApiError):
    """A fault of the platform: it may work later.

    Attributes:
        retry_after: the seconds that the platform asks to wait, if it does.
    """

    retry_after: float | None = None


class CallbackError(DingTalkError):
    """A push that cannot be trusted."""


class SignatureMismatch(CallbackError):
    """The signature does not match the body."""


class ReplayedCallback(CallbackError):
    """The push is too old, or was received before."""


class DecryptionError(CallbackError):
    """The body cannot be decrypted, or was meant for another owner."""


def may_have_acted(error: BaseException) -> bool:
    """Whether the platform may have acted on a call that ended so, for example because it was cancelled."""
    match error:
        case TransportError():
            return error.sent
        case PlatformBusy():
            return True
        case _:
            return not isinstance(error, DingTalkError)
