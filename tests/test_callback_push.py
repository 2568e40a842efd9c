"""The sandbox pushes over HTTP: views reply, URLs are registered, failed events are taken."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from inspect import getsource
from types import ModuleType
from typing import Any

import pytest
import requests
from helpers import on_a_loop
from pushing import KEY, TOKEN, receiving_app, sealed
from sites import SITES, wsgi

import dingtalk_models.views.django
import dingtalk_models.views.flask
import dingtalk_models.views.starlette
from dingtalk_models import (
    BEIJING,
    AlreadyExists,
    ApprovalInstance,
    Department,
    DingTalkApp,
    Event,
    InvalidArgument,
    InvalidRequest,
    NotFound,
    PartlyRead,
    Role,
    Secret,
    Subscription,
    TransportError,
    User,
)
from dingtalk_models.callback.events.approval import BpmsInstanceChange, BpmsTaskChange
from dingtalk_models.callback.events.contact import (
    LabelUserChange,
    OrgDeptCreate,
    OrgDeptModify,
    OrgDeptRemove,
    UserAddOrg,
    UserModifyOrg,
)
from dingtalk_models.callback.subscription import FailedEvent
from dingtalk_models.sandbox import Push, Sandbox
from dingtalk_models.sandbox.server import pushing as pushes
from dingtalk_models.smartwork.form_values import DateRange, FormItem, Select, TextArea

EVENTS = [
    "user_add_org", "user_modify_org", "user_leave_org", "org_dept_create", "org_dept_modify", "org_dept_remove",
    "label_user_change", "bpms_instance_change", "bpms_task_change",
]  # fmt: skip
FAILED = "/call_back/get_call_back_failed_result"


# the first generation's names


def test_the_first_generations_names() -> None:
    with Sandbox() as sandbox:
        app = sandbox.app(token=TOKEN, aes_key=KEY)
        with SITES["flask"](app.callback) as url:
            app.callback.register_callback(EVENTS, url=url)
            assert app.callback.get_callback().url == url
            app.callback.update_callback(["user_add_org"], url=url)
            assert app.callback.get_callback().event_types == ["user_add_org"]
            assert app.callback.get_call_back_failed_result().events == []
            app.callback.delete_callback()
            with pytest.raises(NotFound):
                app.callback.get_callback()
        app.close()


# views, pushed to by the sandbox


@contextmanager
def registered(sandbox: Sandbox, kind: str = "flask") -> Generator[DingTalkApp]:
    """An app of the sandbox, registered for events at a site of its own."""
    app = sandbox.app(token=TOKEN, aes_key=KEY)
    with SITES[kind](app.callback) as url:
        app.callback.subscriptions.register(EVENTS, url=url)
        with app:
            yield app
        app.close()


def told(sandbox: Sandbox) -> list[str]:
    """The types of the pushes so far."""
    sandbox.settle()
    return [push.event_type for push in sandbox.pushes]


@pytest.mark.parametrize("kind", SITES)
def test_a_site_receives_a_push_and_its_answer_is_accepted(sandbox: Sandbox, kind: str) -> None:
    with registered(sandbox, kind) as app:
        joined: list[Event] = []
        app.callback.on(UserAddOrg)(joined.append)
        user = User.create("林薇", "13800138001", [100])
        sandbox.settle()
        assert [push.accepted for push in sandbox.pushes] == [True]
        assert isinstance(joined[0], UserAddOrg)
        assert joined[0].userids == [user.userid]
        assert joined[0].corp_id == sandbox.corp_id


@pytest.mark.parametrize("kind", SITES)
def test_an_event_delivered_twice_is_answered_twice_and_handled_once(sandbox: Sandbox, kind: str) -> None:
    with registered(sandbox, kind) as app:
        joined: list[Event] = []
        app.callback.on(UserAddOrg)(joined.append)
        push = sandbox.deliver_again(sandbox.push("user_add_org", userId=["u1"]))
        assert [attempt.problem for attempt in push.attempts] == [None, None]
        assert len(joined) == 1


@pytest.mark.parametrize("kind", SITES)
def test_where_a_handler_raises_the_sandbox_delivers_again(sandbox: Sandbox, kind: str) -> None:
    with registered(sandbox, kind) as app:
        seen: list[str] = []

        @app.callback.on("user_add_org")
        def handle(event: UserAddOrg) -> None:
            seen.append(event.userids[0])
            if len(seen) < 3:
                raise OSError("the database is down")

        if kind == "fastapi":  # an async site may use both kinds
            app.callback.handlers["user_add_org"] = [_awaited(handle)]
        push = sandbox.push("user_add_org", userId=["u1"])
        assert [attempt.problem for attempt in push.attempts] == ["HTTP 500"]
        sandbox.clock.advance(5)  # time goes on by itself, too
        sandbox.settle()
        assert len(push.attempts) == 1
        sandbox.clock.advance(5)
        sandbox.settle()
        assert [attempt.problem for attempt in push.attempts] == ["HTTP 500", "HTTP 500"]
        sandbox.clock.advance(20)
        sandbox.settle()
        assert push.accepted
        assert seen == ["u1"] * 3
        assert push.attempts[2].at - push.at >= 30
        assert app.callback.subscriptions.take_failed() == []


def _awaited(handle: Callable[[UserAddOrg], None]) -> Callable[[UserAddOrg], Any]:
    async def awaited(event: UserAddOrg) -> None:
        await asyncio.sleep(0)
        handle(event)

    return awaited


@pytest.mark.parametrize("kind", SITES)
def test_a_site_refuses_a_forged_push(sandbox: Sandbox, kind: str) -> None:
    with registered(sandbox, kind) as app:
        url = app.callback.subscriptions.get().url
        query, body = sealed(receiving_app())  # the right token and key, another company's owner
        forged = [
            requests.post(url, params=query, data=body, timeout=5),
            requests.post(url, params={**query, "nonce": "another"}, data=body, timeout=5),
            requests.post(url, data=b"\xff", timeout=5),
        ]
        assert [answer.status_code for answer in forged] == [403] * 3
        assert requests.get(url, timeout=5).status_code == 405


@pytest.mark.parametrize(
    "module",
    [dingtalk_models.views.django, dingtalk_models.views.flask, dingtalk_models.views.starlette],
    ids=lambda module: module.__name__.rpartition(".")[2],
)
def test_a_view_is_short(module: ModuleType) -> None:
    assert len(getsource(module.view).splitlines()) < 30


# what the sandbox tells


def test_changes_of_people_are_told(sandbox: Sandbox) -> None:
    with registered(sandbox) as app:
        changed: list[UserModifyOrg] = []
        app.callback.on(UserModifyOrg)(changed.append)
        user = User.create("林薇", "13800138001", [100], userid="linwei")
        user.update(name="林微", job_number="DF99")
        user.delete()
        assert told(sandbox) == ["user_add_org", "user_modify_org", "user_leave_org"]
        diff = changed[0].diff
        assert (diff.userid, diff.prev.name, diff.curr.name, diff.curr.job_number) == ("linwei", "林薇", "林微", "DF99")
        assert all(push.accepted for push in sandbox.pushes)


def test_changes_of_departments_and_roles_are_told(sandbox: Sandbox) -> None:
    with registered(sandbox) as app:
        events: list[Event] = []
        app.callback.on(Event)(events.append)
        department = Department.create("客户成功部")
        department.update(name="客户服务部")
        department.delete()
        Role.objects.assign([914], ["heli", "lvbo"])
        Role.objects.revoke([914], ["lvbo"])
        User.get("heli")  # reading tells nothing
        sandbox.settle()
        created, modified, removed, given, taken = events
        assert isinstance(created, OrgDeptCreate)
        assert isinstance(modified, OrgDeptModify)
        assert isinstance(removed, OrgDeptRemove)
        assert created.dept_ids == modified.dept_ids == removed.dept_ids == [department.dept_id]
        assert isinstance(given, LabelUserChange)
        assert isinstance(taken, LabelUserChange)
        assert (given.action, given.userids, given.role_ids) == ("add", ["heli", "lvbo"], [914])
        assert (taken.action, taken.userids) == ("remove", ["lvbo"])


def test_an_approval_is_told_step_by_step(sandbox: Sandbox) -> None:
    with registered(sandbox) as app:
        events: list[BpmsInstanceChange | BpmsTaskChange] = []
        app.callback.on(BpmsInstanceChange)(events.append)
        app.callback.on(BpmsTaskChange)(events.append)
        begin, end = (datetime(2026, 12, 1, hour, tzinfo=BEIJING) for hour in (9, 18))
        leave: list[FormItem] = [
            Select("请假类型", "年假"),
            DateRange(("开始时间", "结束时间"), begin, end),
            TextArea("请假事由", "旅行"),
        ]
        instance = ApprovalInstance.create("PROC-LEAVE", "yangfan", leave, dept_id=110)
        for _ in range(2):
            instance.refresh()
            task = next(task for task in instance.tasks if task.status == "RUNNING")
            ApprovalInstance.objects.execute(instance.process_instance_id, task.task_id, task.userid or "", "agree")
        sandbox.settle()
        kinds = [(event.type.split("_")[1], event.change, event.staff_id, event.result) for event in events]
        assert kinds == [
            ("instance", "start", "yangfan", None),
            ("task", "start", "sunjing", None),
            ("task", "finish", "sunjing", "agree"),
            ("task", "start", "liuyang", None),
            ("task", "finish", "liuyang", "agree"),
            ("instance", "finish", "yangfan", "agree"),
        ]
        assert {event.process_instance_id for event in events} == {instance.process_instance_id}
        assert events[-1].subject == "杨帆提交的请假"
        assert events[-1].finish_time


def test_only_what_is_registered_is_told(sandbox: Sandbox) -> None:
    with registered(sandbox) as app:
        app.callback.subscriptions.update(["user_leave_org"], url=app.callback.subscriptions.get().url)
        user = User.create("林薇", "13800138001", [100])
        user.delete()
        assert told(sandbox) == ["user_leave_org"]
        app.callback.subscriptions.delete()
        User.create("林薇", "13800138001", [100])
        assert told(sandbox) == ["user_leave_org"]


def test_a_handler_may_call_the_platform(sandbox: Sandbox) -> None:
    with registered(sandbox) as app:
        names: list[str] = []
        app.callback.on(UserAddOrg)(lambda event: names.append(app.contact.users.get(event.userids[0]).name))
        User.create("林薇", "13800138001", [100])
        sandbox.settle()
        assert names == ["林薇"]


# subscriptions


def test_a_subscription_in_all_its_uses(sandbox: Sandbox) -> None:
    with registered(sandbox) as app:
        url = app.callback.subscriptions.get().url
        subscription = Subscription.get()
        assert (subscription.event_types, subscription.url, subscription.token) == (EVENTS, url, Secret(TOKEN))
        assert subscription.aes_key == Secret(KEY)
        assert TOKEN not in repr(subscription)
        assert KEY not in repr(subscription)
        subscription.update(["user_add_org"])
        assert subscription.refresh().event_types == ["user_add_org"]
        subscription.event_types = ["check_in", "user_add_org"]
        assert subscription.save().refresh().event_types == ["check_in", "user_add_org"]
        with pytest.raises(AlreadyExists):
            Subscription.create(EVENTS, url=url)
        name = "dingtalk.oapi.call_back."
        app.run(f"{name}update_call_back", call_back_tag=EVENTS, token=TOKEN, aes_key=KEY, url=url)
        assert app.run(f"{name}get_call_back").event_types == EVENTS
        subscription.delete()
        with pytest.raises(NotFound):
            app.run(f"{name}delete_call_back")
        app.run(f"{name}register_call_back", call_back_tag=EVENTS, token=TOKEN, aes_key=KEY, url=url)
        assert app.run(f"{name}get_call_back_failed_result").events == []


@on_a_loop
async def test_a_subscription_awaited_and_unsent(sandbox: Sandbox) -> None:
    app = sandbox.app(token=TOKEN, aes_key=KEY)
    manager = app.callback.subscriptions
    with SITES["fastapi"](app.callback) as url:
        app.callback_url = url
        await manager.register.aio(EVENTS)
        assert (await manager.get.aio()).url == url
        await manager.update.aio(["user_add_org"])
        assert (await manager.take_failed.aio(), (await manager.take_failed_page.aio()).has_more) == ([], False)
        await (await manager.get.aio()).delete.aio()
        with pytest.raises(NotFound):
            await manager.delete.aio()
    request = manager.register.call(["check_in"]).request
    assert request.body == {"call_back_tag": ["check_in"], "token": Secret(TOKEN), "aes_key": Secret(KEY), "url": url}
    assert str(manager.get.call().endpoint) == "GET /call_back/get_call_back"
    await app.aclose()


def test_what_is_wrong_is_said_before_anything_is_sent(sandbox: Sandbox) -> None:
    app = sandbox.app()
    with pytest.raises(InvalidArgument, match="token: required"):
        app.callback.subscriptions.register(["user_add_org"], aes_key=KEY, url="http://127.0.0.1/")
    with pytest.raises(InvalidArgument) as refused:
        app.callback.subscriptions.register([], token="short", aes_key="short", url="http://127.0.0.1/")
    assert {problem.field for problem in refused.value.problems} == {"event_types", "token", "aes_key"}
    assert sandbox.calls == []
    app.close()


def answering(status: str, body: bytes) -> Any:
    """A site that answers everything alike."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start(status, [("Content-Type", "application/json"), ("Location", "/elsewhere")])
        return [body]

    return wsgi(application)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        ("200 OK", b"success", 71009),
        ("200 OK", b'{"msg_signature": "x", "timeStamp": "1", "nonce": "n", "encrypt": "x"}', 71009),
        ("500 Oops", b"", 71012),
        ("302 Found", b"", 71012),
    ],
)
def test_an_address_that_does_not_answer_as_it_has_to(sandbox: Sandbox, status: str, body: bytes, code: int) -> None:
    app = sandbox.app(token=TOKEN, aes_key=KEY)
    with answering(status, body) as url, pytest.raises(InvalidRequest) as refused:
        app.callback.subscriptions.register(EVENTS, url=url)
    assert refused.value.code == code
    with pytest.raises(NotFound):
        app.callback.subscriptions.get()
    app.close()


