"""The latest requests that were received, in bounded memory."""

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
"""How many calls are kept by default; see `Sandbox(calls_kept=…)`."""

LONGEST: Final = 1024 * 1024
"""The largest body in bytes that is kept. Of a longer one, only the size is kept."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""The largest total size of all calls in bytes. The oldest are dropped for new ones."""

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
    """Return the Chinese title of the API at a path; empty if it is not documented."""
    found = documented_at(path).get(method)
    if found:
        return found.title
    own = route(path)[0].get(method)
    lines = (own.handler.__doc__ or "").splitlines() if own else []
    return lines[0].partition(":")[0].rstrip(".") if lines else ""


@lru_cache(maxsize=4096)
def names_of(method: str, path: str) -> tuple[str, ...]:
    """Return the platform's names of the API at a path, the current one first; empty if none is documented."""
    found = documented_at(path).get(method)
    return found.names if found else ()


@dataclass(frozen=True, repr=False)
class Received:
    """A request, and the answer to it.

    Attributes:
        method: the verb.
        path: the path, without the query.
        query: the query parameters.
        headers: the headers, with lower-case names.
        content: the bytes of the body; empty if it was too long to be kept.
        size: the length of the body in bytes.
        status: the HTTP status of the answer; None if the connection was cut instead.
        code: the code of the answer (the sub code if the gateway wraps it), 0 for success;
            None if the connection was cut.
        at: when it arrived, in seconds since the epoch by the sandbox's clock.
        documented: whether the sandbox does not implement the API: it checked the request against the documentation,
            and answered with the documented sample.
        number: its number among all calls, from 1.
        seconds: how long the sandbox took to answer.
        caller: the owner of the token: the AppKey of the app, or the userid of a person; None without a valid token.
        reply: the bytes of the answer; empty if the connection was cut, or if it was too long to be kept.
        reply_size: the length of the answer in bytes.
        reply_type: the content type of the answer.
        mistake: the traceback, if the sandbox itself failed.
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
        """The body: a JSON object, a JSON array or a form, or else its text."""
        if self.size != len(self.content):
            return f"<{self.size} bytes>"
        return ReceivedRequest.read(self.method, self.path, self.query, self.headers, self.content).body

    @property
    def reply_body(self) -> dict[str, Any] | list[Any] | str | None:
        """The answer: a JSON object or array, or else its text; None if the connection was cut."""
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
        """The platform's names of the API, the current one first; empty if it is not documented."""
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
        """Leave out the headers, and mask tokens and secrets."""
        return f"<{self.method} {self.path} {masked(self.query)} {masked(self.body)} -> {self.status} {self.code}>"


def masked(value: Any) -> Any:
    """Return a copy with `***` instead of tokens and secrets."""
    # a `code` next to a message is an error code; any other is a login code
    known = _SECRETS if not is_object(value) or value.keys() & {"message", "errmsg"} else _SECRETS | {"code"}
    return _masked(value, known)


def _masked(value: Any, names: frozenset[str]) -> Any:
    if is_object(value):
        return {name: "***" if name in names else _masked(part, _SECRETS) for name, part in value.items()}
    return [_masked(part, _SECRETS) for part in value] if is_array(value) else value


class _Endpoint(Protocol):
    """The endpoint of a client operation."""

    @property
    def verb(self) -> str: ...
    @property
    def path(self) -> str: ...


class _Definition(Protocol):
    """The definition of a client operation. It has no endpoint if it makes several calls."""

    @property
    def endpoint(self) -> _Endpoint | None: ...


class ClientOperation(Protocol):
    """An operation of a client, such as `User.objects.get`."""

    @property
    def definition(self) -> _Definition: ...


class Calls(Sequence[Received]):  # noqa: PLW1641 -- it changes, so it has no hash, like a list
    """The latest calls, oldest first.

    The oldest are dropped when there are more than `kept`, or when they exceed 64 MB. So an index may later mean
    another call; use `since` to find the calls after one, by its number.

    Attributes:
        kept: the largest number of calls that are kept.
        total: the number of calls so far.
    """

    def __init__(self, kept: int = KEPT) -> None:
        if kept < 0:
            raise ValueError("calls_kept is the number of calls to keep: 0 or more")
        self.kept = kept
        self.total = 0
        self._calls: deque[Received] = deque()
        self._size = 0
        self._changing = threading.Lock()

    def add(self, call: ReceivedRequest, answer: Answer | None, at: float, seconds: float) -> None:
        """Keep a call, and drop the oldest if necessary.

        Args:
            call: the request.
            answer: the answer; None if the connection is cut instead.
            at: the time of arrival.
            seconds: how long the sandbox took to answer.
        """
        replied = answer.content if answer else b""
        with self._changing:  # a test's thread may read or clear the calls at the same time
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
                documented=answer is not None and answer.headers.get("x-sandbox") in {"documented", "sdk"},
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
        """Return the calls after the one with this number, as far as they are still kept."""
        with self._changing:
            later = max(self.total - number, 0)
            return list(islice(reversed(self._calls), later))[::-1]

    def to(self, api: str | ClientOperation) -> list[Received]:
        """Return the calls of one API, oldest first.

        Args:
            api: one of the platform's names for it, as in `run()`; or the operation itself, such as
                `User.objects.get`; or a path, in which `{id}` stands for any id, with or without a verb before it.

        Raises:
            ValueError: no API has this name, or the operation calls several APIs.
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
        """Drop the calls. Later ones continue the numbering."""
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
        return iter(tuple(self._calls))  # a copy, because more may arrive meanwhile

    def __eq__(self, other: object) -> bool:
        return list(self) == (list(other) if isinstance(other, Calls) else other)

    def __repr__(self) -> str:
        return repr(list(self._calls))


def _place(api: str | ClientOperation) -> tuple[str, str]:
    """Return the verb of an API and its path, with `{id}` for ids. The verb is empty for a path without one."""
    if isinstance(api, str) and "/" in api:
        verb, _, path = api.rpartition(" ")
        return verb, path
    endpoint = named(api) if isinstance(api, str) else api.definition.endpoint
    if endpoint is None:
        raise ValueError(f"{api} calls several APIs: name one of them")
    return endpoint.verb, endpoint.path


def _kept(content: bytes) -> bytes:
    """Return the part of a body that is kept: all of it, or nothing if it is too long."""
    return content if len(content) <= LONGEST else b""


def _weight(call: Received) -> int:
    """Estimate the bytes that a call takes."""
    texts = (*call.query.values(), *call.headers.values())
    return len(call.path) + sum(map(len, texts)) + len(call.content) + len(call.reply)
