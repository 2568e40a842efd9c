"""`app.stream`: what arrives reaches its handlers, and is answered as the protocol says."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Generator
from typing import Any, ClassVar

import pytest
from listening import ENOUGH, TOPIC, Gate, receiving, until
from waiting import until_async

from dingtalk_models import ConfigurationError, Department, DingTalkApp, Event, User
from dingtalk_models.callback.arrival import Arrival, topics
from dingtalk_models.callback.events.contact import OrgDeptCreate, UserAddOrg
from dingtalk_models.callback.topic_callback import TopicCallback
from dingtalk_models.sandbox import NoClient, Sandbox

LATER = (500, "LATER")
SUCCESS = (200, "SUCCESS")


def answers(message: Any) -> list[tuple[int, str]]:
    return [(each.code, each.data["status"]) for each in message.answers]


@pytest.fixture
def gate() -> Generator[Gate]:
    made = Gate()
    yield made
    made.open()


def test_functions_and_coroutines_get_typed_events(app: DingTalkApp, sandbox: Sandbox) -> None:
    found: list[Any] = []

    @app.callback.on(UserAddOrg)
    def plain(event: UserAddOrg) -> None:
        found.append((event.userids, threading.current_thread().name.startswith("dingtalk-handler")))

    @app.callback.on(Event)
    async def awaited(event: Event) -> None:
        found.append((event.type, event.corp_id, event.event_id, asyncio.get_running_loop().is_running()))

    with receiving(app):
        message = sandbox.stream.push_event("user_add_org", {"timeStamp": "1", "userId": ["u1", "u2"]})
        sandbox.stream.wait_until_accepted()
    event_id = message.headers["eventId"]
    assert found == [(["u1", "u2"], True), ("user_add_org", sandbox.corp_id, event_id, True)]
    assert answers(message) == [SUCCESS]


def test_changes_of_the_company_reach_handlers_which_call_the_platform(app: DingTalkApp, sandbox: Sandbox) -> None:
    names: list[str] = []

    @app.callback.on(OrgDeptCreate)
    def plain(event: OrgDeptCreate) -> None:
        names.append(Department.get(event.dept_ids[0]).name)

    @app.callback.on(OrgDeptCreate)
    async def awaited(event: OrgDeptCreate) -> None:
        assert event.app is app
        names.append((await User.get.aio("zhaolei")).name)

    with receiving(app), sandbox.app() as other:
        other.use()  # handlers use the app that received the event all the same
        Department.create(name="新部门", parent_id=1)
        sandbox.settle()
    assert names == ["新部门", "赵磊"]


def test_what_failed_comes_again(app: DingTalkApp, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    attempts: list[str | None] = []

    @app.callback.on(Event)
    def handler(event: Event) -> None:
        attempts.append(event.event_id)
        if len(attempts) < 3:
            raise LookupError("not yet")

    with receiving(app):
        message = sandbox.stream.push_event("user_add_org", {})
        for count in range(2):
            sandbox.stream.wait_for_answer(message, count + 1)
            sandbox.clock.advance(61)
        sandbox.stream.wait_until_accepted()
        assert app.stream.status.failed == 2
    assert attempts == [message.headers["eventId"]] * 3
    assert answers(message) == [LATER, LATER, SUCCESS]
    assert caplog.text.count("LookupError: not yet") == 2
    assert "Stream: UserAddOrg was not handled" in caplog.text


def test_slow_handlers_delay_nobody(app: DingTalkApp, sandbox: Sandbox, gate: Gate) -> None:
    waiting = threading.Semaphore(0)

    @app.callback.on("check_in")
    async def slow(event: Event) -> None:
        waiting.release()
        await until_async(gate.opened.is_set)

    app.callback.on("user_leave_org")(gate)
    app.callback.on("user_add_org")(lambda _: None)

    @app.callback.on("user_active_org")
    async def quick(event: Event) -> None: ...

    app.stream.threads = 5
    with receiving(app):
        held = [sandbox.stream.push_event(kind, {}) for kind in ("check_in", "user_leave_org") for _ in range(4)]
        for _ in range(4):
            gate.wait_inside()
            assert waiting.acquire(timeout=ENOUGH)
        for kind in ("user_add_org", "user_active_org"):
            message = sandbox.stream.push_event(kind, {})
            assert sandbox.stream.wait_for_answer(message).code == 200
        assert not any(each.answers for each in held)
        assert app.stream.status.running == 8
        gate.open()
        sandbox.stream.wait_until_accepted()


def test_what_takes_longer_than_the_deadline_is_handled_once(app: DingTalkApp, sandbox: Sandbox, gate: Gate) -> None:
    app.callback.on(Event)(gate)
    app.stream.deadline = 0.05
    with receiving(app):
        message = sandbox.stream.push_event("user_add_org", {})
        sandbox.stream.settle()
        assert answers(message) == [LATER]
        sandbox.clock.advance(61)  # it comes again while it is being handled
        sandbox.stream.wait_for_answer(message, count=2)
        assert answers(message) == [LATER, LATER]
        gate.open()
        until(lambda: app.stream.status.handled)
        sandbox.clock.advance(61)
        sandbox.stream.wait_until_accepted()
        status = app.stream.status
    assert answers(message) == [LATER, LATER, SUCCESS]
    assert (len(gate.entered), status.late, status.handled, status.duplicates) == (1, 1, 1, 1)


@pytest.mark.parametrize("fails", [False, True])
def test_acknowledged_before_it_is_handled(app: DingTalkApp, sandbox: Sandbox, gate: Gate, fails: bool) -> None:
    @app.callback.on(Event)
    def handler(event: Event) -> None:
        gate(event)
        if fails:
            raise LookupError("lost")

    with receiving(app, ack="before"):
        message = sandbox.stream.push_event("user_add_org", {})
        sandbox.stream.wait_until_accepted()
        gate.wait_inside()
        gate.open()
    assert (answers(message), len(gate.entered)) == ([SUCCESS], 1)
    assert (app.stream.status.handled, app.stream.status.failed) == (not fails, fails)


def test_beyond_the_queue_it_is_later(app: DingTalkApp, sandbox: Sandbox, gate: Gate) -> None:
    app.callback.on(Event)(gate)
    app.callback.on(topic=TOPIC)(gate)
    app.stream.most = 2
    with receiving(app):
        first = [sandbox.stream.push_event("user_add_org", {}) for _ in range(2)]
        gate.wait_inside()
        gate.wait_inside()
        refused = sandbox.stream.push_event("user_add_org", {})
        assert sandbox.stream.push_callback(TOPIC, {}).code == 500
        assert (answers(refused), app.stream.status.refused) == ([LATER], 2)
        gate.open()
        for message in first:
            sandbox.stream.wait_for_answer(message)
        sandbox.clock.advance(61)
        sandbox.stream.wait_until_accepted()
    assert len(gate.entered) == 3


def test_duplicates_are_handled_once(app: DingTalkApp, sandbox: Sandbox) -> None:
    seen: list[str | None] = []

    @app.callback.on(Event)
    async def handler(event: Event) -> None:
        await asyncio.sleep(0)
        seen.append(event.event_id)

    sandbox.stream.duplicates = 1.0
    with receiving(app):
        messages = [sandbox.stream.push_event("user_add_org", {}) for _ in range(50)]
        sandbox.stream.wait_until_accepted()
    assert sorted(map(str, seen)) == sorted(each.headers["eventId"] for each in messages)
    assert app.stream.status.received == 100


# -- callbacks ---------------------------------------------------------------------------------------------------------


class Greeting(Arrival):
    TYPE: ClassVar[str] = "test_greeting"
    TOPIC: ClassVar[str | None] = "/v1.0/test/greeting"

    text: str
    number: int | None = None

    @property
    def key(self) -> str:
        return f"greeting:{self.text}"

    def answer(self, returned: Any) -> Any:
        return {"said": [*returned]}


@pytest.fixture(autouse=True)
def greeting() -> Generator[None]:
    topics["/v1.0/test/greeting"] = Greeting
    yield
    del topics["/v1.0/test/greeting"]


def test_a_class_with_a_topic(app: DingTalkApp, sandbox: Sandbox) -> None:
    @app.callback.on(Greeting)
    def first(greeting: Greeting) -> str:
        return greeting.text.upper()

    @app.callback.on(Greeting)
    async def second(greeting: Greeting) -> int | None:
        return greeting.number

    with receiving(app):
        push = sandbox.stream.push_callback
        assert push("/v1.0/test/greeting", {"text": "hello", "number": 5}).response == {"said": ["HELLO", 5]}
        assert push("/v1.0/test/greeting", {"text": "odd", "number": {}}).response == {"said": ["ODD", None]}
        assert push("/v1.0/test/greeting", {"number": 5}).code == 400
        with pytest.raises(NoClient):
            push(TOPIC, {})
        with pytest.raises(NoClient):
            sandbox.stream.push_callback("/v1.0/test/other", {})
        assert not any(("EVENT", "*") in client.topics for client in sandbox.stream.clients)


def test_any_topic(app: DingTalkApp, sandbox: Sandbox, gate: Gate) -> None:
    @app.callback.on(topic=TOPIC)
    def handler(callback: TopicCallback) -> object:
        if callback.data.get("fail"):
            raise LookupError("no")
        if callback.data.get("wait"):
            gate(callback)
        return callback.data.get("answer", callback.topic)

    app.stream.deadline = 0.2
    with receiving(app):
        assert sandbox.stream.push_callback(TOPIC, {}).response == TOPIC
        assert sandbox.stream.push_callback(TOPIC, {"answer": {"a": [1, "二"]}}).response == {"a": [1, "二"]}
        failed = sandbox.stream.push_callback(TOPIC, {"fail": True})
        assert (failed.code, failed.response) == (500, None)
        slow = sandbox.stream.push_callback(TOPIC, {"wait": True, "answer": 1})
        assert (slow.code, slow.response) == (200, None)
        gate.open()
    assert app.stream.status.late == 1


def test_the_earlier_way_to_register_a_topic(app: DingTalkApp) -> None:
    stream: Any = app.stream  # type checkers refuse what is deprecated
    with pytest.deprecated_call(match="use app.callback.on"):
        register = stream.on(TOPIC)

    def topic_of(callback: Any) -> Any:
        return callback.topic

    assert app.callback.handlers == {TOPIC: [register(topic_of)]}


def test_an_answer_that_is_no_json(app: DingTalkApp, sandbox: Sandbox) -> None:
    app.callback.on(topic=TOPIC)(lambda _: object())
    with receiving(app):
        assert sandbox.stream.push_callback(TOPIC, {}).code == 500
        assert app.stream.status.failed == 1


# -- frames ------------------------------------------------------------------------------------------------------------


def frame(**changes: Any) -> str:
    headers = {"messageId": "m1", "topic": "*", "eventType": "user_add_org", "eventId": "e1"}
    whole = {"specVersion": "1.0", "type": "EVENT", "headers": headers, "data": "{}"} | changes
    return json.dumps({name: value for name, value in whole.items() if value is not None})


MALFORMED = {
    "no JSON": ("{no json", 400, None),
    "empty": ("", 400, None),
    "no object": ("[1]", 400, None),
    "deep": ("[" * 100_000, 400, None),
    "no headers": (frame(headers=None), 400, None),
    "headers of another form": (frame(headers=["messageId"]), 400, None),
    "no message id and no topic": (frame(headers={}), 400, None),
    "no topic": (frame(headers={"messageId": "m1"}), 400, "m1"),
    "no type": (frame(type=None), 400, "m1"),
    "unknown type": (frame(type="OTHER"), 404, "m1"),
    "unknown topic": (frame(type="CALLBACK", headers={"messageId": "m1", "topic": "/v1.0/unknown"}), 404, "m1"),
    "data that is no JSON": (frame(data="{"), 400, "m1"),
    "data that is no object": (frame(data="[1]"), 400, "m1"),
    "no data": (frame(data=None), 400, "m1"),
    "lone surrogate": ('{"type":"EVENT","headers":{"messageId":"\\ud800","topic":"*"},"data":"{}"}', 400, None),
}


@pytest.mark.parametrize(("text", "code", "message_id"), MALFORMED.values(), ids=[*MALFORMED])
def test_malformed_frames(app: DingTalkApp, sandbox: Sandbox, text: str, code: int, message_id: str | None) -> None:
    app.callback.on(Event)(lambda _: None)
    with receiving(app):
        sandbox.stream.send_raw(text)
        sandbox.stream.push_event("user_add_org", {})
        sandbox.stream.wait_until_accepted()
        assert app.stream.status.malformed == 1
        assert app.stream.status.opened == 1, "the connection stays"
    (stray,) = sandbox.stream.strays
    assert (stray["code"], stray["headers"].get("messageId")) == (code, message_id)


def test_frames_of_5_megabytes(app: DingTalkApp, sandbox: Sandbox) -> None:
    app.callback.on(topic=TOPIC)(lambda callback: callback.data["text"][::-1])
    text = "长" * 2_500_000 + "!"
    with receiving(app):
        assert sandbox.stream.push_callback(TOPIC, {"text": text}).response == text[::-1]
        assert app.stream.status.opened == 1


def test_system_frames(app: DingTalkApp, sandbox: Sandbox) -> None:
    app.callback.on(Event)(lambda _: None)
    with receiving(app):
        sandbox.stream.send_raw(frame(type="SYSTEM", headers={"messageId": "m1", "topic": "CONNECTED"}, data=None))
        sandbox.stream.ping()
        sandbox.stream.push_event("user_add_org", {})
        sandbox.stream.wait_until_accepted()
        assert sandbox.stream.clients[0].answered_pings == 1
        assert (app.stream.status.malformed, app.stream.status.received) == (0, 1)


# -- set up ------------------------------------------------------------------------------------------------------------


def test_what_is_set_up_wrongly(app: DingTalkApp, sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="nothing would arrive"):
        app.stream.start()
    with pytest.raises(ConfigurationError, match="is not the topic of a callback"):
        app.callback.on(topic="user_add_org")
    wrong: Any = app.callback.on
    for arguments, options in ([], {}), ([Event], {"topic": "/v1.0/test/greeting"}):
        with pytest.raises(ConfigurationError, match="the types of event, or a topic"):
            wrong(*arguments, **options)
    app.callback.on(Greeting)(lambda _: None)
    app.callback.on(topic="/v1.0/test/greeting")(lambda _: None)
    with pytest.raises(ConfigurationError, match="choose one of them"):
        app.stream.start()
    poor = DingTalkApp(corp_id="c", corp_secret="s", api_url=sandbox.url)
    poor.callback.on(Event)(lambda _: None)
    with pytest.raises(ConfigurationError, match="cannot use Stream mode"):
        poor.stream.start()
    assert poor.stream.status.state == "stopped"


def test_only_once_at_a_time(app: DingTalkApp) -> None:
    app.callback.on(Event)(lambda _: None)
    with receiving(app):
        with pytest.raises(ConfigurationError, match="receives already"):
            app.stream.run()
        assert app.stream.status.healthy
    with receiving(app):
        assert app.stream.status.healthy


def test_the_status(app: DingTalkApp, sandbox: Sandbox) -> None:
    assert (app.stream.status.state, app.stream.status.last_message) == ("stopped", None)
    app.callback.on(Event)(lambda _: None)
    with receiving(app):
        before = app.stream.status
        assert (before.state, before.error, before.opened, before.received) == ("connected", None, 1, 0)
        sandbox.stream.push_event("user_add_org", {})
        sandbox.stream.wait_until_accepted()
        after = app.stream.status
        assert (after.received, after.handled, after.running) == (1, 1, 0)
        assert after.last_message is not None
        assert after.since == before.since < after.last_message
    ended = app.stream.status
    assert (ended.state, ended.error, ended.healthy) == ("stopped", None, False)
    app.stream.stop()


def test_nothing_secret_is_logged(app: DingTalkApp, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    app.callback.on(Event)(lambda _: None)
    with receiving(app):
        sandbox.stream.push_event("user_add_org", {})
        sandbox.stream.wait_until_accepted()
        sandbox.stream.disconnect()
        sandbox.stream.wait_for_clients(2)
    assert "Stream: connected" in caplog.text
    assert "Stream: connecting anew: the gateway gave notice" in caplog.text
    assert sandbox.appsecret not in caplog.text
    assert "ticket=" not in caplog.text
