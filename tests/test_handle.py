"""The handle: everything that the sandbox can do, over plain HTTP, from its OpenAPI document alone."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import jsonschema_rs
import pytest
from handle_document import Document
from listening import receiving

from dingtalk_models import ApiError, Card, CardAction, ChatbotMessage, DingTalkApp
from dingtalk_models.message import Robot, RobotSpace, SampleText
from dingtalk_models.sandbox import Calls, Clock, Sandbox, Streams
from dingtalk_models.sandbox.console import Console
from dingtalk_models.sandbox.handle.operations import OPERATIONS
from dingtalk_models.sandbox.handle.serving import described

described()
"""Loads the operations; a test for each is made of them."""

SEEDED: Final[dict[str, Any]] = {
    "userid": "zhaolei",
    "who": "zhaolei",
    "by": "zhaolei",
    "of": "zhaolei",
    "conversation": "zhaolei",
    "number": 0,
    "userids": ["hanmei"],
    "dept_id_list": [310],
    "dept_id": 200,
    "owner_user_id": "zhaolei",
    "group_id": 910,
    "role_id": 914,
    "process_code": "PROC-LEAVE",
}
"""What the company of every sandbox has, by the names of parameters and fields."""


@dataclass
class Busy:
    """A sandbox in which things happen, and a client that knows its document."""

    sandbox: Sandbox
    document: Document
    known: dict[str, Any] = field(default_factory=lambda: dict(SEEDED))

    def do(self, name: str, body: Any = None, /, **known: Any) -> Any:
        """Do something; it succeeds."""
        reply = self.document.call(name, self.known | known, body)
        assert reply.ok, (name, reply.text)
        return reply.json() if reply.headers.get("content-type") == "application/json" else reply.content

    # what some operations need first

    def newcomer(self) -> dict[str, Any]:
        return {"body": {"name": "林薇", "dept_id_list": [310], "mobile": "13811112222"}}

    def department(self) -> dict[str, Any]:
        return {"dept_id": self.do("add_department", {"name": "新部门"})["dept_id"]}

    def role_group(self) -> dict[str, Any]:
        return {"group_id": self.do("add_role_group", {"name": "新组"})["group_id"]}

    def role(self) -> dict[str, Any]:
        return {"role_id": self.do("give_role")["role_id"]}

    def shift(self) -> dict[str, Any]:
        return {"times": ["22:00", "06:00"]}

    def client(self) -> dict[str, Any]:
        return {"mobile": "13811112222", "follower_user_id": "zhaolei"}

    def contact(self) -> dict[str, Any]:
        return {"userid": self.do("add_contact", **self.client())["userid"]}

    def stranger(self) -> dict[str, Any]:
        return {"userid": "guest"}

    def group(self) -> dict[str, Any]:
        group = self.do("add_group", {"userids": ["zhaolei", "sunjing"], "owner": "zhaolei"})
        return {"open_conversation_id": group["open_conversation_id"]}

    def form(self) -> dict[str, Any]:
        components = [{"type": "TextField", "label": "事由"}]
        steps = [{"users": ["zhaolei"]}]
        form = self.do("add_form", {"name": "用印", "components": components, "steps": steps})
        return {"process_code": form["process_code"], "values": {"事由": "合同"}}

    def approval(self) -> dict[str, Any]:
        return {"instance_id": self.do("submit", **self.form())["instance_id"]}

    def path(self) -> dict[str, Any]:
        return {"path": "/topapi/v2/user/get"}

    def fault(self) -> dict[str, Any]:
        return {"id": self.do("add_fault", **self.path())["id"]}

    def api(self) -> dict[str, Any]:
        return {"name": "todo_1_0.CreateTodoTask", "answer": {"id": "t1"}}

    def own_answer(self) -> dict[str, Any]:
        return {"id": self.do("set_answer", **self.api())["id"]}

    def webhook(self) -> dict[str, Any]:
        return {"token": self.do("add_webhook")["token"]}

    def event_type(self) -> dict[str, Any]:
        return {"type": "user_add_org"}

    def event(self) -> dict[str, Any]:
        return {"id": self.do("push_event", **self.event_type())["id"]}

    def card(self) -> dict[str, Any]:
        template = self.do("add_card_template")["template_id"]
        sent = Card.send(template, RobotSpace("zhaolei"), {"title": "请假"})
        return {"card": sent.out_track_id, "out_track_id": sent.out_track_id, "action_ids": ["agree"]}

    def mail(self) -> dict[str, Any]:
        return {"message": Robot.send(SampleText("在吗"), ["zhaolei"]).process_query_keys[0]}

    def said(self) -> dict[str, Any]:
        said = self.do("say", {"who": "zhaolei", "what": "在吗"})
        return {"conversation": said["conversation"], "number": said["number"]}

    def topic(self) -> dict[str, Any]:
        said = self.do("say", {"who": "zhaolei", "what": "在吗"})
        return {"topic": "/v1.0/im/bot/messages/get", "data": said["payload"] | {"msgId": "another"}}

    def state(self) -> dict[str, Any]:
        return {"body": self.do("save")}


NEEDS: Final[dict[str, Callable[[Busy], dict[str, Any]]]] = {
    "add_user": Busy.newcomer,
    "remove_department": Busy.department,
    "rename_role_group": Busy.role_group,
    "remove_role_group": Busy.role_group,
    "take_role": Busy.role,
    "add_stranger": Busy.stranger,
    "add_shift": Busy.shift,
    "add_contact": Busy.client,
    "remove_contact": Busy.contact,
    "get_group": Busy.group,
    "change_group": Busy.group,
    "dissolve_group": Busy.group,
    "submit": Busy.form,
    "get_approval": Busy.approval,
    "approve": Busy.approval,
    "refuse": Busy.approval,
    "add_fault": Busy.path,
    "cancel_fault": Busy.fault,
    "set_answer": Busy.api,
    "cancel_answer": Busy.own_answer,
    "remove_webhook": Busy.webhook,
    "push_event": Busy.event_type,
    "get_event": Busy.event,
    "deliver_again": Busy.event,
    "get_card": Busy.card,
    "click": Busy.card,
    "read": Busy.mail,
    "say_again": Busy.said,
    "wait_for_reply": Busy.said,
    "push_callback": Busy.topic,
    "load": Busy.state,
}
"""What has to be there before an operation: it makes that, over HTTP where it can, and tells the ids."""


@pytest.fixture
def busy(sandbox: Sandbox, app: DingTalkApp) -> Generator[Busy]:
    app.callback.on("user_add_org")(lambda event: None)

    @app.callback.on(ChatbotMessage)
    def answer(message: ChatbotMessage) -> None:
        message.reply("在的")

    @app.callback.on(CardAction)
    def agree(action: CardAction) -> dict[str, str]:
        return {"state": action.action_id}

    with receiving(app):
        sandbox.stream.wait_for_clients()
        yield Busy(sandbox, Document(sandbox.url))


@pytest.mark.parametrize("name", [each.name for each in OPERATIONS])
def test_every_operation(busy: Busy, name: str, caplog: pytest.LogCaptureFixture) -> None:
    needs = NEEDS[name](busy) if name in NEEDS else {}
    busy.do(name, needs.pop("body", None), **needs)
    assert not [each for each in caplog.records if each.exc_info]


def test_the_document_is_sound(sandbox: Sandbox) -> None:
    document = Document(sandbox.url)
    assert document.text["openapi"] == "3.1.0"
    assert len(document.operations) == len(OPERATIONS) > 100
    for schema in document.schemas():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    for operation in document.operations.values():
        english, chinese = operation.about["summary"].split(" / ")
        assert english.endswith("."), operation.id
        assert chinese.endswith("。"), operation.id


@pytest.mark.parametrize("name", [each.name for each in OPERATIONS if each.body])
def test_an_empty_body_is_refused_where_one_is_required(busy: Busy, name: str) -> None:
    required = busy.document.operations[name].about["requestBody"]["required"]
    refused = busy.document.call(name, busy.known, b"").status_code in (400, 422)
    assert refused is required


# one to one with Python

ELSEWHERE: Final[dict[str, dict[str, str]]] = {
    "": {
        "start": "whoever runs the sandbox",
        "stop": "whoever runs the sandbox",
        "app": "a client in Python",
        "environ": "about",
        "key": "it is what the request had",
        "company": "its parts",
        "clock": "its parts",
        "calls": "its parts",
        "console": "its parts",
        "outbox": "its parts",
        "pushes": "events",
        "received": "calls.to",
        "add_group": "console.groups.add",
    },
    "stream.": {
        "UNSAVED": "saving",
        "issue_ticket": "an endpoint",
        "redeem": "the WebSocket",
        "came": "the WebSocket",
        "went": "the WebSocket",
        "take": "the WebSocket",
        "keep_alive": "the WebSocket",
        "restored": "loading",
        "wants_events": "the WebSocket",
        "push_event": "push",
        "deliver_again": "deliver_again",
        "wait_for_answer": "the timeout of push_callback",
        "settle": "settle",
    },
    "clock.": {"ahead": "in the reply of clock.now", "on_advance": "functions in Python", "UNSAVED": "saving"},
    "calls.": {
        "add": "the server",
        "kept": "the constructor",
        "last": "the end of calls.to",
        "since": "`after` of calls.to",
        "total": "in the reply of calls.to",
        "index": "a list in Python",
        "count": "a list in Python",
    },
}
"""What the sandbox has in Python and the handle does not have under this name: where it is instead, or whose it is."""


def public(of: object) -> set[str]:
    return {name for name in dir(of) if not name.startswith("_")}


def test_every_operation_is_also_in_python(busy: Busy) -> None:
    for operation in busy.document.operations.values():
        found: Any = busy.sandbox
        for name in operation.python.split("."):
            found = getattr(found, name)  # AttributeError: it is not


def test_everything_in_python_is_also_an_operation(busy: Busy) -> None:
    sandbox, operations = busy.sandbox, busy.document.operations
    served = {operation.python for operation in operations.values()} | busy.do("about").keys()
    served |= {f"stream.{name}" for name in busy.do("read_stream")}
    parts: dict[str, object] = {
        "": sandbox,
        "stream.": sandbox.stream,
        "clock.": sandbox.clock,
        "calls.": sandbox.calls,
    }
    assert [type(part) for part in parts.values()] == [Sandbox, Streams, Clock, Calls]
    console = Console(sandbox.company)
    parts |= {f"console.{name}.": getattr(console, name) for name in public(console)}
    for place, part in parts.items():
        left = {place + name for name in public(part)} - served
        assert left == {place + name for name in ELSEWHERE.get(place, {})}


def test_a_list_has_the_latest(busy: Busy) -> None:
    ids = [busy.event()["id"] for _ in range(3)]
    assert [event["id"] for event in busy.do("list_events", limit=2)] == ids[1:]
    assert len(busy.do("list_messages", limit=1)) == 1
    cards = [busy.card()["out_track_id"] for _ in range(3)]
    assert [card["out_track_id"] for card in busy.do("list_cards", limit=2)] == cards[1:]
    for _ in range(3):
        busy.do("read", **busy.mail())
    assert len(busy.do("list_robot_messages", limit=2, userid="zhaolei")) == 2


def test_calls_are_found_and_paged(busy: Busy, app: DingTalkApp) -> None:
    for userid in ("zhaolei", "sunjing", "nobody"):
        with suppress(ApiError):
            app.run("dingtalk.oapi.v2.user.get", userid=userid)
    page = busy.do("list_calls", api="/topapi/v2/user/get", limit=2)
    assert [call["body"]["userid"] for call in page["calls"]] == ["zhaolei", "sunjing"]
    assert page["calls"][0]["reply"]["result"]["name"] == "赵磊"
    rest = busy.do("list_calls", api="dingtalk.oapi.v2.user.get", after=page["next"])
    assert [(call["code"], call["caller"]) for call in rest["calls"]] == [(60121, busy.sandbox.appkey)]
    assert rest["next"] is None
    failed = busy.do("list_calls", code="60121", status=200, caller=busy.sandbox.appkey, since=rest["calls"][0]["at"])
    assert failed["calls"] == rest["calls"]
    busy.do("clear_calls")
    assert busy.do("list_calls")["calls"] == []
