"""Events, and the clients in Stream mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, JsonValue

from dingtalk_models.sandbox import Attempt, Client, Event, Sandbox
from dingtalk_models.sandbox.callback.samples import EventSample
from dingtalk_models.sandbox.handle.operations import Body, Latest, operation
from dingtalk_models.sandbox.handle.problems import found


class StreamAnswer(BaseModel, from_attributes=True):
    """The answer of a client."""

    code: Any
    data: Any


class StreamMessageView(BaseModel, from_attributes=True):
    """An event or a callback, with the connections it was sent to and their answers."""

    type: str
    topic: str
    headers: dict[str, str]
    data: Mapping[str, Any]
    sent_to: list[str]
    answers: Annotated[list[StreamAnswer], BeforeValidator(tuple)]  # a copy, because another may arrive meanwhile
    accepted: bool
    lost: bool


class EventView(BaseModel):
    """An event, and its deliveries by HTTP and in Stream mode.

    `attempts` are those by HTTP; null if no address is registered for it. `message` are those in Stream mode; null if
    no client subscribed to events.
    """

    id: str
    type: str
    at: float
    fields: Mapping[str, Any]
    accepted: bool
    attempts: list[Attempt] | None
    due: float | None
    message: StreamMessageView | None

    @classmethod
    def of(cls, event: Event) -> EventView:
        """Make the view of an event."""
        return cls(
            id=event.id,
            type=event.type,
            at=event.at,
            fields=event.fields,
            accepted=event.accepted,
            attempts=None if event.push is None else list(event.push.attempts),
            due=None if event.push is None else event.push.due,
            message=None if event.message is None else StreamMessageView.model_validate(event.message),
        )


class EventFilter(Latest):
    """The filters for events. An event has to fit both."""

    type: str | None = Field(None, description="only this type / 事件类型")
    since: float | None = Field(None, description="from then on, by the sandbox's clock / 起始时间（秒）")


class NewEvent(Body):
    """An event to push. Without fields, those of the documented sample are used."""

    type: Annotated[str, Field(min_length=1, max_length=200)]
    fields: dict[str, JsonValue] | None = None


class Subscribed(BaseModel):
    """The callback address for events, and the types it is registered for."""

    url: str
    tags: list[str]


class ClientView(BaseModel, from_attributes=True):
    """A connected client in Stream mode."""

    id: str
    ua: str
    topics: Annotated[list[tuple[str, str]], BeforeValidator(sorted)]
    answered_pings: int
    leaving: bool
    mute: bool
    silent: bool


class StreamSettingsView(BaseModel, from_attributes=True):
    """The settings of Stream mode: times in seconds, and the share of events that are sent twice.

    `endpoint` is the address of the WebSocket, `opened` the number of connections so far, `notices` the number of
    disconnect notices sent.
    """

    endpoint: str
    notices: int
    opened: int
    redeliver_after: float
    ping_every: float
    disconnect_after: float
    duplicates: float


class ChangedStream(Body):
    """The changes of the settings. Absent fields stay. Connected clients keep their old `ping_every`."""

    redeliver_after: Annotated[float, Field(gt=0, le=86_400)] | None = None
    ping_every: Annotated[float, Field(ge=0.01, le=86_400)] | None = None
    disconnect_after: Annotated[float, Field(ge=0, le=86_400)] | None = None
    duplicates: Annotated[float, Field(ge=0, le=1)] | None = None


class Chosen(Body):
    """The ids of clients; by default all."""

    clients: list[str] = []


class Raw(Chosen):
    """A text to send unchanged."""

    text: str


class NewCallback(Body):
    """A callback for a client that subscribed to its topic. With `timeout` 0, its answer is not awaited."""

    topic: str
    data: dict[str, JsonValue]
    timeout: Annotated[float, Field(ge=0, le=60)] = 10


class Timeout(Body):
    """How many seconds to wait."""

    timeout: Annotated[float, Field(ge=0, le=60)] = 10


class Count(Body):
    """The number of clients to wait for, and the timeout in seconds."""

    count: Annotated[int, Field(ge=0, le=100_000)] = 1
    timeout: Annotated[float, Field(ge=0, le=60)] = 10


# events


@operation("GET", "/events", "events")
def list_events(sandbox: Sandbox, query: EventFilter) -> list[EventView]:
    """List the events that were pushed, with their deliveries. / 列出已推送的事件及其投递情况。"""
    wanted = [
        each
        for each in sandbox.events
        if query.type in (None, each.type) and (query.since is None or each.at >= query.since)
    ]
    return [EventView.of(each) for each in wanted[-query.limit :]]


@operation("POST", "/events", "push", waits=True)
def push_event(sandbox: Sandbox, body: NewEvent) -> EventView:
    """Push an event, and wait until the app has answered. / 推送事件，并等待应用回应。"""
    fields = body.fields if body.fields is not None else _sample(sandbox, body.type).fields
    push = sandbox.push(body.type, **fields)
    return EventView.of(_event(sandbox, push.event_id))


@operation("GET", "/event-types", "event_types")
def list_event_types(sandbox: Sandbox) -> list[EventSample]:
    """List the documented types of events, each with a sample. / 列出文档中的事件类型及示例。"""
    return list(sandbox.event_types.values())


@operation("GET", "/events/{id}", "events")
def get_event(sandbox: Sandbox, id: str) -> EventView:
    """Get an event. / 查询事件。"""
    return EventView.of(_event(sandbox, id))


@operation("POST", "/events/{id}/again", "deliver_again", waits=True)
def deliver_again(sandbox: Sandbox, id: str) -> EventView:
    """Deliver an event again, and wait until the app has answered. / 再次投递事件，并等待应用回应。"""
    sandbox.deliver_again(_event(sandbox, id))
    return EventView.of(_event(sandbox, id))


@operation("GET", "/subscription", "company.callbacks.registration")
def read_subscription(sandbox: Sandbox) -> Subscribed | None:
    """Read the registered callback address for events. / 读取已注册的事件回调地址。"""
    held = sandbox.company.callbacks.registration
    return None if held is None else Subscribed(url=held.url, tags=list(held.tags))


def _event(sandbox: Sandbox, id: str) -> Event:
    return found({each.id: each for each in sandbox.events}, id, "event")


def _sample(sandbox: Sandbox, type: str) -> EventSample:
    return found(sandbox.event_types, type, "documented event type")


# Stream mode


@operation("GET", "/stream/settings", "stream")
def read_stream(sandbox: Sandbox) -> StreamSettingsView:
    """Read the settings of Stream mode. / 读取 Stream 模式的设置。"""
    return StreamSettingsView.model_validate(sandbox.stream)


@operation("PATCH", "/stream/settings", "stream")
def change_stream(sandbox: Sandbox, body: ChangedStream) -> StreamSettingsView:
    """Change the settings of Stream mode. / 修改 Stream 模式的设置。"""
    for name, value in body.model_dump(exclude_none=True).items():
        setattr(sandbox.stream, name, value)
    return StreamSettingsView.model_validate(sandbox.stream)


@operation("GET", "/stream/clients", "stream.clients")
def list_clients(sandbox: Sandbox) -> list[ClientView]:
    """List the connected clients. / 列出已连接的客户端。"""
    return [ClientView.model_validate(each) for each in tuple(sandbox.stream.clients)]


@operation("GET", "/stream/messages", "stream.messages")
def list_messages(sandbox: Sandbox, query: Latest) -> list[StreamMessageView]:
    """List the events and callbacks that were sent to clients. / 列出发给客户端的事件与回调。"""
    return [StreamMessageView.model_validate(each) for each in tuple(sandbox.stream.messages)[-query.limit :]]


@operation("GET", "/stream/strays", "stream.strays")
def list_strays(sandbox: Sandbox) -> list[Any]:
    """List the frames from clients that belong to no message. / 列出客户端发来的无对应消息的帧。"""
    return list(sandbox.stream.strays)


@operation("POST", "/stream/drop", "stream.drop", waits=True)
def drop_clients(sandbox: Sandbox, body: Chosen) -> None:
    """Cut connections. / 切断连接。"""
    sandbox.stream.drop(*_clients(sandbox, body))


@operation("POST", "/stream/silence", "stream.silence", waits=True)
def silence_clients(sandbox: Sandbox, body: Chosen) -> None:
    """Make connections half-open: nothing is read or sent any more. / 让连接变为半开。"""
    sandbox.stream.silence(*_clients(sandbox, body))


@operation("POST", "/stream/stall", "stream.stall", waits=True)
def stall_clients(sandbox: Sandbox, body: Chosen) -> None:
    """Stop sending to clients. / 停止向客户端发送。"""
    sandbox.stream.stall(*_clients(sandbox, body))


@operation("POST", "/stream/disconnect", "stream.disconnect", waits=True)
def disconnect_clients(sandbox: Sandbox, body: Chosen) -> None:
    """Tell clients to reconnect. / 通知客户端重新连接。"""
    sandbox.stream.disconnect(*_clients(sandbox, body))


@operation("POST", "/stream/ping", "stream.ping", waits=True)
def ping_clients(sandbox: Sandbox, body: Chosen) -> None:
    """Send a ping to clients. / 向客户端发送 ping。"""
    sandbox.stream.ping(*_clients(sandbox, body))


@operation("POST", "/stream/raw", "stream.send_raw", waits=True)
def send_raw(sandbox: Sandbox, body: Raw) -> None:
    """Send exactly this text to clients, such as a malformed frame. / 原样发送文本，例如格式错误的帧。"""
    sandbox.stream.send_raw(body.text, *_clients(sandbox, body))


@operation("POST", "/stream/callbacks", "stream.push_callback", waits=True)
def push_callback(sandbox: Sandbox, body: NewCallback) -> StreamMessageView:
    """Send a callback to a client, and wait for its answer. / 向客户端发送回调并等待回应。"""
    return StreamMessageView.model_validate(sandbox.stream.push_callback(body.topic, body.data, body.timeout))


@operation("POST", "/stream/wait", "stream.wait_for_clients", waits=True)
def wait_for_clients(sandbox: Sandbox, body: Count) -> list[ClientView]:
    """Wait until a number of clients are connected. / 等待指定数量的客户端连接。"""
    sandbox.stream.wait_for_clients(body.count, body.timeout)
    return [ClientView.model_validate(each) for each in tuple(sandbox.stream.clients)]


@operation("POST", "/stream/settle", "stream.wait_until_accepted", waits=True)
def wait_until_accepted(sandbox: Sandbox, body: Timeout) -> None:
    """Wait until every event is handled, after as many deliveries as needed. / 等待所有事件均被处理。"""
    sandbox.stream.wait_until_accepted(body.timeout)


def _clients(sandbox: Sandbox, body: Chosen) -> list[Client]:
    there = {each.id: each for each in tuple(sandbox.stream.clients)}
    return [found(there, each, "connected client") for each in body.clients]
