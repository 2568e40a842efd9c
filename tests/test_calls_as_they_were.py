"""Calls of the first generation, kept as they were: each method, with the parameters that it took.

The table has the calls. `app` has no type there, as it had none then; what type checkers say of such calls is in
tests/typing/exact.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from generators import facts
from helpers import awaited, sent, whole
from older_calls import PAGE, World, department, last_body, sha1, user
from sites import flask_site

from dingtalk_models import BEIJING, InvalidArgument, SignatureMismatch, operations
from dingtalk_models.first_generation.contact_fields import (
    OldDepartmentChanges,
    OldNewDepartmentFields,
    OldNewUserFields,
    OldUserChanges,
)
from dingtalk_models.sandbox import Sandbox

TOKEN, KEY = "123456", "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"
FORM = [
    {"name": "请假类型", "value": "事假"},
    {"name": '["开始时间","结束时间"]', "value": '["2026-10-01 09:00","2026-10-02 18:00"]'},
    {"name": "请假事由", "value": "回家"},
]


Kept = tuple[Callable[[Any, World], object], Callable[[Any, World], bool]]
"""A call, and whether it did what it should."""


CREDENTIALS: dict[str, Kept] = {
    "get_access_token": (lambda app, _: app.get_access_token(), lambda it, world: it == world.app.access_token),
    "auth.get_access_token": (
        lambda app, _: app.auth.get_access_token(),
        lambda it, world: it == world.app.access_token,
    ),
    "refresh_access_token": (lambda app, _: app.refresh_access_token(7000), lambda it, _: len(it) > 10),
    "auth.refresh_access_token": (
        lambda app, _: app.auth.refresh_access_token(time_out=7000),
        lambda it, _: len(it) > 10,
    ),
    "get_jsapi_ticket": (lambda app, _: app.get_jsapi_ticket(), lambda it, world: it == world.app.jsapi_ticket),
    "refresh_jsapi_ticket": (lambda app, _: app.refresh_jsapi_ticket(time_out=3600), lambda it, _: len(it) > 10),
    "auth.refresh_jsapi_ticket": (lambda app, _: app.auth.refresh_jsapi_ticket(3600), lambda it, _: len(it) > 10),
    "jsapi_signature": (
        lambda app, _: app.jsapi_signature("ticket", "nonce", 1510819200, PAGE),
        lambda it, _: it.signature == sha1(),
    ),
    "jsapi_signature by name": (
        lambda app, _: app.jsapi_signature(jsapi_ticket="ticket", noncestr="nonce", timestamp=1510819200, url=PAGE),
        lambda it, _: it.signature == sha1(),
    ),
    "auth.jsapi_signature": (
        lambda app, _: app.auth.jsapi_signature("ticket", "nonce", "1510819200", PAGE),
        lambda it, _: it.signature == sha1(),
    ),
    "space_id": (lambda app, _: app.space_id, lambda it, world: it == world.app.file.get_custom_space().id),
    "run": (
        lambda app, _: app.run("dingtalk.corp.ext.listlabelgroups", size=20, offset=0),
        lambda it, _: len(list(it)) > 1,
    ),
}

CONTACTS: dict[str, Kept] = {
    "contact.get_user": (lambda app, _: app.contact.get_user(user_id="sunjing"), lambda it, _: it.userid == "sunjing"),
    "contact.get_user in place": (lambda app, _: app.contact.get_user("sunjing"), lambda it, _: it.userid == "sunjing"),
    "contact.create_user": (
        lambda app, _: app.contact.create_user(
            name="马小云",
            mobile="16658888882",
            department=[110],
            orderInDepts={110: 8},
            position="讲师",
            positionInDepts={"110": "组长"},
            tel="8001",
            workPlace="杭州",
            remark="无",
            email="ma@acme.example",
            jobnumber="A1",
            isHide=True,
            isSenior=False,
            extattr={"爱好": "旅游"},
            hiredDate=1519747200000,
        ),
        lambda it, world: (
            it.title == "讲师"
            and user(
                world,
                name="马小云",
                mobile="16658888882",
                dept_id_list=[110],
                title="讲师",
                telephone="8001",
                work_place="杭州",
                job_number="A1",
                hide_mobile=True,
                extension={"爱好": "旅游"},
                hired_date=datetime(2018, 2, 28, tzinfo=BEIJING),
            )
            and (110, 8) in [(each.dept_id, each.order) for each in it.refresh().dept_order_list]
        ),
    ),
    "contact.update_user": (
        lambda app, world: app.contact.update_user(
            userid=world.user(), name="马小云", department=[100], orderInDepts={100: 8}, position="讲师", lang="zh_CN"
        ),
        lambda _, world: user(world, name="马小云", dept_id_list=[100], title="讲师"),
    ),
    "contact.delete_user": (
        lambda app, world: app.contact.delete_user(userid=world.user()),
        lambda _, world: "新人" not in {each.name for each in world.company.users.values()},
    ),
    "contact.get_dept_user_list": (
        lambda app, _: app.contact.get_dept_user_list(department_id=110),
        lambda it, _: len(list(it)) > 1,
    ),
    "contact.get_dept_user_list in place": (
        lambda app, _: app.contact.get_dept_user_list(110),
        lambda it, _: len(list(it)) > 1,
    ),
    "contact.get_all_dept_user_list": (
        lambda app, _: app.contact.get_all_dept_user_list(department_id=110),
        lambda it, _: len(list(it)) > 1,
    ),
    "contact.get_all_org_users": (
        lambda app, _: app.contact.get_all_org_users(),
        lambda it, world: len(list(it)) == len(world.company.users),
    ),
    "contact.get_all_users": (
        lambda app, _: app.contact.get_all_users(),
        lambda it, world: len(list(it)) == len(world.company.users),
    ),
    "contact.get_org_user_count": (
        lambda app, _: app.contact.get_org_user_count(only_active=1),
        lambda it, world: it == sum(each.active for each in world.company.users.values()),
    ),
    "contact.get_user_departments": (
        lambda app, _: app.contact.get_user_departments(userid="sunjing"),
        lambda it, _: it[0] == [110, 100, 1],
    ),
    "contact.get_user_by_code": (
        lambda app, world: app.contact.get_user_by_code(code=world.sandbox.login_code("liuyang")),
        lambda it, _: it.userid == "liuyang",
    ),
    "contact.get_department_id_list": (
        lambda app, _: app.contact.get_department_id_list(dept_id=300),
        lambda it, _: it == [310, 320],
    ),
    "contact.get_all_department_id_list": (
        lambda app, _: app.contact.get_all_department_id_list(),
        lambda it, world: set(it) == set(world.company.departments),
    ),
    "contact.get_department_list": (
        lambda app, _: app.contact.get_department_list(),
        lambda it, world: {each.dept_id for each in it} == set(world.company.departments) - {1},
    ),
    "contact.get_department_list below one": (
        lambda app, _: app.contact.get_department_list(id_=300),
        lambda it, _: [each.dept_id for each in it] == [310, 320],
    ),
    "contact.get_department_list of none": (
        lambda app, _: app.contact.get_department_list(None),
        lambda it, world: {each.dept_id for each in it} == set(world.company.departments) - {1},
    ),
    "contact.get_department": (
        lambda app, _: app.contact.get_department(id_=110),
        lambda it, _: it.name == "平台研发部",
    ),
    "contact.create_department": (
        lambda app, _: app.contact.create_department(name="档案部", parentid=1),
        lambda it, world: it.parent_id == 1 and department(world, name="档案部", parent_id=1),
    ),
    "contact.create_department with the rest": (
        lambda app, _: app.contact.create_department(
            name="档案部",
            parentid="100",
            order="5",
            createDeptGroup=True,
            deptHiding=True,
            deptPermits="200|300",
            userPermits="heli|hanmei",
            outerDept=True,
        ),
        lambda _, world: department(
            world,
            name="档案部",
            parent_id=100,
            order=5,
            create_dept_group=True,
            hide_dept=True,
            dept_permits=[200, 300],
            user_permits=["heli", "hanmei"],
            outer_dept=True,
        ),
    ),
    "contact.update_department": (
        lambda app, world: app.contact.update_department(
            id=world.dept(), name="旧部门", parentid=200, deptManagerUseridList="", lang="zh_CN"
        ),
        lambda _, world: department(world, name="旧部门", parent_id=200),
    ),
    "contact.delete_department": (
        lambda app, world: app.contact.delete_department(id_=world.dept()),
        lambda _, world: "新部门" not in {each.name for each in world.company.departments.values()},
    ),
    "contact.get_corp_role_list": (
        lambda app, _: app.contact.get_corp_role_list(size=20, offset=0),
        lambda it, _: len(list(it)) > 1,
    ),
    "contact.get_corp_role_list in place": (
        lambda app, _: app.contact.get_corp_role_list(20, 1),
        lambda it, world: [each.name for each in it] == [each.name for each in world.company.role_groups.values()][1:],
    ),
    "contact.get_all_corp_role_list": (
        lambda app, _: app.contact.get_all_corp_role_list(),
        lambda it, world: len(list(it)) == len(world.company.role_groups),
    ),
    "contact.get_role_simple_list": (
        lambda app, _: app.contact.get_role_simple_list(role_id=911, size=20, offset=0),
        lambda it, _: whole(it) != [],
    ),
    "contact.get_role_simple_list in place": (
        lambda app, _: app.contact.get_role_simple_list(911, 20, 0),
        lambda it, _: whole(it) != [],
    ),
    "contact.get_role_group": (
        lambda app, _: app.contact.get_role_group(group_id=910),
        lambda it, _: it.group_id == 910,
    ),
    "contact.add_roles_for_emps": (
        lambda app, world: app.contact.add_roles_for_emps(rolelid_list=[914], userid_list=[world.user()]),
        lambda _, world: user(world, name="新人") and "914" in str(last_body(world, "/topapi/role/addrolesforemps")),
    ),
    "contact.remove_roles_for_emps": (
        lambda app, world: app.contact.remove_roles_for_emps(rolelid_list=[914], userid_list=[world.user()]),
        lambda _, world: "914" in str(last_body(world, "/topapi/role/removerolesforemps")),
    ),
}

CUSTOMERS: dict[str, Kept] = {
    "customer.get_label_groups": (
        lambda app, _: app.customer.get_label_groups(size=20, offset=0),
        lambda it, _: len(list(it)) > 1,
    ),
    "customer.get_label_groups in place": (
        lambda app, _: app.customer.get_label_groups(100, 0),
        lambda it, _: len(list(it)) > 1,
    ),
    "customer.get_all_label_groups": (
        lambda app, _: app.customer.get_all_label_groups(),
        lambda it, _: len(list(it)) > 1,
    ),
    "customer.get_ext_list": (
        lambda app, world: (world.contact_id(), app.customer.get_ext_list(20, 0))[1],
        lambda it, _: [each.name for each in it] == ["客户"],
    ),
    "customer.get_all_ext_list": (lambda app, _: app.customer.get_all_ext_list(), lambda it, _: list(it) == []),
    "customer.add_corp_ext": (
        lambda app, world: app.customer.add_corp_ext(contact_info=world.contact(mobile=18605203032, state_code=86)),
        lambda it, world: (
            (it.mobile, it.follower_userid) == ("18605203032", "caohui") and it.refresh().share_dept_ids == [100]
        ),
    ),
    "customer.add_corp_ext in place": (
        lambda app, world: app.customer.add_corp_ext(world.contact(mobile="18605203032", state_code="86")),
        lambda it, _: (it.title, it.share_userids) == ("经理", ["sunjing"]),
    ),
    "customer.update_corp_ext": (
        lambda app, world: app.customer.update_corp_ext(contact_info=world.contact(user_id=world.contact_id())),
        lambda _, world: [each.title for each in world.company.clientele.contacts.values()] == ["经理"],
    ),
    "customer.delete_corp_ext": (
        lambda app, world: app.customer.delete_corp_ext(user_id=world.contact_id()),
        lambda _, world: world.company.clientele.contacts == {},
    ),
}

MESSAGES: dict[str, Kept] = {
    "message.async_send_msg": (
        lambda app, _: app.message.async_send_msg(
            msgtype="text", userid_list=["sunjing", "liuyang", "sunjing"], msgcontent={"content": "现在为您报时"}
        ),
        lambda it, _: sorted(it.result().unread) == ["liuyang", "sunjing"],
    ),
    "message.async_send_msg with an action card": (
        lambda app, _: app.message.async_send_msg(
            "action_card",
            {
                "title": "报时",
                "markdown": "支持markdown格式的正文内容",
                "btn_orientation": "1",
                "btn_json_list": [
                    {"title": "一个按钮", "action_url": "https://www.example.com"},
                    {"title": "两个按钮", "action_url": "https://www.example.com"},
                ],
            },
            "sunjing,liuyang",
        ),
        lambda it, _: len(it.task_ids) == 1,
    ),
    "message.async_send_msg with a link": (
        lambda app, _: app.message.async_send_msg(
            msgtype="link",
            dept_id_list=[110],
            msgcontent={
                "messageUrl": "http://s.example.com",
                "picUrl": "@lALOACZwe2Rk",
                "title": "报时",
                "text": "12 点",
            },
        ),
        lambda it, _: len(it.task_ids) == 1,
    ),
    "message.get_msg_send_result": (
        lambda app, world: app.message.get_msg_send_result(task_id=world.task(), agent_id=world.sandbox.agent_id),
        lambda it, _: it.unread == ["sunjing"],
    ),
    "message.get_msg_send_result in place": (
        lambda app, world: app.message.get_msg_send_result(world.task(), world.sandbox.agent_id),
        lambda it, _: it.unread == ["sunjing"],
    ),
    "message.get_msg_send_progress": (
        lambda app, world: app.message.get_msg_send_progress(world.task(), None),
        lambda it, _: it.done,
    ),
}

FILES: dict[str, Kept] = {
    "file.get_custom_space": (
        lambda app, _: app.file.get_custom_space(),
        lambda it, world: it.id == world.app.space_id,
    ),
}

WORK: dict[str, Kept] = {
    "smartwork.get_schedule_list": (
        lambda app, world: app.smartwork.get_schedule_list(work_date=world.now, offset=0, size=200),
        lambda it, world: {each.plan_check_time.date() for each in it} <= {world.now.date()},
    ),
    "smartwork.get_schedule_list in place": (
        lambda app, world: app.smartwork.get_schedule_list(datetime(2026, 3, 2, 23, 30), 0, 200),  # noqa: DTZ001
        lambda it, world: (
            whole(it) is not None
            and last_body(world, "/topapi/attendance/listschedule")["workDate"][:10] == "2026-03-02"
        ),
    ),
    "smartwork.get_simple_groups": (
        lambda app, _: app.smartwork.get_simple_groups(offset=0, size=10),
        lambda it, _: whole(it) != [],
    ),
    "smartwork.get_simple_groups in place": (
        lambda app, _: app.smartwork.get_simple_groups(0, 10),
        lambda it, _: whole(it) != [],
    ),
    "smartwork.get_attendance_record_list": (
        lambda app, world: app.smartwork.get_attendance_record_list(
            user_ids=["sunjing"], check_data_from=world.now - timedelta(days=1), check_data_to=world.now
        ),
        lambda it, world: (
            whole(it) is not None and last_body(world, "/attendance/listRecord")["checkDateTo"] == str(world.now)
        ),
    ),
    "smartwork.get_attendance_record_list of texts": (
        lambda app, world: app.smartwork.get_attendance_record_list(
            ["sunjing"], str(world.now - timedelta(days=1)), str(world.now)
        ),
        lambda it, world: (
            whole(it) is not None and last_body(world, "/attendance/listRecord")["checkDateTo"] == str(world.now)
        ),
    ),
    "smartwork.get_bpms_instance_list": (
        lambda app, world: (
            world.approval(),  # first: the span ends when the list is described
            app.smartwork.get_bpms_instance_list(
                process_code="PROC-LEAVE", start_time=world.now - timedelta(days=1), end_time=None, size=10, cursor=0
            ),
        ),
        lambda it, world: (
            {it[0]} == {each.process_instance_id for each in it[1]}
            and last_body(world, "/v1.0/workflow/processes/instanceIds/query")["maxResults"] == 10
        ),
    ),
    "smartwork.get_bpms_instance_list from a cursor": (
        lambda app, world: app.smartwork.get_bpms_instance_list(
            "PROC-LEAVE", world.now - timedelta(days=1), world.now + timedelta(hours=1), 10, 1
        ),
        lambda it, world: [world.approval(), world.approval()][1:] == [each.process_instance_id for each in it],
    ),
    "smartwork.get_all_bpms_instance_list": (
        lambda app, world: (
            world.approval(),
            app.smartwork.get_all_bpms_instance_list(
                process_code="PROC-LEAVE", start_time=world.now - timedelta(days=300)
            ),
        ),
        lambda it, _: {it[0]} == {each.process_instance_id for each in it[1]},
    ),
    "smartwork.create_bpms_instance": (
        lambda app, _: app.smartwork.create_bpms_instance(
            process_code="PROC-LEAVE",
            originator_user_id="sunjing",
            dept_id=110,
            approvers=["zhaolei", "liuyang"],
            form_component_values=FORM,
        ),
        lambda it, world: it.refresh().approver_userids == ["zhaolei", "liuyang"],
    ),
    "smartwork.create_bpms_instance in place": (
        lambda app, _: app.smartwork.create_bpms_instance(
            "PROC-LEAVE", "sunjing", 110, "zhaolei", FORM, None, "hanmei", "START"
        ),
        lambda it, world: it.refresh().cc_userids == ["hanmei"],
    ),
}

PUSHES: dict[str, Kept] = {
    "callback.encrypt": (
        lambda app, _: app.callback.encrypt(plaintext="success", buf="1234567890123456"),
        lambda it, world: it == world.app.callback.crypto.encrypt("success", random=b"1234567890123456"),
    ),
    "callback.decrypt": (
        lambda app, _: app.callback.decrypt(ciphertext=app.callback.encrypt("中文")),
        lambda it, _: it == "中文",
    ),
    "callback.encrypt_text, decrypt_text": (
        lambda app, _: app.callback.decrypt_text(ciphertext=app.callback.encrypt_text(plaintext="中文")),
        lambda it, _: it == "中文",
    ),
    "callback.generate_callback_signature": (
        lambda app, _: app.callback.generate_callback_signature(data="x", timestamp="1783610513", nonce="n"),
        lambda it, world: it == world.app.callback.crypto.signature("1783610513", "n", "x"),
    ),
    "callback.check_callback_signature": (
        lambda app, _: app.callback.check_callback_signature(
            signature=app.callback.generate_callback_signature("x", 1783610513, "n"),
            ciphertext="x",
            timestamp="1783610513",
            nonce="n",
        ),
        lambda it, _: it is True,
    ),
    "callback.return_success": (
        lambda app, _: app.callback.return_success(),
        lambda it, world: world.app.callback.decrypt(it["encrypt"]) == "success",
    ),
    "callback.check_url": (
        lambda app, world: app.callback.check_url(**world.push()),
        lambda it, world: world.app.callback.decrypt(it["encrypt"]) == "success",
    ),
}

CALLS = CREDENTIALS | CONTACTS | CUSTOMERS | MESSAGES | FILES | WORK | PUSHES
"""Each call as it was, and whether it is right."""


@pytest.fixture
def world(sandbox: Sandbox) -> Iterator[World]:
    app = sandbox.app(domain="archive", token=TOKEN, aes_key=KEY)
    yield World(sandbox, app)
    app.close()


@pytest.mark.parametrize(("call", "right"), CALLS.values(), ids=CALLS)
def test_a_call_works_as_it_was(
    world: World, call: Callable[[Any, World], object], right: Callable[[Any, World], bool]
) -> None:
    assert right(call(world.app, world), world)


def test_the_registration_for_events_is_as_it_was(world: World) -> None:
    app: Any = world.app
    with flask_site(app.callback) as url:
        app.callback_url = url
        app.callback.register_callback(callback_tag=["user_add_org"])
        assert app.callback.get_callback().event_types == ["user_add_org"]
        app.callback.update_callback(["user_modify_org"])
        assert app.callback.get_callback().event_types == ["user_modify_org"]
        assert app.callback.get_call_back_failed_result().events == []
        app.callback.delete_callback()


# Awaited and unsent, they take both kinds of parameters too


def test_they_are_translated_in_each_use(world: World) -> None:
    app: Any = world.app
    get = app.contact.get_user
    for given in ({"user_id": "sunjing"}, {"userid": "sunjing", "language": "en_US"}):
        found = get(**given), awaited(app, functools.partial(get.aio, **given)), sent(app, get.call(**given))
        assert [each.userid for each in found] == ["sunjing"] * 3
    before = app.contact.get_department_list.call(id_=300)
    assert [each.dept_id for each in before] == [310, 320]
    assert awaited(app, lambda: app.contact.get_dept_user_list.aio(department_id=110)) != []


# What is refused


REFUSED: dict[str, tuple[Callable[[Any], object], str]] = {
    "a misspelled name of then": (
        lambda app: app.contact.update_user(userid="sunjing", positon="讲师"),
        "positon: unknown; did you mean 'position'?",
    ),
    "a misspelled name of now": (
        lambda app: app.contact.create_department(name="档案部", parent_ids=1),
        "parent_ids: unknown; did you mean 'parent_id'?",
    ),
    "a misspelled name of a method": (
        lambda app: app.contact.get_user(usr_id="sunjing"),
        "usr_id: unknown; did you mean 'user",
    ),
    "both names": (lambda app: app.contact.get_user(user_id="a", userid="b"), "userid: given twice"),
    "a place and a name": (lambda app: app.contact.get_user("a", user_id="b"), "user_id: given twice"),
    "a place and a name of now": (lambda app: app.contact.get_user("a", userid="b"), "userid: given twice"),
    "more than it took": (
        lambda app: app.contact.get_corp_role_list(20, 0, 1),
        r"\*args: takes 0 positional arguments, 3 given",
    ),
    "another form": (lambda app: app.contact.create_user(name="x", mobile="1", department="["), "department: not in"),
    "a mobile number that cannot be changed": (
        lambda app: app.contact.update_user(userid="sunjing", mobile="13800138009"),
        "mobile: unknown",
    ),
    "a limit of today": (
        lambda app: app.contact.create_department(name="研发-中心", parentid=1),
        "name: .*pattern",
    ),
    "two of four": (lambda app: app.jsapi_signature("ticket", "nonce"), "url: required"),
}
"""Calls, and what is said of them before anything is sent."""


@pytest.mark.parametrize(("call", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_why(world: World, call: Callable[[Any], object], said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        call(world.app)
    assert world.sandbox.calls == []


def test_a_forged_check_of_the_url_is_refused(world: World) -> None:
    with pytest.raises(SignatureMismatch):
        world.app.callback.check_url(**{**world.push(), "ding_nonce": "another"})


def test_a_signature_of_today_is_as_it_is_today(world: World) -> None:
    signed = world.app.jsapi_signature(PAGE, noncestr="nonce", timestamp=1510819200)
    assert len(signed.signature) == 64
    own = world.app.jsapi_signature(PAGE, jsapi_ticket="ticket", algorithm="sha256")
    assert len(own.signature) == 64


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (OldNewUserFields, "dingtalk.oapi.user.create"),
        (OldUserChanges, "dingtalk.oapi.user.update"),
        (OldNewDepartmentFields, "dingtalk.oapi.department.create"),
        (OldDepartmentChanges, "dingtalk.oapi.department.update"),
    ],
)
def test_type_checkers_know_the_parameters_that_are_translated(kind: type, name: str) -> None:
    (info,) = (info for info in operations() if name in info.names)
    definition = getattr(info.manager, info.method)
    known = kind.__annotations__
    translated = next(old for old in definition.names if old.name == name).params
    assert {each for each in known if each not in definition.arguments.fields} <= translated.keys()
    documented = next(old["params"] for old in facts.methods() if old["method"] == name)
    assert {each["name"] for each in documented} - known.keys() == GONE.get(name, set())


GONE = {
    "dingtalk.oapi.user.update": {"mobile"},
    "dingtalk.oapi.department.create": {"id", "parentBalanceFirst", "shareBalance"},
}
"""What the older APIs took and today's do not."""
