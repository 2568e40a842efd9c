"""The requests that were received: the latest, in bounded memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Protocol, overload

from dingtalk_models.sandbox.platform.documented import at as documented_at
from dingtalk_models.sandbox.platform.documented import named
from dingtalk_models.sandbox.server.endpoints import pattern_of, route
from dingtalk_models.sandbox.server.envelopes import Answer, ReceivedRequest
from dingtalk_models.sandbox.server.json_values import is_array, is_object, read_json

KEPT: Final = 10_000
"""How many calls are kept unless `Sandbox(calls_kept=…)` says otherwise."""

LONGEST: Final = 1024 * 1024
"""How many bytes a body may have to be kept with its call; of a longer one only the size is kept."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""How many bytes all calls may have together; the oldest leave for new ones."""

_SECRETS: Final = frozenset(
    {
        "access_token",
        "accessToken",
        "access_key",
        "aes_key",
        "appsecret",
        "appSecret",
        "authorization",
        "clientSecret",
        "client_secret",
        "corpsecret",
        "init_password",
        "jsapiTicket",
        "refreshToken",
        "refresh_token",
        "ssoSecret",
        "session",
        "ticket",
        "token",
        "tmp_auth_code",
        "x-acs-dingtalk-access-token",
    }
)


@lru_cache(maxsize=4096)
def title_of(method: str, path: str) -> str:
    """The Chinese title of the API at a path; empty if it is not documented."""
    found = documented_at(path).get(method)
    if found:
        return found.title
    own = route(path)[0].get(method)
    lines = (own.handler.__doc__ or "").splitlines() if own else []
    return lines[0].partition(":")[0].rstrip(".") if lines else ""


@lru_cache(maxsize=4096)
def names_of(method: str, path: str) -> tuple[str, ...]:
    """The platform's names of the API at a path, the current one first; empty if none is documented."""
    found = documented_at(path).get(method)
    return found.names if found else ()


@dataclass(frozen=True, repr=False)
class Received:
    """A request that arrived, and what it was answered.

    Attributes:
        method: the verb.
        path: the path, without the query.
        query: the query parameters.
        headers: the headers, with lower-case names.
        content: the bytes of the body; empty if they were too many to be kept.
        size: how many bytes the body had.
        status: the HTTP status answered; None if the connection was cut instead.
        code: the code answered (the sub code where the gateway wraps it), 0 if nothing went wrong;
            None if the connection was cut.
        at: when it arrived, in seconds since the epoch by the sandbox's clock.
        documented: whether the sandbox only knows the documentation of the API: it checked the request as documented,
            and answered with the documented sample.
        number: how many calls there were up to this one.
        seconds: how long the answer took to make.
        caller: whose token it had: the AppKey of the app, or the userid of a person; None: it had no valid one.
        reply: the bytes of the answer; empty if the connection was cut, or if they were too many to be kept.
        reply_size: how many bytes the answer had.
        reply_type: the content type of the answer.
        mistake: where the sandbox itself failed: the traceback; None: it did not.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content: bytes
    size: int
    status: int | None
    code: int | str | None
    at: float
    documented: bool = False
    number: int = 0
    seconds: float = 0.0
    caller: str | None = None
    reply: bytes = b""
    reply_size: int = 0
    reply_type: str = ""
    mistake: str | None = None

    @property
    def body(self) -> dict[str, Any] | list[Any] | str:
        """The body: the JSON object, JSON array or form; the text of a body that is none of them."""
        if self.size != len(self.content):
            return f"<{self.size} bytes>"
        return ReceivedRequest.read(self.method, self.path, self.query, self.headers, self.content).body

    @property
    def reply_body(self) -> dict[str, Any] | list[Any] | str | None:
        """The answer: the JSON object or array, or a text; None if the connection was cut."""
        if self.status is None:
            return None
        if self.reply_size != len(self.reply):
            return f"<{self.reply_size} bytes>"
        try:
            read: object = read_json(self.reply)
        except ValueError:
            read = None
        if is_object(read) or is_array(read):
            return read
        try:
            return self.reply.decode()
        except UnicodeDecodeError:
            return f"<{self.reply_size} bytes>"

    @property
    def names(self) -> tuple[str, ...]:
        """The platform's names of the API, the current one first; empty if none is documented here."""
        return names_of(self.method, self.path)

    @property
    def name(self) -> str | None:
        """The platform's current name of the API, as `run()` takes it."""
        return next(iter(self.names), None)

    @property
    def title(self) -> str:
        """The Chinese title of the API; empty if it is not documented."""
        return title_of(self.method, self.path)

    def __repr__(self) -> str:
        """Without the headers; tokens and secrets masked."""
        return f"<{self.method} {self.path} {masked(self.query)} {masked(self.body)} -> {self.status} {self.code}>"


def masked(value: Any) -> Any:
    """The same, with `***` in the place of each token and secret."""
    # a code that comes with a text is an error's; the others are those that people log in with
    known = _SECRETS if not is_object(value) or value.keys() & {"message", "errmsg"} else _SECRETS | {"code"}
    return _masked(value, known)


