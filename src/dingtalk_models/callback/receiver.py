"""Receiving pushes: they are verified, decrypted, handled once and answered."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from dingtalk_models.callback.crypto import Crypto, Opened
from dingtalk_models.callback.event import EVERY_TYPE, Event
from dingtalk_models.callback.events import CheckUrl, read_event
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import (
    CallbackError,
    ConfigurationError,
    ReplayedCallback,
    SignatureMismatch,
)
from dingtalk_models.core.json_values import is_object
from dingtalk_models.core.steps import Blocking, Flow, Handle
from dingtalk_models.sessions import Session, open_session
from dingtalk_models.sessions.lock import SessionLock

T = TypeVar("T")

Query = Mapping[str, str]
"""The query string of a push."""

Body = bytes | str | Mapping[str, Any]
"""The body of a push: as it was received, or parsed."""

Handler = Callable[[Any], Any]

SUCCESS = "success"
WINDOW = 300.0
REMEMBER = 86_400.0
LEASE = 60.0

_DONE = "done"
_FIRST_MILLISECONDS = 100_000_000_000
"""Read as seconds, this is the year 5138; as milliseconds, 1973."""


class CallbackApp(AppLike, Protocol):
    """An app, as the receiver sees it."""

    @property
    def session(self) -> Session: ...
    def session_key(self, what: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Push:
    """A push that was received.

    Attributes:
        event: the event in it.
        reply: what to answer, as JSON: the encrypted `success`.
        duplicate: whether the event was handled before, in an earlier push.
        text: the decrypted text.
    """

    event: Event
    reply: dict[str, str]
    duplicate: bool
    text: str


class Receiver:
    """Receives the pushes of one app.

    Attributes:
        window: the seconds by which the time of a push may differ from this machine's.
        remember: the seconds for which an event that was handled is not handled again.
        lease: the seconds that a handler has; after them, its event may be handled again.
        session: where it is noted what was received and handled, so that all processes know: the app's session store,
            or this process's memory if that store has no `add`.
    """

    def __init__(self, app: CallbackApp) -> None:
        self.app = app
        self.window = WINDOW
        self.remember = REMEMBER
        self.lease = LEASE
        self.session = app.session if app.session.has_add else open_session()
        self.handlers: dict[str, list[Handler]] = {}
        self._crypto: Crypto | None = None

    @property
    def crypto(self) -> Crypto:
        """The encryption of this app's pushes.

        Raises:
            ConfigurationError: the app has no token, no aes_key, or neither an appkey nor a corp_id.
        """
        if self._crypto is None:
            if not self.app.token or not self.app.aes_key:
                raise ConfigurationError(f"app {self.app.name!r} cannot receive pushes: give it token and aes_key")
            owners = [owner for owner in (self.app.appkey, self.app.corp_id) if owner]
            self._crypto = Crypto(self.app.token, self.app.aes_key, owners)
        return self._crypto

    def on(self, event: type[Event] | str, /) -> Callable[[Handler], Handler]:
        """Let a function handle a type of event."""
        name = event if isinstance(event, str) else event.TYPE

        def add(handler: Handler) -> Handler:
            self.handlers.setdefault(name, []).append(handler)
            return handler

        return add

    def receive(self, query: Query, body: Body) -> Flow[Push]:
        """Verify, decrypt and handle a push."""
        opened, signature = self._open(query, body)
        event = read_event(_object(opened.text))
        duplicate = yield from self._once(f"push:{signature}", 2 * self.window, self.handle(event))
        return Push(event, self.reply(opened.owner), duplicate, opened.text)

    def reply(self, owner: str | None = None) -> dict[str, str]:
        """The encrypted `success`."""
        now, nonce = str(int(time.time() * 1000)), secrets.token_urlsafe(12)
        return self.crypto.seal(SUCCESS, timestamp=now, nonce=nonce, owner=owner)

    def _open(self, query: Query, body: Body) -> tuple[Opened, str]:
        """Verify and decrypt a push; its text and its signature."""
        signature = _text(query, "msg_signature", "signature")
        timestamp = _text(query, "timestamp", "timeStamp")
        encrypted = _text(_object(body), "encrypt")
        self.crypto.verify(signature, timestamp, _text(query, "nonce"), encrypted)
        if abs(time.time() - _seconds(timestamp)) > self.window:
            raise ReplayedCallback("the push is too old, or this machine's clock is wrong")
        return self.crypto.open(encrypted), signature

    def handle(self, event: Event) -> Flow[bool]:
        """Run the handlers of an event; whether it was handled before."""
        wanted = (event.type,) if isinstance(event, CheckUrl) else (event.type, EVERY_TYPE)
        handlers = [handler for name in wanted for handler in self.handlers.get(name, ())]
        if not handlers or event.event_id is None:
            yield from _run(handlers, event)
            return False
        name = f"event:{event.event_id}"
        key = self.app.session_key(name)
        if (yield from Blocking(lambda: self.session.get(key))) == _DONE:
            return True

        def work() -> Flow[None]:
            yield from _run(handlers, event)
            yield from Blocking(lambda: self.session.set(key, _DONE, self.remember))

        yield from self._once(name, self.lease, work())
        return False

    def _once(self, name: str, life: float, work: Flow[T]) -> Flow[T]:
        """Do what may be done only once; if it fails, it may be done again."""
        lock = SessionLock(self.session, self.app.session_key(name), life)
        if not (yield from Blocking(lock.acquire)):
            raise ReplayedCallback("the push was received before, or its event is being handled right now")
        try:
            return (yield from work)
        except Exception:
            yield from Blocking(lock.release)
            raise
        except BaseException:
            lock.release_in_background()
            raise


def _run(handlers: list[Handler], event: Event) -> Flow[None]:
    for handler in handlers:
        yield Handle(handler, event)


def _text(values: Mapping[str, Any], *names: str) -> str:
    """The first of these values that is there."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and value:
            return value
    raise SignatureMismatch(f"the push has no {names[0]}")


def _object(body: Body) -> dict[str, Any]:
    if isinstance(body, Mapping):
        return dict(body)
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    if not is_object(parsed):
        raise CallbackError("the push is not a JSON object")
    return parsed


def _seconds(timestamp: str) -> float:
    if not re.fullmatch(r"[0-9]{1,16}", timestamp):
        raise ReplayedCallback("the push has no valid timestamp")
    number = int(timestamp)
    return number / 1000 if number >= _FIRST_MILLISECONDS else number
