"""Forwards what arrives in Stream mode to a URL, as if the platform had pushed it by HTTP."""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from dingtalk_models.cli.failures import CommandFailure, ExitCode
from dingtalk_models.clocks import wall
from dingtalk_models.core.errors import CallbackError, ConfigurationError
from dingtalk_models.core.json_values import is_object
from dingtalk_models.message.robots.webhook_message import signature

if TYPE_CHECKING:
    from dingtalk_models import DingTalkApp, Event

DEADLINE = 2.5
"""How many seconds the platform waits for an answer."""


class NotTaken(Exception):
    """The URL did not accept a push, so the platform will deliver it again."""


class Forward:
    """Posts to the URLs of an application.

    Args:
        app: the app, which has the keys.
        events: the URL for events; `""` to forward none.
        messages: the URL for messages to the robot; `""` to forward none.

    Raises:
        CommandFailure: a key that is needed is not set.
    """

    def __init__(self, app: DingTalkApp, events: str, messages: str) -> None:
        self._events = events
        self._messages = messages
        self._app = app
        if events:
            try:
                self._crypto = app.callback.crypto
            except ConfigurationError as error:
                raise CommandFailure(str(error), ExitCode.CONFIGURATION) from None

    def event(self, event: Event) -> None:
        """Post an event, encrypted and signed, and check the answer.

        Raises:
            NotTaken: it is not the encrypted `success`.
        """
        if not self._events:
            return
        stamp = str(int(wall() * 1000))
        head = {
            "EventType": event.type,
            "EventTime": int(event.time.timestamp() * 1000) if event.time else int(stamp),
            "CorpId": event.corp_id,
            "BizId": event.event_id or stamp,
            "eventId": event.event_id,
        }
        self._push({**head, **event.data}, stamp)

    def check(self) -> None:
        """Post the platform's test event for a URL, and check the answer.

        Raises:
            NotTaken: it is not the encrypted `success`.
        """
        self._push({"EventType": "check_url"}, str(int(wall() * 1000)))

    def _push(self, payload: dict[str, Any], stamp: str) -> None:
        text = json.dumps(payload, ensure_ascii=False)
        sealed = self._crypto.seal(text, timestamp=stamp, nonce=secrets.token_hex(8))
        signed = sealed["msg_signature"]
        query = {"signature": signed, "msg_signature": signed, "timestamp": stamp, "nonce": sealed["nonce"]}
        answer = _json(self._post(self._events, {"encrypt": sealed["encrypt"]}, query=query))
        try:
            self._crypto.verify(answer["msg_signature"], str(answer["timeStamp"]), answer["nonce"], answer["encrypt"])
            reply = self._crypto.decrypt(answer["encrypt"])
        except (CallbackError, KeyError, TypeError, AttributeError):
            raise NotTaken(
                f"{self._events} did not answer with the encrypted success / {self._events} 未返回加密的 success"
            ) from None
        if reply != "success":
            raise NotTaken(
                f"{self._events} answered {reply[:100]!r} and not success / "
                f"{self._events} 返回了 {reply[:100]!r}，而不是 success"
            )

    def message(self, data: dict[str, Any]) -> None:
        """Post a message to the robot, signed.

        Raises:
            NotTaken: the answer is not a success.
        """
        if not self._messages:
            return
        stamp, secret = str(int(wall() * 1000)), self._app.appsecret
        headers = {"timestamp": stamp}
        if secret is not None:
            headers["sign"] = signature(secret, int(stamp))
        self._post(self._messages, data, headers=headers)

    def _post(
        self, url: str, body: Any, *, query: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        try:
            answer = requests.post(
                url, json=body, params=query, headers=headers, timeout=DEADLINE, allow_redirects=False
            )
        except requests.RequestException as error:
            raise NotTaken(f"{url}: {type(error).__name__}") from None
        if answer.status_code != HTTPStatus.OK:
            raise NotTaken(f"{url} answered with HTTP {answer.status_code} / {url} 返回 HTTP {answer.status_code}")
        return answer


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not is_object(found):
        url = answer.url.partition("?")[0]
        raise NotTaken(f"{url} did not answer with JSON / {url} 返回的不是 JSON")
    return found
