"""Subscriptions to events (事件订阅), and events whose push failed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field, SecretStr
from typing_extensions import TypedDict, Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Refusal, api, operation
from dingtalk_models.callback.events.event import Event
from dingtalk_models.callback.events.table import read_event
from dingtalk_models.callback.push_keys import right_key
from dingtalk_models.core.context import AppLike, current_app
from dingtalk_models.core.errors import PartlyRead
from dingtalk_models.core.json_values import is_object
from dingtalk_models.core.secret import Hidden, Secret
from dingtalk_models.core.steps import Blocking, Flow
from dingtalk_models.core.wire import Millis, wire
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record, Saved

logger = logging.getLogger("dingtalk_models")

EventTypes = Annotated[list[str], Field(min_length=1)]
_Tags = Annotated[EventTypes, wire("call_back_tag")]
_SHORTEST_TOKEN = 6
Token = Annotated[str | SecretStr, Hidden(min_length=_SHORTEST_TOKEN, max_length=63)]
AesKey = Annotated[str | SecretStr, Hidden(check=right_key)]
Keep = Callable[[list["FailedEvent"]], object]
"""Called with each page of failed events before the next page is fetched."""


class SubscriptionFields(TypedDict, total=False):
    """Where events are pushed, and how."""

    token: Token | None
    """The token for signatures, 6 to 63 characters."""
    aes_key: AesKey | None
    """The key for encryption, 43 characters."""
    url: str | None
    """The URL; by default the app's `callback_url`."""


class SubscriptionManager(Manager):
    """The URL that an app registers for events (注册回调), and the events that could not be pushed to it."""

    @api("dingtalk.oapi.call_back.register_call_back", "POST /call_back/register_call_back")
    def register(self, event_types: _Tags, **fields: Unpack[SubscriptionFields]) -> Call[None]:
        """Register a URL for events (注册回调事件).

        During this call, the platform pushes `check_url`, which needs the right reply.

        Args:
            event_types: the types of event, such as `user_add_org`.
            fields: see `SubscriptionFields`; by default, the app's own values.

        Raises:
            AlreadyExists: a URL is registered already.
            InvalidRequest: the URL does not give the right reply, or an event type is unknown.

        Source: register-callback-events
        """
        return Call(None, event_types=event_types, **_completed(self.app, **fields))

    @api("dingtalk.oapi.call_back.update_call_back", "POST /call_back/update_call_back")
    def update(self, event_types: _Tags, **fields: Unpack[SubscriptionFields]) -> Call[None]:
        """Replace the registration (更新事件接口).

        Args:
            event_types: the types of event.
            fields: see `SubscriptionFields`; by default, the app's own values.

        Raises:
            NotFound: nothing is registered.
            InvalidRequest: the URL does not give the right reply, or an event type is unknown.

        Source: update-event-interface
        """
        return Call(None, event_types=event_types, **_completed(self.app, **fields))

    @api("dingtalk.oapi.call_back.get_call_back", "GET /call_back/get_call_back")
    def get(self) -> Call[Subscription]:
        """The registration (查询订阅事件).

        Raises:
            NotFound: nothing is registered.

        Source: query-subscribed-events
        """
        return Call(Subscription, "")

    @api("dingtalk.oapi.call_back.delete_call_back", "GET /call_back/delete_call_back", idempotent=False)
    def delete(self) -> Call[None]:
        """Delete the registration (删除事件回调接口).

        Raises:
            NotFound: nothing is registered.

        Source: delete-an-event-callback-interface
        """
        return Call(None)

    @api(
        "dingtalk.oapi.call_back.get_call_back_failed_result",
        "GET /call_back/get_call_back_failed_result",
        idempotent=False,
    )
    def take_failed_page(self) -> Call[FailedEvents]:
        """Take up to 200 events whose push failed (获取推送失败的事件列表).

        The platform returns each event only once: if the reply is lost, its events are lost too.

        Returns:
            A page of events.

        Source: obtain-the-event-list-of-failed-push-messages
        """
        return Call(FailedEvents, "")

    @operation
    def take_failed(self, keep: Keep | None = None) -> Flow[list[FailedEvent]]:
        """Take every event whose push failed. The platform returns each event only once.

        Args:
            keep: called with each page before the next one is fetched. It should store the page safely.

        Raises:
            PartlyRead: a page could not be read or kept; `.read` has every page that was read.
        """
        taken: list[FailedEvent] = []
        more = True
        while more:
            try:
                page = yield from self.take_failed_page.call()
                taken += page.events
                if keep is not None:
                    yield from Blocking(partial(keep, page.events))
            except BaseException as error:
                if not taken:
                    raise
                if isinstance(error, Exception):
                    raise PartlyRead(taken) from error
                # a cancellation or interrupt passes through unchanged
                logger.exception("%d failed events were taken, and are not sent again: give `keep`", len(taken))
                raise
            more = page.has_more
        return taken