def test_other_refusals_of_a_registration(sandbox: Sandbox) -> None:
    app = sandbox.app(token=TOKEN, aes_key=KEY)
    cases = {
        71008: (["no_such_event"], "http://127.0.0.1:1/"),
        71011: (EVENTS, "ftp:x"),
        71012: (EVENTS, "http://127.0.0.1:1/"),
    }
    for code, (tags, url) in cases.items():
        with pytest.raises(InvalidRequest) as refused:
            app.callback.subscriptions.register(tags, url=url)
        assert refused.value.code == code
    with pytest.raises(NotFound):
        app.callback.subscriptions.update(EVENTS, url="http://127.0.0.1:1/")
    answer = requests.post(
        f"{sandbox.url}/call_back/register_call_back?access_token={app.access_token}", json={}, timeout=5
    )
    assert answer.json()["errcode"] == 71010
    app.close()


# what failed


def failed_for_good(sandbox: Sandbox, *pushed: Push) -> None:
    for seconds in (10, 20):
        sandbox.clock.advance(seconds)
        sandbox.settle()
    assert all(len(push.attempts) == 3 and not push.accepted for push in pushed)


def test_what_failed_for_good_is_told_once(sandbox: Sandbox) -> None:
    with registered(sandbox) as app:

        @app.callback.on(Event)
        def broken(event: Event) -> None:
            raise OSError("the database is down")

        pushed = [
            sandbox.push("user_add_org", userId=["u1"]),
            sandbox.push("org_dept_create", deptId=[7]),
            sandbox.push("bpms_instance_change", processInstanceId="p1", type="finish", result="agree"),
            sandbox.push("label_user_change", userIdList=["u1"], labelIdList=[9], action="add"),
        ]
        assert app.callback.subscriptions.take_failed() == []
        failed_for_good(sandbox, *pushed)
        failed = app.callback.subscriptions.take_failed()
        events = [each.event for each in failed]
        assert [event.payload["EventTime"] for event in events] == [push.payload["EventTime"] for push in pushed]
        assert [type(event).__name__ for event in events] == [
            "UserAddOrg", "OrgDeptCreate", "BpmsInstanceChange", "LabelUserChange",
        ]  # fmt: skip
        assert events[0] == UserAddOrg.read(events[0].payload)
        assert {event.corp_id for event in events} == {sandbox.corp_id}
        names = ("userids", "dept_ids", "result", "role_ids")
        fields = [getattr(event, name) for event, name in zip(events, names, strict=True)]
        assert fields == [["u1"], [7], "agree", [9]]
        assert app.callback.subscriptions.take_failed() == []
        assert app.callback.subscriptions.take_failed_page().events == []
        # what failed can be handled after all
        app.callback.handlers.clear()
        handled: list[Event] = []
        app.callback.on(Event)(handled.append)
        assert [app.callback.handle(event) for event in events] == [False] * 4
        assert handled == events


