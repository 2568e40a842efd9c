"""The platform's side of Stream mode: tickets, connected clients, and the messages to them.

An event goes to a random client that subscribed to events. It is sent again every `redeliver_after` seconds until a
client confirms it. A callback (a message to a robot, a click on a card) is sent once. If one is delivered again, a
click keeps its `messageId`, by which it is recognised; anything else gets a new one.

Only the sandbox's event loop changes this state, so it needs no locks. Methods for tests pass their work to that loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import json
import random
import secrets
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dingtalk_models.sandbox.server.json_values import is_object, read_json
from dingtalk_models.sandbox.state.auth import Credentials
from dingtalk_models.sandbox.state.keeping import oldest

MOST_MESSAGES: Final = 10_000
"""The largest number of events and callbacks kept."""

TICKET_LIFE: Final = 90.0

Topics = frozenset[tuple[str, str]]
"""The types and topics that a client subscribed to."""

_EVERY_EVENT: Final = ("EVENT", "*")
_CLICKS: Final = "/v1.0/card/instances/callback"


class NoClient(LookupError):
    """No connected client subscribed to the topic, so the callback is lost."""


@dataclass(eq=False, repr=False)
class Client:
    """A connected client.

    Attributes:
        topics: its subscriptions.
        ua: its user agent.
        transport: its TCP connection.
        id: the id of the connection.
        answered_pings: the number of answered pings.
        leaving: whether it was told to reconnect, so that nothing is sent to it any more.
        mute: whether messages to it are held back.
        silent: whether its messages are not read, either, as on a half-open connection.
    """

    topics: Topics
    ua: str
    transport: asyncio.Transport
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answered_pings: int = 0
    leaving: bool = False
    mute: bool = False
    silent: bool = False
    ping: str | None = None
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue[str])


@dataclass(frozen=True)
class ClientAnswer:
    """The answer of a client: the code and the parsed data."""

    code: int
    data: Any


@dataclass(eq=False, repr=False)
class StreamMessage:
    """An event or a callback on its way.

    Attributes:
        type: `EVENT` or `CALLBACK`.
        topic: its topic.
        headers: its own headers.
        data: its data.
        sent_to: the ids of the connections to which it was sent, in order.
        answers: the answers, oldest first.
        lost: whether it is a callback without a client to receive it.
        message_id: the id of its last frame.
    """

    type: str
    topic: str
    headers: dict[str, str]
    data: Mapping[str, Any]
    sent_to: list[str] = field(default_factory=list[str])
    answers: list[ClientAnswer] = field(default_factory=list[ClientAnswer])
    lost: bool = False
    message_id: str = ""

    @property
    def accepted(self) -> bool:
        """Whether a client confirmed that it was handled."""
        return any(each.code == 200 and not _later(each.data) for each in self.answers)

    @property
    def code(self) -> int | None:
        """The code of the last answer; `None` if there is none."""
        return self.answers[-1].code if self.answers else None

    @property
    def response(self) -> Any:
        """The response in the last answer."""
        data = self.answers[-1].data if self.answers else None
        return data.get("response") if is_object(data) else None

    def frame(self, connection_id: str, app_id: str, message_id: str, millis: int) -> str:
        """Make the frame that delivers it."""
        return _frame(self.type, self.topic, self.headers, self.data, (connection_id, app_id, message_id, millis))


class Streams:
    """The gateway of Stream mode.

    Attributes:
        endpoint: the address of the WebSocket.
        clients: the connected clients.
        messages: the events and callbacks, oldest first.
        strays: the frames from clients that belong to no message, such as answers to a malformed frame.
        redeliver_after: the seconds until an unconfirmed event is sent again.
        ping_every: the seconds between two pings. A client that has not answered before the next one is cut off.
        disconnect_after: the seconds from the notice of `disconnect()` to the end of the connection.
        duplicates: the share of events and clicks that are sent twice, from 0 to 1.
        opened: the number of connections so far.
        notices: the number of disconnect notices so far.
    """

    UNSAVED: Final = ("endpoint", "clients", "_changed", "_loop", "_thread", "_timer")

    def __init__(self, credentials: Credentials) -> None:
        self.endpoint = ""
        self.clients: list[Client] = []
        self.messages: list[StreamMessage] = []
        self.strays: list[Any] = []
        self.redeliver_after = 60.0
        self.ping_every = 20.0
        self.disconnect_after = 10.0
        self.duplicates = 0.0
        self.opened = 0
        self.notices = 0
        self.wants_events = False
        self._clock = credentials.clock
        self._corp_id = credentials.corp_id
        self._app_id = str(uuid.uuid5(uuid.NAMESPACE_OID, credentials.appkey))
        self._tickets: dict[str, tuple[float, Topics, str]] = {}
        self._waiting: deque[StreamMessage] = deque()
        self._sent: dict[str, StreamMessage] = {}
        self._due: list[tuple[float, int, StreamMessage]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._timer: asyncio.TimerHandle | None = None
        credentials.clock.on_advance(self._wake)

    # for tests

    def push_event(self, event_type: str, fields: Mapping[str, Any], event_id: str | None = None) -> StreamMessage:
        """Send an event. If no client is connected, it goes to the next one that connects."""
        headers = {
            "eventType": event_type,
            "eventId": event_id or uuid.uuid4().hex,
            "eventBornTime": str(int(self._clock.now() * 1000)),
            "eventCorpId": self._corp_id,
            "eventUnifiedAppId": self._app_id,
        }
        return self._push(StreamMessage("EVENT", "*", headers, fields))

    def deliver_again(self, message: StreamMessage, timeout: float = 10) -> None:
        """Send an event or a callback again, even if it was answered, and wait for the answer.

        Raises:
            TimeoutError: the answer did not come in time.
        """
        before = len(message.answers)
        self._waiting.append(message)
        self._soon(self._pump)

        def answered() -> bool:
            return len(message.answers) > before or all(client.mute for client in self._ready(message))

        self._until(answered, timeout, f"no answer to {message.topic}")

    def push_callback(self, topic: str, data: Mapping[str, Any], timeout: float = 10) -> StreamMessage:
        """Send a callback to a client that subscribed to its topic, and wait for the answer.

        Args:
            topic: its topic, such as `/v1.0/im/bot/messages/get`.
            data: its data.
            timeout: the seconds to wait; 0 to return at once.

        Raises:
            NoClient: no client subscribed to this topic.
            TimeoutError: the answer did not come in time.
        """
        message = self._push(StreamMessage("CALLBACK", topic, {}, data))
        if timeout:
            self._until(lambda: bool(message.answers) or message.lost, timeout, f"no answer to {topic}")
            if message.lost:
                raise NoClient(topic)
        return message

    def wait_for_answer(self, message: StreamMessage, count: int = 1, timeout: float = 10) -> StreamMessage:
        """Wait until a message has a number of answers.

        Raises:
            TimeoutError: there are fewer.
        """
        self._until(lambda: len(message.answers) >= count, timeout, f"no answer to {message.topic}")
        return message

    def wait_for_clients(self, count: int = 1, timeout: float = 10) -> None:
        """Wait until a number of clients are connected.

        Raises:
            TimeoutError: another number is connected.
        """
        self._until(lambda: len(self.clients) == count, timeout, f"{len(self.clients)} clients are connected")

    def settle(self, timeout: float = 10) -> None:
        """Wait until all messages to connected clients are answered.

        Raises:
            TimeoutError: one is not answered in time.
        """
        self._until_each(self._settled, self.messages, timeout, "messages are unanswered")

    def wait_until_accepted(self, timeout: float = 10) -> None:
        """Wait until every event is handled, after as many deliveries as needed.

        Raises:
            TimeoutError: one is not handled in time.
        """
        events = [each for each in tuple(self.messages) if each.type == "EVENT"]
        self._until_each(lambda each: each.accepted, events, timeout, "events were not handled")

    def drop(self, *clients: Client) -> None:
        """Cut these connections, or all."""

        def drop(client: Client) -> None:
            client.mute = True
            client.transport.abort()

        self._each(clients, drop)

    def silence(self, *clients: Client) -> None:
        """Make these connections, or all, half-open: they stay, but nothing is read or sent."""

        def silence(client: Client) -> None:
            client.mute = client.silent = True
            client.transport.pause_reading()

        self._each(clients, silence)

    def stall(self, *clients: Client) -> None:
        """Stop sending to these clients, or to all. The WebSocket's own pings are still answered."""

        def stall(client: Client) -> None:
            client.mute = True

        self._each(clients, stall)

    def disconnect(self, *clients: Client) -> None:
        """Tell these clients, or all, to reconnect. Their connections end `disconnect_after` seconds later.

        The first notice has no `messageId`, as documented. Every second one has one, to test clients with both.
        """

        def disconnect(client: Client) -> None:
            client.leaving = True
            self.notices += 1
            self._send(client, "disconnect", {"reason": "connection is expired"}, with_id=self.notices % 2 == 0)
            asyncio.get_running_loop().call_later(self.disconnect_after, client.transport.abort)

        self._each(clients, disconnect)

    def ping(self, *clients: Client) -> None:
        """Send a ping to these clients, or to all."""
        self._each(clients, self._ping)

    def send_raw(self, text: str, *clients: Client) -> None:
        """Send exactly this text to these clients, or to all, such as a malformed frame. Answers are in `strays`."""
        self._each(clients, lambda client: client.outbox.put_nowait(text))

    # for the endpoints and the WebSocket

    def issue_ticket(self, topics: Topics, ua: str) -> str:
        """Issue a ticket for one connection."""
        self._attach()
        now = self._clock.now()
        self._tickets = {ticket: held for ticket, held in self._tickets.items() if held[0] > now}
        ticket = secrets.token_hex(18)
        self._tickets[ticket] = (now + TICKET_LIFE, topics, ua)
        return ticket

    def redeem(self, ticket: str) -> tuple[Topics, str] | None:
        """Use a ticket, and return the subscriptions and user agent; `None` if it is unknown, used or too old."""
        expires, topics, ua = self._tickets.pop(ticket, (0.0, frozenset[tuple[str, str]](), ""))
        return (topics, ua) if self._clock.now() < expires else None

    def came(self, client: Client) -> None:
        """Add a client that has connected."""
        self._attach()
        self.opened += 1
        self.wants_events |= _EVERY_EVENT in client.topics
        self.clients.append(client)
        self._pump()
        self._schedule()
        self._notify()

    def restored(self) -> None:
        """Continue with a restored state. The clients stay, and get the messages that wait for them."""
        self.wants_events |= any(_EVERY_EVENT in client.topics for client in tuple(self.clients))
        self._soon(self._pump)

    def went(self, client: Client) -> None:
        """Remove a client that has disconnected."""
        self.clients.remove(client)
        self._notify()

    def take(self, client: Client, text: str) -> None:
        """Handle a frame from a client."""
        frame = _parsed(text)
        headers = frame.get("headers") if is_object(frame) else None
        message_id = headers.get("messageId") if is_object(headers) else None
        if not is_object(frame) or not isinstance(message_id, str):
            self.strays.append(frame)
        elif message_id == client.ping:
            client.ping = None
            client.answered_pings += 1
        elif message := self._sent.get(message_id):
            message.answers.append(ClientAnswer(frame.get("code", 0), _parsed(frame.get("data"))))
        else:
            self.strays.append(frame)
        self._notify()

    async def keep_alive(self, client: Client) -> None:
        """Ping a client while it is connected, and cut it off if it does not answer."""
        while True:
            await asyncio.sleep(self.ping_every)
            if client.ping and not client.mute:
                client.transport.abort()
            self._ping(client)

    # inside

    def _push(self, message: StreamMessage) -> StreamMessage:
        self.messages.append(message)
        del self.messages[: len(oldest(self.messages, MOST_MESSAGES))]
        self._waiting.append(message)
        if not self._soon(self._pump) and message.type == "CALLBACK":
            self._waiting.remove(message)
            message.lost = True
        return message

    def _pump(self) -> None:
        """Send the messages that wait for a client."""
        for _ in range(len(self._waiting)):
            self._deliver(self._waiting.popleft())
        self._schedule()
        self._notify()

    def _deliver(self, message: StreamMessage) -> None:
        if ready := self._ready(message):
            is_event, is_click = message.type == "EVENT", message.topic == _CLICKS
            for _ in range(1 + ((is_event or is_click) and random.random() < self.duplicates)):
                client = random.choice(ready)
                message_id = (is_click and message.message_id) or secrets.token_hex(16)
                message.message_id = message_id
                self._sent[message_id] = message
                message.sent_to.append(client.id)
                millis = int(self._clock.now() * 1000)
                client.outbox.put_nowait(message.frame(client.id, self._app_id, message_id, millis))
            if is_event:
                due = self._clock.now() + self.redeliver_after
                heapq.heappush(self._due, (due, next(self._numbers), message))
        elif message.type == "EVENT":
            self._waiting.append(message)
        else:
            message.lost = True

    def _ready(self, message: StreamMessage) -> list[Client]:
        wanted = (message.type, message.topic)
        return [each for each in tuple(self.clients) if wanted in each.topics and not each.leaving]

    def _schedule(self) -> None:
        """Send the events that are due again, and set the timer for the next one."""
        while self._due and (self._due[0][2].accepted or self._due[0][0] <= self._clock.now()):
            message = heapq.heappop(self._due)[2]
            if not message.accepted:
                self._deliver(message)
        if self._timer:
            self._timer.cancel()
        if self._loop and self._due:
            self._timer = self._loop.call_later(max(0.0, self._due[0][0] - self._clock.now()), self._schedule)

    def _settled(self, message: StreamMessage) -> bool:
        there = {each.id for each in tuple(self.clients) if not each.mute}
        if not message.sent_to:
            return message.lost or not self._ready(message)
        return bool(message.answers) or not there.intersection(message.sent_to)

    def _ping(self, client: Client) -> None:
        client.ping = self._send(client, "ping", {"opaque": secrets.token_hex(8)})

    def _send(self, client: Client, topic: str, data: Mapping[str, Any], *, with_id: bool = True) -> str:
        message_id = secrets.token_hex(16)
        about = (client.id, self._app_id, message_id if with_id else None, int(self._clock.now() * 1000))
        client.outbox.put_nowait(_frame("SYSTEM", topic, {}, data, about))
        return message_id

    def _attach(self) -> None:
        """Store the running loop, which is a new one after each restart."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._thread, self._timer = loop, threading.get_ident(), None

    def _wake(self) -> None:
        self._soon(self._schedule)

    def _soon(self, work: Callable[[], None]) -> bool:
        """Run work on the server's loop. Returns whether there is one."""
        if self._loop is None:
            return False
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(work)
            return True
        return False

    def _each(self, clients: Iterable[Client], work: Callable[[Client], None]) -> None:
        """Run work for some clients, or for all, and return when it is done."""
        done = threading.Event()

        def run() -> None:
            for client in tuple(clients) or tuple(self.clients):
                work(client)
            done.set()

        if threading.get_ident() == self._thread:
            run()
        elif self._soon(run):
            done.wait(10)

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _until_each(
        self,
        condition: Callable[[StreamMessage], bool],
        messages: Iterable[StreamMessage],
        timeout: float,
        problem: str,
    ) -> None:
        left = deque(messages)

        def none_left() -> bool:
            while left and condition(left[0]):
                left.popleft()
            return not left

        self._until(none_left, timeout, problem)

    def _until(self, condition: Callable[[], bool], timeout: float, problem: str) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, timeout):
                raise TimeoutError(problem)


def _later(data: Any) -> bool:
    return is_object(data) and data.get("status") == "LATER"


def _parsed(value: Any) -> Any:
    try:
        return read_json(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _frame(
    kind: str, topic: str, headers: Mapping[str, str], data: Mapping[str, Any], about: tuple[str, str, str | None, int]
) -> str:
    connection_id, app_id, message_id, millis = about
    common = {
        "appId": app_id,
        "connectionId": connection_id,
        "contentType": "application/json",
        **({"messageId": message_id} if message_id else {}),
        "time": str(millis),
        "topic": topic,
    }
    text = json.dumps(data, ensure_ascii=False)
    frame = {"specVersion": "1.0", "type": kind, "headers": {**common, **headers}, "data": text}
    return json.dumps(frame, ensure_ascii=False)