def _masked(value: Any, names: frozenset[str]) -> Any:
    if is_object(value):
        return {name: "***" if name in names else _masked(part, _SECRETS) for name, part in value.items()}
    return [_masked(part, _SECRETS) for part in value] if is_array(value) else value


class _Endpoint(Protocol):
    """The endpoint of an operation."""

    @property
    def verb(self) -> str: ...
    @property
    def path(self) -> str: ...


class _Definition(Protocol):
    """The definition of an operation; one that makes several calls has no endpoint."""

    @property
    def endpoint(self) -> _Endpoint | None: ...


class ClientOperation(Protocol):
    """An operation of a client, such as `User.objects.get`."""

    @property
    def definition(self) -> _Definition: ...


class Calls(Sequence[Received]):  # noqa: PLW1641 -- it changes, so it has no hash, as a list has none
    """The latest calls, oldest first.

    The oldest leave when there are more than `kept`, or when all together have more than 64 MB. So an index is no
    place to remember: `since` finds what came after a call, by its number.

    Attributes:
        kept: how many calls are kept.
        total: how many calls there were.
    """

    def __init__(self, kept: int = KEPT) -> None:
        if kept < 0:
            raise ValueError("calls_kept is how many calls are kept: 0 or more")
        self.kept = kept
        self.total = 0
        self._calls: deque[Received] = deque()
        self._size = 0
        self._changing = threading.Lock()

    def add(self, call: ReceivedRequest, answer: Answer | None, at: float, seconds: float) -> None:
        """Keep a call, and let the oldest go for it.

        Args:
            call: the request.
            answer: the answer; None: the connection is cut instead.
            at: when it came.
            seconds: how long the answer took.
        """
        replied = answer.content if answer else b""
        with self._changing:  # a test may look at the calls, or forget them, meanwhile
            self.total += 1
            received = Received(
                call.method,
                call.path,
                call.query,
                call.headers,
                _kept(call.content),
                len(call.content),
                answer.status if answer else None,
                answer.code if answer else None,
                at,
                documented=answer is not None and answer.headers.get("x-sandbox") == "documented",
                number=self.total,
                seconds=seconds,
                caller=answer.caller if answer else None,
                reply=_kept(replied),
                reply_size=len(replied),
                reply_type=answer.headers.get("content-type", "") if answer else "",
                mistake=answer.mistake if answer else None,
            )
            self._calls.append(received)
            self._size += _weight(received)
            while self._calls and (len(self._calls) > self.kept or self._size > MOST_BYTES):
                self._size -= _weight(self._calls.popleft())

    def since(self, number: int) -> list[Received]:
        """The calls after the one of this number, as far as they are still kept."""
        with self._changing:
            later = max(self.total - number, 0)
            return list(islice(reversed(self._calls), later))[::-1]

    def to(self, api: str | ClientOperation) -> list[Received]:
        """The calls of one API, oldest first.

        Args:
            api: one of the platform's names for it, as `run()` takes them; the operation itself, such as
                `User.objects.get`; or a path, in which `{id}` stands for any id. A verb may be in front of the path.

        Raises:
            ValueError: no API has this name, or the operation is no single API.
        """
        verb, path = _place(api)
        pattern = pattern_of(path)
        return [call for call in self if verb in {"", call.method} and pattern.fullmatch(call.path)]

    @property
    def last(self) -> Received:
        """The latest call.

        Raises:
            LookupError: there is none.
        """
        if not self._calls:
            raise LookupError("the sandbox has received no call")
        return self._calls[-1]

    def clear(self) -> None:
        """Forget the calls; the numbers go on."""
        with self._changing:
            self._calls.clear()
            self._size = 0

    @overload
    def __getitem__(self, index: int) -> Received: ...
    @overload
    def __getitem__(self, index: slice) -> list[Received]: ...
    def __getitem__(self, index: int | slice) -> Received | list[Received]:
        return self._calls[index] if isinstance(index, int) else list(self._calls)[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Received]:
        return iter(tuple(self._calls))  # more may arrive while a test looks at them

    def __eq__(self, other: object) -> bool:
        return list(self) == (list(other) if isinstance(other, Calls) else other)

    def __repr__(self) -> str:
        return repr(list(self._calls))


def _place(api: str | ClientOperation) -> tuple[str, str]:
    """The verb of an API and its path, with `{id}` for ids. A path that comes without a verb is one of any verb."""
    if isinstance(api, str) and "/" in api:
        verb, _, path = api.rpartition(" ")
        return verb, path
    endpoint = named(api) if isinstance(api, str) else api.definition.endpoint
    if endpoint is None:
        raise ValueError(f"{api} is no single API: name those that it calls")
    return endpoint.verb, endpoint.path


def _kept(content: bytes) -> bytes:
    """What is kept of a body: all of it, or nothing if it is too long."""
    return content if len(content) <= LONGEST else b""


def _weight(call: Received) -> int:
    """About how many bytes a call takes."""
    texts = (*call.query.values(), *call.headers.values())
    return len(call.path) + sum(map(len, texts)) + len(call.content) + len(call.reply)