def test_a_slow_answer_fails(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with registered(sandbox) as app:
        monkeypatch.setattr(pushes, "DEADLINE", 0.1)
        over = threading.Event()
        app.callback.on("user_add_org")(lambda event: over.wait(10))
        push = sandbox.push("user_add_org", userId=["u1"])
        over.set()
        assert push.attempts[0].problem in {"ReadTimeout", "too late"}


def fill_failed(sandbox: Sandbox, number: int) -> None:
    head = {"EventType": "user_add_org", "EventTime": 1606126433000, "CorpId": sandbox.corp_id}
    sandbox.company.callbacks.failed += [Push({**head, "userId": [f"u{n}"]}, None) for n in range(number)]


def ids(events: list[FailedEvent]) -> list[str]:
    return [UserAddOrg.read(each.event.payload).userids[0] for each in events]


def test_failed_events_come_page_by_page_and_each_is_kept_before_the_next(sandbox: Sandbox) -> None:
    app = sandbox.app()
    fill_failed(sandbox, 450)
    calls: list[tuple[int, int]] = []

    def keep(page: list[FailedEvent]) -> None:
        calls.append((len(page), len(sandbox.received(FAILED))))

    events = app.callback.subscriptions.take_failed(keep)
    assert calls == [(200, 1), (200, 2), (50, 3)]
    assert ids(events) == [f"u{n}" for n in range(450)]
    app.close()


def test_a_page_that_is_lost_does_not_take_the_others_along(sandbox: Sandbox) -> None:
    app = sandbox.app()
    fill_failed(sandbox, 450)
    kept: list[FailedEvent] = []

    def keep(page: list[FailedEvent]) -> None:
        kept.extend(page)
        sandbox.fail(FAILED, drop="after", times=1)

    with pytest.raises(PartlyRead) as broken:
        app.callback.subscriptions.take_failed(keep)
    assert len(broken.value.read) == len(kept) == 200
    assert isinstance(broken.value.__cause__, TransportError)
    # the answer was lost, and not asked for again as if nothing had been in it
    assert len(sandbox.received(FAILED)) == 2
    app.close()


def test_an_interrupt_says_how_many_events_were_taken(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    app = sandbox.app()
    fill_failed(sandbox, 3)

    def keep(page: list[FailedEvent]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        app.callback.subscriptions.take_failed(keep)
    assert "3 failed events were taken, and are not sent again" in caplog.text
    app.close()


@on_a_loop
async def test_what_cannot_be_kept_is_in_the_error(sandbox: Sandbox) -> None:
    app = sandbox.app()
    fill_failed(sandbox, 3)

    def keep(page: list[FailedEvent]) -> None:
        raise OSError("disk full")

    with pytest.raises(PartlyRead) as broken:
        await app.callback.subscriptions.take_failed.aio(keep)
    assert ids(list(broken.value.read)) == ["u0", "u1", "u2"]
    assert isinstance(broken.value.__cause__, OSError)
    await app.aclose()


def test_where_nothing_was_read_the_error_is_its_own(sandbox: Sandbox) -> None:
    app = sandbox.app(retry=None)
    sandbox.fail(FAILED, status=503)
    with pytest.raises(TransportError):
        app.callback.subscriptions.take_failed()
    app.close()