def _completed(
    app: AppLike | None,
    *,
    token: str | SecretStr | None = None,
    aes_key: str | SecretStr | None = None,
    url: str | None = None,
) -> dict[str, str | SecretStr]:
    """Token, key and URL: the arguments, and the app's own for those not given."""
    given: dict[str, str | SecretStr | None] = {"token": token, "aes_key": aes_key, "url": url}
    if None in given.values():
        app = app or current_app()
        own = {"token": app.token, "aes_key": app.aes_key, "url": app.callback_url}
        given = {name: own[name] if value is None else value for name, value in given.items()}
    for name, value in given.items():
        if value is None:
            raise Refusal(name, "required, because the app has none / 必填：应用上没有设置")
    if len(given["token"] or "") < _SHORTEST_TOKEN:  # the console takes shorter ones
        raise Refusal("token", f"should have at least {_SHORTEST_TOKEN} characters to be registered / 太短，不能注册")
    return {name: value for name, value in given.items() if value is not None}


class FailedEvent(Record):
    """An event whose push failed.

    Attributes:
        type: its type.
        time: when it happened.
        corp_id: the company.
    """

    type: Annotated[str, wire("call_back_tag")]
    time: Annotated[Millis | None, wire("event_time")]

    @property
    def event(self) -> Event:
        """The event itself."""
        raw: dict[str, Any] = (self.model_extra or {}).get(self.type) or {}
        fields: dict[str, Any] = {}
        for name, value in raw.items():
            fields |= value if name in _WRAPPERS and is_object(value) else {name: value}
        millis = self.model_dump(mode="json", include={"time"})["time"]
        head = {"EventType": self.type, "EventTime": millis, "CorpId": fields.pop("corpid", None)}
        return read_event(fields | {name: value for name, value in head.items() if value is not None})


_WRAPPERS = frozenset({"callbackData", "bpmsCallBackData", "roleLabelChange"})


class FailedEvents(Record):
    """A page of events whose push failed."""

    events: Annotated[list[FailedEvent], wire("failed_list")] = []
    has_more: bool = False


class Subscription(Model, Saved["Subscription"]):
    """The URL that is registered for events (事件订阅).

    Attributes:
        event_types: the types of event that are pushed.
        url: the URL.
        token: the token that pushes are signed with.
        aes_key: the key that pushes are encrypted with.
    """

    objects: ClassVar[SubscriptionManager] = SubscriptionManager()
    create = objects.register
    get = objects.get

    event_types: Annotated[list[str], wire("call_back_tag")] = []
    url: str = ""
    token: Secret = Secret("")
    aes_key: Secret = Secret("")

    @operation
    def update(self, event_types: EventTypes | None = None, **fields: Unpack[SubscriptionFields]) -> Flow[Subscription]:
        """Change the given fields; the others stay as they are.

        Args:
            event_types: the types of event.
            fields: see `SubscriptionFields`.
        """
        given = {"event_types": event_types, **fields}
        changes = {name: value for name, value in given.items() if value is not None}
        held = {name: getattr(self, name) for name in ("event_types", "token", "aes_key", "url")}
        return self.updated(held | changes, changes)
