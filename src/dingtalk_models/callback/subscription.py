"""Subscriptions to events (事件订阅), and the pushes that failed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import TypedDict, Unpack

from dingtalk_models.callback.event import Event
from dingtalk_models.callback.events import read_event
from dingtalk_models.core.arguments import Refusal
from dingtalk_models.core.call import Call
from dingtalk_models.core.context import AppLike, current_app
from dingtalk_models.core.errors import PartlyRead
from dingtalk_models.core.json_values import is_object
from dingtalk_models.core.model import Manager, Model, Record
from dingtalk_models.core.operation import api, operation
from dingtalk_models.core.saved import Saved
from dingtalk_models.core.steps import Blocking, Flow
from dingtalk_models.core.wire import Millis, wire

EventTypes = Annotated[list[str], Field(min_length=1)]
_Tags = Annotated[EventTypes, wire("call_back_tag")]
Token = Annotated[str, Field(min_length=6, max_length=63)]
AesKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}$")]
Keep = Callable[[list["FailedEvent"]], object]
"""What is handed each page of failed events before the next is asked for."""


class Registration(TypedDict, total=False):
    """Where events are pushed, and how."""

    token: Token | None
    """6 to 63 characters to sign with."""
    aes_key: AesKey | None
    """43 characters to encrypt with."""
    url: str | None
    """The address; the app's is its `callback_url`."""


class SubscriptionManager(Manager):
    """The one address that an app registers for events (注册回调), and what could not be pushed to it."""

    @api("dingtalk.oapi.call_back.register_call_back", "POST /call_back/register_call_back")
    def register(self, event_types: _Tags, **fields: Unpack[Registration]) -> Call[None]:
        """Register an address for events (注册回调事件).

        It has to answer a `check_url` there and then.

        Args:
            event_types: which events, such as `user_add_org`.
            fields: see `Registration`; by default, all is the app's.

        Raises:
            AlreadyExists: an address is registered.
            InvalidRequest: the address does not answer as it has to, or an event type is unknown.

        Source: register-callback-events
        """
        return Call(None, event_types=event_types, **_completed(self.app, **fields))

    @api("dingtalk.oapi.call_back.update_call_back", "POST /call_back/update_call_back")
    def update(self, event_types: _Tags, **fields: Unpack[Registration]) -> Call[None]:
        """Replace what is registered (更新事件接口).

        Args:
            event_types: which events.
            fields: see `Registration`; by default, all is the app's.

        Raises:
            NotFound: nothing is registered.
            InvalidRequest: the address does not answer as it has to, or an event type is unknown.

        Source: update-event-interface
        """
        return Call(None, event_types=event_types, **_completed(self.app, **fields))

    @api("dingtalk.oapi.call_back.get_call_back", "GET /call_back/get_call_back")
    def get(self) -> Call[Subscription]:
        """What is registered (查询订阅事件).

        Raises:
            NotFound: nothing is.

        Source: query-subscribed-events
        """
        return Call(Subscription, "")

    @api("dingtalk.oapi.call_back.delete_call_back", "GET /call_back/delete_call_back", idempotent=False)
    def delete(self) -> Call[None]:
        """Register nothing any more (删除事件回调接口).

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

        The platform forgets what it has told: where the answer is lost, so are they.

        Returns:
            The events, and whether there are more.

        Source: obtain-the-event-list-of-failed-push-messages
        """
        return Call(FailedEvents, "")

    @operation
    def take_failed(self, keep: Keep | None = None) -> Flow[list[FailedEvent]]:
        """Take every event whose push failed: the platform forgets what it has told.

        Args:
            keep: is handed each page before the next one is asked for, to put it where it survives this process.

        Raises:
            PartlyRead: a page could not be read or kept; `.read` holds what was read, that page included.
        """
        taken: list[FailedEvent] = []
        more = True
        while more:
            try:
                page = yield from self.take_failed_page.call()
                taken += page.events
                if keep is not None:
                    yield from Blocking(partial(keep, page.events))
            except Exception as error:
                if not taken:
                    raise
                raise PartlyRead(taken) from error
            more = page.has_more
        return taken


def _completed(
    app: AppLike | None, *, token: str | None = None, aes_key: str | None = None, url: str | None = None
) -> dict[str, str]:
    """The credentials that were given, and the app's in the place of those that were not."""
    given = {"token": token, "aes_key": aes_key, "url": url}
    if None in given.values():
        app = app or current_app()
        given = {"token": app.token, "aes_key": app.aes_key, "url": app.callback_url} | {
            name: value for name, value in given.items() if value is not None
        }
    for name, value in given.items():
        if value is None:
            raise Refusal(name, "required, since the app has none")
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
        told: dict[str, Any] = (self.model_extra or {}).get(self.type) or {}
        fields: dict[str, Any] = {}
        for name, value in told.items():
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
    """The address that is registered for events (事件订阅).

    Attributes:
        event_types: which events.
        url: the address.
        token: what pushes are signed with.
        aes_key: what they are encrypted with.
    """

    objects: ClassVar[SubscriptionManager] = SubscriptionManager()
    create = objects.register
    get = objects.get

    event_types: Annotated[list[str], wire("call_back_tag")] = []
    url: str = ""
    token: str = ""
    aes_key: str = ""

    @operation
    def update(self, event_types: EventTypes | None = None, **fields: Unpack[Registration]) -> Flow[Subscription]:
        """Change what is given; the rest stays as it is.

        Args:
            event_types: which events.
            fields: see `Registration`.
        """
        given = {"event_types": event_types, **fields}
        changes = {name: value for name, value in given.items() if value is not None}
        held = {name: getattr(self, name) for name in ("event_types", "token", "aes_key", "url")}
        return self.updated(held | changes, changes)

    def __repr_args__(self) -> Any:
        """What is set, without the secrets."""
        return [(name, value) for name, value in super().__repr_args__() if name not in {"token", "aes_key"}]
