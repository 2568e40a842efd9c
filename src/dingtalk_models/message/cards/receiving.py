"""Receives clicks on cards by HTTP, at the address of a callback route, and runs the handlers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import SecretStr, SkipValidation

from dingtalk_models.call.operation import operation
from dingtalk_models.callback.events.event import parsed
from dingtalk_models.callback.receiver import PushBody, Receiver
from dingtalk_models.callback.signed import check_signed
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import CallbackError
from dingtalk_models.core.secret import Secret, signature_of
from dingtalk_models.core.steps import Flow
from dingtalk_models.message.cards.action import CardAction

FIVE_MINUTES = 300.0

_TIMESTAMP, _SIGNATURE = "x-ddpaas-signature-timestamp", "x-ddpaas-signature"


class ClickedApp(AppLike, Protocol):
    """The parts of an app that the receiver of clicks needs."""

    @property
    def callback(self) -> Receiver: ...
    def session_key(self, what: str) -> str: ...


@dataclass(frozen=True, slots=True)
class ReceivedClick:
    """A received click.

    Attributes:
        action: the click.
        answer: the answer to send as JSON, which changes the card.
    """

    action: CardAction
    answer: dict[str, Any]


class CardReceiver:
    """Receives the clicks that the platform posts to a callback route: `CardReceiver(app, api_secret)`.

    Args:
        app: the app whose handlers get the clicks.
        api_secret: the secret with which the route was registered.

    Attributes:
        tolerance: how many seconds the time of a click may differ from this machine's.
    """

    def __init__(self, app: ClickedApp, api_secret: str | SecretStr) -> None:
        api_secret = Secret.of(api_secret)  # no variable keeps the plain secret: a traceback could show it
        self.app = app
        self.tolerance = FIVE_MINUTES
        self._secret = api_secret

    @operation
    def receive(
        self, headers: Annotated[Mapping[str, str], SkipValidation], body: Annotated[PushBody, SkipValidation]
    ) -> Flow[ReceivedClick]:
        """Check a posted click, and pass it to the handlers.

        Args:
            headers: the headers of the request, with `x-ddpaas-signature` and its timestamp.
            body: the body, unchanged.

        Returns:
            The click, and the answer to send as JSON within 2 seconds.

        Raises:
            SignatureMismatch: it is not signed with the secret of the route.
            ReplayedCallback: it is too old, or was received before.
            CallbackError: it is not a click, or it is on another company's card.
        """
        given = {name.lower(): value for name, value in headers.items()}
        self._verify(given)
        payload = parsed(body)
        action = CardAction.read(payload)
        if not action.out_track_id:
            raise CallbackError("the push is no click: it has no outTrackId")
        if self.app.corp_id and action.corp_id not in {None, self.app.corp_id}:
            raise CallbackError("the click is on a card of another company")
        # the signature does not cover the body, so a repeated request is recognised by both together
        seen = hashlib.sha256(f"{given[_SIGNATURE]}{payload}".encode(errors="replace")).hexdigest()
        receiver = self.app.callback
        once = receiver.once(f"{self.app.session_key('click')}:{seen}", 2 * self.tolerance)
        delivered = yield from receiver.deliver(action, once)
        return ReceivedClick(action, action.answer(delivered.returned))

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
            CallbackError: see `receive`.
        """
        del query_params
        return (yield from self.receive.call(headers, body)).answer

    def _verify(self, headers: Mapping[str, str]) -> None:
        timestamp, given = headers.get(_TIMESTAMP, ""), headers.get(_SIGNATURE, "")
        check_signed(
            "click",
            timestamp,
            given,
            lambda moment: signature_of(moment, self._secret),
            hint="is it the apiSecret of this route?",
            tolerance=self.tolerance,
        )
