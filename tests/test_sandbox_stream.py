"""The sandbox's gateway of Stream mode, as a client sees it: tickets, frames, redelivery, faults."""

from __future__ import annotations

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from dingtalk_models import Department, DingTalkApp
from dingtalk_models.sandbox import NoClient, Sandbox

EVENTS = {"type": "EVENT", "topic": "*"}
BOT = {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}


class Peer:
    """A client that speaks frames."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._open = ExitStack()

    def ask(self, *subscriptions: dict[str, str], **other: Any) -> requests.Response:
        body = {"clientId": self._sandbox.appkey, "clientSecret": self._sandbox.appsecret, **other}
        url = f"{self._sandbox.url}/v1.0/gateway/connections/open"
        headers = {"Accept": "application/json"}
        return requests.post(url, json={**body, "subscriptions": subscriptions}, headers=headers, timeout=10)

    def address(self, *subscriptions: dict[str, str]) -> str:
        answer = self.ask(*subscriptions).json()
        return f"{answer['endpoint']}?ticket={answer['ticket']}"

    def connect(self, *subscriptions: dict[str, str]) -> ClientConnection:
        before = self._sandbox.stream.opened
        connection = self._open.enter_context(connect(self.address(*subscriptions), close_timeout=0.1))
        self._sandbox.stream.wait_for_clients(
            len(self._sandbox.stream.clients) + before + 1 - self._sandbox.stream.opened
        )
        return connection

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def peer(sandbox: Sandbox) -> Generator[Peer]:
    made = Peer(sandbox)
    yield made
    made.close()


def taken(connection: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(connection.recv(timeout=10))
    return frame


def answer(connection: ClientConnection, frame: dict[str, Any], data: Any, code: int = 200) -> None:
    headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
    connection.send(json.dumps({"code": code, "headers": headers, "message": "OK", "data": json.dumps(data)}))


SUCCESS = {"status": "SUCCESS", "message": ""}
LATER = {"status": "LATER", "message": ""}


def test_a_ticket_is_for_one_connection_and_90_seconds(sandbox: Sandbox, peer: Peer) -> None:
    address = peer.address(EVENTS)
    with connect(address), pytest.raises(InvalidStatus):
        connect(address)
    late = peer.address(EVENTS)
    sandbox.clock.advance(91)
    for each in (late, late.partition("?")[0], late.replace("/connect", "/other"), peer.address(EVENTS) + "x"):
        with pytest.raises(InvalidStatus):
            connect(each)


@pytest.mark.parametrize(
    ("subscriptions", "other", "code"),
    [
        ([EVENTS], {"clientSecret": "wrong"}, "invalidClientIdOrSecret"),
        ([EVENTS], {"clientId": "another"}, "invalidClientIdOrSecret"),
        ([], {}, "invalidParameter"),
        ([{"type": "EVENT"}], {}, "invalidParameter"),
        ([{"type": "OTHER", "topic": "*"}], {}, "invalidParameter"),
    ],
)
def test_an_opening_is_refused(peer: Peer, subscriptions: Any, other: Any, code: str) -> None:
    refusal = peer.ask(*subscriptions, **other)
    assert (refusal.status_code, refusal.json()["code"]) == (400, code)


def test_an_event_is_sent_until_it_was_handled(sandbox: Sandbox, peer: Peer) -> None:
    connection = peer.connect(EVENTS)
    message = sandbox.stream.push_event("user_add_org", {"userId": ["u1"]})
    first = taken(connection)
    assert (first["type"], first["headers"]["topic"], json.loads(first["data"])) == ("EVENT", "*", {"userId": ["u1"]})
    answer(connection, first, LATER)
    sandbox.stream.settle()
    assert not message.accepted
    sandbox.clock.advance(61)
    second = taken(connection)
    assert second["headers"]["eventId"] == first["headers"]["eventId"]
    sandbox.clock.advance(61)
    third = taken(connection)
    answer(connection, second, SUCCESS)  # late, but it counts
    sandbox.stream.wait_until_accepted()
    answer(connection, third, SUCCESS)
    sandbox.clock.advance(3600)
    sandbox.stream.push_event("user_leave_org", {})
    assert taken(connection)["headers"]["eventType"] == "user_leave_org"
    assert len(message.sent_to) == 3


def test_an_event_waits_for_a_client(sandbox: Sandbox, peer: Peer) -> None:
    sandbox.stream.push_event("user_add_org", {})
    peer.connect(BOT)
    connection = peer.connect(EVENTS)
    answer(connection, taken(connection), SUCCESS)
    sandbox.stream.wait_until_accepted()


def test_a_callback_is_sent_once_to_who_subscribed(sandbox: Sandbox, peer: Peer) -> None:
    with pytest.raises(NoClient):
        sandbox.stream.push_callback(BOT["topic"], {})
    peer.connect(EVENTS)
    with pytest.raises(NoClient):
        sandbox.stream.push_callback(BOT["topic"], {})
    connection = peer.connect(EVENTS, BOT)
    message = sandbox.stream.push_callback(BOT["topic"], {"text": {"content": "你好"}}, timeout=0)
    frame = taken(connection)
    assert (frame["type"], frame["headers"]["topic"]) == ("CALLBACK", BOT["topic"])
    assert json.loads(frame["data"]) == {"text": {"content": "你好"}}
    answer(connection, frame, {"response": {"a": 1}}, 500)
    sandbox.stream.settle()
    assert (message.code, message.response) == (500, {"a": 1})
    sandbox.clock.advance(600)
    assert len(message.sent_to) == 1
    with pytest.raises(TimeoutError):
        sandbox.stream.push_callback(BOT["topic"], {}, timeout=0.01)


def test_each_message_goes_to_one_of_the_clients(sandbox: Sandbox, peer: Peer) -> None:
    for _ in range(3):
        peer.connect(EVENTS)
    messages = [sandbox.stream.push_event("user_add_org", {}) for _ in range(100)]
    sandbox.stream.ping()  # it returns when all of them are sent
    ids = [each for message in messages for each in message.sent_to]
    assert len(ids) == 100
    assert set(ids) == {client.id for client in sandbox.stream.clients}


def test_changes_of_the_company_arrive(sandbox: Sandbox, peer: Peer, app: DingTalkApp) -> None:
    before = Department.create(name="之前", parent_id=1)
    connection = peer.connect(EVENTS)
    made = Department.create(name="之后", parent_id=1)
    frame = taken(connection)
    assert frame["headers"]["eventType"] == "org_dept_create"
    assert json.loads(frame["data"])["deptId"] == [made.dept_id] != [before.dept_id]
    answer(connection, frame, SUCCESS)
    with ThreadPoolExecutor() as pool:
        pushed = pool.submit(sandbox.push, "check_in", staffId="zhaolei")
        frame = taken(connection)
        assert frame["headers"]["eventType"] == "check_in"
        answer(connection, frame, SUCCESS)
        assert pushed.result(10).payload["eventId"] == frame["headers"]["eventId"]


def test_pings_and_who_does_not_answer_them(sandbox: Sandbox, peer: Peer) -> None:
    connection = peer.connect(EVENTS)
    sandbox.stream.ping()
    frame = taken(connection)
    assert (frame["type"], frame["headers"]["topic"]) == ("SYSTEM", "ping")
    answer(connection, frame, json.loads(frame["data"]))
    sandbox.stream.ping_every = 0.05
    deaf = peer.connect(EVENTS)
    taken(deaf)
    with pytest.raises(ConnectionClosed):
        deaf.recv(timeout=10)
    sandbox.stream.wait_for_clients(1)
    assert sandbox.stream.clients[0].answered_pings == 1


def test_a_notice_before_the_end(sandbox: Sandbox, peer: Peer) -> None:
    sandbox.stream.disconnect_after = 0.05
    connection = peer.connect(EVENTS)
    sandbox.stream.disconnect()
    assert taken(connection)["headers"]["topic"] == "disconnect"
    message = sandbox.stream.push_event("user_add_org", {})
    with pytest.raises(ConnectionClosed):
        connection.recv(timeout=10)
    assert not message.sent_to


def test_faults(sandbox: Sandbox, peer: Peer) -> None:
    connection = peer.connect(EVENTS)
    sandbox.stream.send_raw("{no json")
    assert connection.recv(timeout=10) == "{no json"
    connection.send('{"code":400}')
    connection.send("nonsense")
    sandbox.stream.duplicates = 1.0
    sandbox.stream.push_event("user_add_org", {})
    first, second = taken(connection), taken(connection)
    assert first["headers"]["eventId"] == second["headers"]["eventId"]
    answer(connection, second, SUCCESS)
    sandbox.stream.wait_until_accepted()
    assert sandbox.stream.strays == [{"code": 400}, "nonsense"]
    sandbox.stream.stall()
    assert connection.ping().wait(10)
    sandbox.stream.silence()
    assert not connection.ping().wait(0.1)
    sandbox.stream.push_event("user_add_org", {})
    with pytest.raises(TimeoutError):
        connection.recv(timeout=0.1)
    sandbox.stream.drop()
    with pytest.raises(ConnectionClosed):
        connection.recv(timeout=10)


def test_a_restart(sandbox: Sandbox, peer: Peer) -> None:
    connection = peer.connect(EVENTS)
    sandbox.stream.push_event("user_add_org", {})
    taken(connection)
    sandbox.stop()
    with pytest.raises(ConnectionClosed):
        connection.recv(timeout=10)
    sandbox.stream.push_event("user_leave_org", {})
    with pytest.raises(NoClient):
        sandbox.stream.push_callback(BOT["topic"], {})
    sandbox.start()
    again = peer.connect(EVENTS)
    assert taken(again)["headers"]["eventType"] == "user_leave_org"
    sandbox.clock.advance(61)
    assert taken(again)["headers"]["eventType"] == "user_add_org"
