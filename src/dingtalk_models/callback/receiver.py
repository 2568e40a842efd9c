"""Receives pushes: verifies and decrypts them, runs the handlers once, makes the reply."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol, TypeVar

from pydantic import SkipValidation

from dingtalk_models.call.operation import operation
from dingtalk_models.callback.arrival import Arrival, topics
from dingtalk_models.callback.crypto import Crypto, DecryptedText
from dingtalk_models.callback.events.event import Event, check_documented, parsed
from dingtalk_models.callback.events.table import read_event
from dingtalk_models.callback.failures import APOLOGY, Failure, apologise
from dingtalk_models.callback.handlers import Decorator, Handler, check_handler
from dingtalk_models.callback.leases import Leases, Lock, Marks
from dingtalk_models.clocks import wall
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import (
    ConfigurationError,
    ReplayedCallback,
    SignatureMismatch,
)
from dingtalk_models.core.steps import Blocking, Flow, RunHandler
from dingtalk_models.resource.manager import Module

if TYPE_CHECKING:
    from dingtalk_models.callback.on import On

logger = logging.getLogger("dingtalk_models")

R = TypeVar("R")

PushParams = Mapping[str, str]
"""The parameters in the query string of a push."""

PushBody = bytes | str | Mapping[str, Any]
"""The body of a push: as it was received, or parsed."""

SUCCESS = "success"
_DONE = "done"
TOLERANCE = 300.0
REMEMBER = 86_400.0
LEASE = 8.0
"""Less than the 10 seconds after which the platform repeats a push without reply."""

_FIRST_MILLISECONDS = 100_000_000_000
"""From here on, a number is milliseconds: as seconds, this is the year 5138; as milliseconds, 1973."""


class CallbackApp(AppLike, Protocol):
    """An app, as the receiver sees it."""

    @property
    def marks(self) -> Marks: ...
    def session_key(self, what: str) -> str: ...


@dataclass(frozen=True, slots=True)
class ReceivedPush:
    """A push that was received.

    Attributes:
        event: the event in it.
        reply: the reply to send as JSON: the encrypted `success`.
        duplicate: whether the event was handled before, in an earlier push.
        text: the decrypted text.
    """

    event: Event
    reply: dict[str, str]
    duplicate: bool
    text: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """The outcome of running the handlers.

    Attributes:
        returned: what each handler returned.
        duplicate: whether it was handled before, so that no handler ran.
    """

    returned: Sequence[object] = ()
    duplicate: bool = False


class Claim(NamedTuple):
    """The exclusive right to handle an arrival: while its handlers run, no other process or delivery runs them.

    Attributes:
        lock: held while the handlers run.
        key: the key of the lock, and of the mark that replaces it.
        seconds: how long to remember that it was handled.
        once: whether a second use of the key is a replay, even after it was handled.
    """

    lock: Lock
    key: str
    seconds: float
    once: bool = False


class Receiver(Module):
    """Receives the pushes of one app.

    Attributes:
        tolerance: the seconds by which the time of a push may differ from this machine's.
        remember: the seconds for which an event that was handled is not handled again.
        lease: the seconds after which another process may handle what was being handled, if its process has died. It
            is renewed for as long as the handlers run.
        handlers: the handlers of each type of event.
        apology: what a person hears whose message was not handled, because a handler raised; `None` for nothing.
        error_handlers: the handlers of what handlers raise.
        leases: the claims on what is being handled.
    """

    def __init__(self, app: CallbackApp) -> None:
        super().__init__(app)
        self.tolerance = TOLERANCE
        self.remember = REMEMBER
        self.lease = LEASE
        self.marks = app.marks
        self.handlers: dict[str, list[Handler]] = {}
        self.apology: str | None = APOLOGY
        self.error_handlers: list[Callable[[Failure], Any]] = []
        self.leases = Leases(lambda: self.lease)
        self._key = app.session_key("")
        self._crypto: Crypto | None = None

    @property
    def crypto(self) -> Crypto:
        """Encrypts and decrypts this app's pushes.

        Raises:
            ConfigurationError: the app has no token, no aes_key, or neither an appkey nor a corp_id.
        """
        if self._crypto is None:
            if not self.app.token or not self.app.aes_key:
                raise ConfigurationError(
                    f"app {self.app.name!r} cannot receive pushes: set token and aes_key / "
                    "该应用无法接收推送：请设置 token 和 aes_key"
                )
            owners = [owner for owner in (self.app.appkey, self.app.corp_id) if owner]
            self._crypto = Crypto(self.app.token, self.app.aes_key, owners)
        return self._crypto

    @property
    def on(self) -> On:
        """Register a handler for types of event: `@app.callback.on(UserAddOrg, UserLeaveOrg)`.

        Several decorators on one handler do the same.

        `Event`, or `*`, stands for every type except `check_url`. A handler may be a coroutine function. The handlers
        of an event run in the order of their registration. If one raises, all of them run again when the event is
        pushed again. A handler has to take one argument.

        `@app.callback.on(topic="/v1.0/graph/api/invoke")` is for the callbacks of a topic in Stream mode. The handler's
        return value is the response. A topic that has a class, such as messages to the robot, has handlers of that
        class or of the topic, not both.

        Raises:
            ConfigurationError: the handler does not take one argument, a topic does not begin with a slash, or no event
                of this name is documented. For a name of your own, add `documented=False`.
        """
        return self._on

    def _on(self, *events: type[Arrival] | str, topic: str | None = None, documented: bool = True) -> Decorator[Any]:
        """Register a handler for types of event, or for a topic."""
        if bool(events) is (topic is not None):
            raise ConfigurationError(
                "name the types of event, or a topic: on(UserAddOrg), on(topic=…) / 请写明事件类型或 topic 二者之一"
            )
        if topic is not None:
            if not topic.startswith("/"):
                raise ConfigurationError(
                    f"{topic!r} is not the topic of a callback, which begins with a slash / "
                    "不是回调的 topic，应以斜杠开头"
                )
            return Decorator(self.handlers, [topic])
        names = [each if isinstance(each, str) else each.TYPE for each in events]
        classes = {each.TYPE for each in (*events, *topics.values()) if not isinstance(each, str)}
        for name in set(names) - classes if documented else ():
            check_documented(name)
        return Decorator(self.handlers, names)

    def on_error(self, handler: Callable[[Failure], R], /) -> Callable[[Failure], R]:
        """Register a handler for errors of handlers: `@app.callback.on_error`.

        It replaces the text in `apology`, and may send another: `failure.arrival.say("…")`. Such handlers are called at
        each failure, in the order of registration, and may be coroutine functions. The error is logged or raised all
        the same.
        """
        check_handler(handler)
        self.error_handlers.append(handler)
        return handler

    @operation
    def receive(
        self, query_params: Annotated[PushParams, SkipValidation], body: Annotated[PushBody, SkipValidation]
    ) -> Flow[ReceivedPush]:
        """Verify and decrypt a push, and pass its event to the handlers.

        An event that was handled is not handled again, even if it is pushed again. If a handler raises, this raises the
        same error, and the event is handled again at its next push.

        Args:
            query_params: the parameters of the query string.
            body: the body, unchanged.

        Returns:
            The event, and the reply to send as JSON.

        Raises:
            SignatureMismatch: it is not signed with the app's token.
            ReplayedCallback: it is too old, or was received before.
            DecryptionError: it is not encrypted with the app's key, or is meant for another app.
            CallbackError: it is not a push.
        """
        opened, signature = self._open(query_params, body)
        event = read_event(opened.text)
        once = self.once(f"{self._key}push:{signature}", 2 * self.tolerance)
        delivered = yield from self.deliver(event, once)
        return ReceivedPush(event, self.reply(opened.owner), delivered.duplicate, opened.text)

    @operation
    def answer(
        self,
        query_params: Annotated[Mapping[str, str], SkipValidation],
        headers: Annotated[Mapping[str, str], SkipValidation],
        body: Annotated[PushBody, SkipValidation],
    ) -> Flow[dict[str, Any]]:
        """Receive a POST request and return the answer. The views for web frameworks call this.

        Args:
            query_params: the parameters of the query string.
            headers: the headers of the request.
            body: the body, unchanged.

        Returns:
            The answer, to be sent as JSON.

        Raises:
            CallbackError: as `receive` says.
        """
        del headers
        return dict((yield from self.receive.call(query_params, body)).reply)

    @operation
    def handle(self, event: Annotated[Arrival, SkipValidation], *, by: str = "") -> Flow[bool]:
        """Pass an event to its handlers, for example one whose push failed, or that another process has handed over.

        Args:
            event: the event, or a message or a click.
            by: the name of the worker group. The process that received an event counts it as handled, so a worker that
                gets it from there uses its own name, such as `worker`; each name handles the event once.

        Returns:
            Whether it was handled before; then the handlers are not called.
        """
        delivered = yield from self.deliver(event, by=by)
        return delivered.duplicate

    def reply(self, owner: str | None = None) -> dict[str, str]:
        """The reply to a push: an encrypted and signed `success`."""
        now, nonce = str(int(wall() * 1000)), secrets.token_urlsafe(12)
        return self.crypto.seal(SUCCESS, timestamp=now, nonce=nonce, owner=owner)

    def _open(self, query_params: PushParams, body: PushBody) -> tuple[DecryptedText, str]:
        """Verify and decrypt a push. Returns its text and its signature."""
        signature = _text(query_params, "msg_signature", "signature")
        timestamp = _text(query_params, "timestamp", "timeStamp")
        encrypted = _text(parsed(body), "encrypt")
        self.crypto.verify(signature, timestamp, _text(query_params, "nonce"), encrypted)
        if abs(wall() - _seconds(timestamp)) > self.tolerance:
            raise ReplayedCallback("the push is too old, or this machine's clock is wrong")
        return self.crypto.open(encrypted), signature

    def once(self, key: str, seconds: float) -> Claim:
        """Make the claim on a push. It can be taken only once."""
        return Claim(self.marks.lock(key, self.lease), key, seconds, once=True)

    def _claim(self, key: str) -> Claim:
        """Make the claim on an arrival, the same for all its deliveries."""
        key = self._key + key
        return Claim(self.marks.lock(key, self.lease), key, self.remember)

    def deliver(self, arrival: Arrival, once: Claim | None = None, *, by: str = "") -> Flow[Delivered]:
        """Run the handlers of what arrived, once for all its deliveries.

        Args:
            arrival: the event, message or click.
            once: the claim on its push.
            by: who handles it, as in `handle`.
        """
        arrival.received_by(self.app)
        handlers = [handler for name in arrival.handled_as for handler in self.handlers.get(name, ())]
        claims = [once] if once else []
        if handlers and (key := arrival.key):
            claims.append(self._claim(f"{by}:{key}" if by else key))
        returned: list[object] = []
        end = _release
        if waits := self.marks.waits:
            self.leases.hold(claim.lock for claim in claims)
        try:
            if not (yield from self._noted(lambda: self._take(claims))):
                return Delivered(duplicate=True)
            try:
                for handler in handlers:
                    answer = yield RunHandler(handler, arrival)
                    returned.append(answer)
                end = _finish  # the handlers have succeeded, so a cancelled flow must not release the claims any more
                yield from self._noted(lambda: _finish(claims))
            except Exception as error:
                if end is _release:
                    yield from self._told(error, arrival)
                yield from self._noted(lambda: _release(claims))
                raise
        except Exception:
            raise
        except BaseException:
            self._end(lambda: end(claims))
            raise
        finally:
            if waits:
                self.leases.let_go(claim.lock for claim in claims)
        return Delivered(returned)

    def _noted(self, work: Callable[[], R]) -> Flow[R]:
        """Do some work with the marks, without a step if they are in memory and never block."""
        if not self.marks.waits:
            return work()
        return (yield from Blocking(work))

    def _end(self, work: Callable[[], None]) -> None:
        """Do some work with the marks after a cancellation, when a flow cannot yield another step."""
        if self.marks.waits:
            self.leases.later(work)
        else:
            work()

    def _take(self, claims: Sequence[Claim]) -> bool:
        """Take every claim. Returns False if the arrival was handled before.

        Raises:
            ReplayedCallback: its push was received before, or it is being handled right now.
        """
        for place, claim in enumerate(claims):
            if claim.lock.acquire():
                continue
            if not claim.once and self.marks.get(claim.key) == _DONE:
                _finish(claims[:place])
                return False
            _release(claims[:place])
            raise ReplayedCallback("the push was received before, or its event is being handled right now")
        return True

    def _told(self, error: Exception, arrival: Arrival) -> Flow[None]:
        """Call the error handlers, or apologise, after a handler has raised."""
        handlers = self.error_handlers or [self._apologise]
        key, first = f"{self._key}failed:{arrival.key}", True
        if arrival.key:
            first = yield from self._noted(lambda: self.marks.get(key) is None)
            yield from self._noted(lambda: self.marks.set(key, "failed", self.remember))
        failure = Failure(error, arrival, first)
        for handler in handlers:
            try:
                yield RunHandler(handler, failure)
            except Exception:
                logger.exception("a handler of errors has failed")

    def _apologise(self, failure: Failure) -> None:
        if self.apology:
            apologise(self.apology, failure)


def _finish(claims: Sequence[Claim]) -> None:
    """Mark the claims as handled."""
    for claim in claims:
        claim.lock.mark(_DONE, claim.seconds)


def _release(claims: Sequence[Claim]) -> None:
    """Release the claims, so that the next delivery is handled."""
    for claim in claims:
        claim.lock.release()


def _text(values: Mapping[str, Any], *names: str) -> str:
    """Return the first of these values that exists."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and value:
            return value
    raise SignatureMismatch(f"the push has no {names[0]}")


def _seconds(timestamp: str) -> float:
    if not re.fullmatch(r"[0-9]{1,16}", timestamp):
        raise ReplayedCallback("the push has no valid timestamp")
    number = int(timestamp)
    return number / 1000 if number >= _FIRST_MILLISECONDS else number
