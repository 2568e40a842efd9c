"""The first generation's interface: its README, the names on its modules, and every name that `run()` ever had."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, assert_type
from urllib.parse import urlsplit

import pytest
import redis
from generators import coverage, facts
from helpers import awaited, sent, unchecked, whole

from dingtalk_models import (
    BEIJING,
    Department,
    DingTalkApp,
    ExternalContact,
    InvalidArgument,
    LabelGroup,
    Module,
    Query,
    RetiredMethod,
    UnknownMethod,
    User,
    WorkNotification,
    method,
)
from dingtalk_models.call.operation import Bound, is_operation
from dingtalk_models.first_generation.formerly import Formerly
from dingtalk_models.first_generation.retired import RETIRED, retired
from dingtalk_models.resource import registry
from dingtalk_models.resource.manager import Alias
from dingtalk_models.sandbox import Sandbox

FRONT = {
    "auth": "get_access_token refresh_access_token get_jsapi_ticket refresh_jsapi_ticket jsapi_signature",
    "contact": "get_user create_user update_user delete_user get_dept_user_list get_all_dept_user_list "
    "get_all_org_users get_all_users get_org_user_count get_user_departments get_user_by_code get_department_id_list "
    "get_all_department_id_list get_department_list get_department create_department update_department "
    "delete_department get_corp_role_list get_all_corp_role_list get_role_simple_list get_role_group "
    "add_roles_for_emps remove_roles_for_emps",
    "customer": "get_label_groups get_all_label_groups get_ext_list get_all_ext_list add_corp_ext update_corp_ext "
    "delete_corp_ext",
    "message": "async_send_msg get_msg_send_result get_msg_send_progress",
    "file": "get_custom_space",
    "smartwork": "get_schedule_list get_simple_groups get_attendance_record_list get_bpms_instance_list "
    "get_all_bpms_instance_list create_bpms_instance",
    "callback": "encrypt decrypt encrypt_text decrypt_text register_callback update_callback get_callback "
    "delete_callback get_call_back_failed_result generate_callback_signature check_callback_signature return_success "
    "check_url",
}
"""The names of its methods, by module."""

LEAVE = [
    {"name": "请假类型", "value": "事假"},
    {"name": '["开始时间","结束时间"]', "value": '["2026-10-01 09:00","2026-10-02 18:00"]'},
    {"name": "请假事由", "value": "回家"},
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def app(sandbox: Sandbox) -> Iterator[DingTalkApp]:
    app = sandbox.app(domain="archive")
    yield app
    app.close()


def beijing_now() -> datetime:
    """A time as the first generation took it: without a time zone."""
    return datetime.now(BEIJING).replace(tzinfo=None, microsecond=0)


def uses(app: DingTalkApp, bound: Bound[Any, ...], name: str) -> list[Callable[..., Any]]:
    """An operation blocking, unsent and then sent, awaited, and by a name."""

    def unsent(*args: Any, **kwargs: Any) -> Any:
        return sent(app, bound.call(*args, **kwargs))

    def on_the_loop(*args: Any, **kwargs: Any) -> Any:
        return awaited(app, lambda: bound.aio(*args, **kwargs))

    def by_name(*args: Any, **kwargs: Any) -> Any:
        return app.run(name, *args, **kwargs)

    return [bound, unsent, on_the_loop, by_name]


# The README of the first generation, its calls as they are


def test_its_readme(sandbox: Sandbox, redis_url: str) -> None:
    where = urlsplit(redis_url)
    session_manager = redis.Redis(host=where.hostname or "", port=where.port or 0, password=where.password)
    app = DingTalkApp(
        name="test", session_manager=session_manager,
        agent_id=sandbox.agent_id,
        corp_id=sandbox.corp_id,
        appkey=sandbox.appkey, appsecret=sandbox.appsecret,
        aes_key="4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij",
        oapi_url=sandbox.url, api_url=sandbox.url, rate_limit=None,
    )  # fmt: skip
    started = sandbox.company.workflow.start(
        sandbox.company.workflow.forms["PROC-LEAVE"], "sunjing", {}, at=sandbox.clock.now()
    )

    label_groups = app.customer.get_label_groups()
    assert [group.name for group in label_groups] == [group.name for group in LabelGroup.objects.using(app).all()]

    yesterday = beijing_now() - timedelta(days=1)
    start_time = datetime(  # noqa: DTZ001 - as it was
        year=yesterday.year, month=yesterday.month, day=yesterday.day, hour=1, minute=1, second=1, microsecond=1
    )
    instances = app.smartwork.get_bpms_instance_list(process_code="PROC-LEAVE", start_time=start_time)
    assert [each.process_instance_id for each in instances] == [started.instance_id]

    assert app.auth.get_access_token() == app.get_access_token()

    data = app.run("dingtalk.corp.ext.listlabelgroups", size=20, offset=0)
    assert list(data) == list(app.customer.get_label_groups(size=20, offset=0))
    app.close()
    session_manager.close()


def test_its_method_decorator(app: DingTalkApp, monkeypatch: pytest.MonkeyPatch) -> None:
    customer: Any = app.customer
    customer.add_corp_ext(contact_info=contact(app, 90))
    before = app.run("dingtalk.corp.ext.all")
    names = dict(registry.by_name), list(vars(registry)["_owners"])
    monkeypatch.setattr(registry, "by_name", names[0])
    monkeypatch.setattr(registry, "_owners", names[1])

    class Mine(Module):
        @method("dingtalk.corp.ext.all", replace=True)
        def get_all_ext_list(self) -> list[ExternalContact]:
            """Every external contact."""
            return list(ExternalContact.objects.using(self.app).list(size=100, offset=0))

    assert app.run("dingtalk.corp.ext.all") == Mine(app).get_all_ext_list() == list(before) != []


def contact(app: DingTalkApp, number: int) -> dict[str, Any]:
    label = app.customer.get_all_label_groups().first()
    assert label is not None
    return {
        "name": f"客户{number}",
        "mobile": f"137{number:08d}",
        "state_code": "86",
        "label_ids": [label.labels[0].id],
        "follower_user_id": "caohui",
        "company_name": "甲公司",
    }


# Its modules


def modules(app: DingTalkApp) -> dict[str, Module]:
    return {name: getattr(app, name) for name in FRONT if name != "auth"}


Given = tuple[tuple[Any, ...], dict[str, Any]]


def given(*args: Any, **kwargs: Any) -> Given:
    return args, kwargs


def new_user(sandbox: Sandbox, number: int) -> str:
    return sandbox.company.add_user(f"新人{number}", [110], mobile=f"136{number:08d}").userid


def new_department(sandbox: Sandbox, number: int) -> int:
    return sandbox.company.add_department(f"新部门{number}").dept_id


def new_contact(sandbox: Sandbox, number: int) -> str:
    return sandbox.company.clientele.add(f"客户{number}", f"135{number:08d}", [], "caohui").userid


def label(sandbox: Sandbox) -> int:
    return next(iter(sandbox.company.clientele.label_groups[0].labels))


def new_task(sandbox: Sandbox, number: int) -> int:
    with_agent = sandbox.app()
    sent = with_agent.message.async_send_msg("text", {"content": f"第{number}条"}, ["sunjing"])
    with_agent.close()
    return sent.task_ids[0]


WITH: dict[str, Callable[[Sandbox], Given]] = {
    "contact.get_user": lambda _: given("sunjing"),
    "contact.create_user": lambda _: given("同事", "13400000000", [110], title="工程师"),
    "contact.update_user": lambda sandbox: given(new_user(sandbox, 1), title="架构师"),
    "contact.delete_user": lambda sandbox: given(new_user(sandbox, 2)),
    "contact.get_user_by_code": lambda sandbox: given(sandbox.login_code("liuyang")),
    "contact.get_dept_user_list": lambda _: given(110),
    "contact.get_all_dept_user_list": lambda _: given(110),
    "contact.get_all_org_users": lambda _: given(),
    "contact.get_all_users": lambda _: given(),
    "contact.get_user_departments": lambda _: given("sunjing"),
    "contact.get_department": lambda _: given(110),
    "contact.get_department_list": lambda _: given(100, fetch_child=True),
    "contact.get_department_id_list": lambda _: given(100),
    "contact.get_all_department_id_list": lambda _: given(),
    "contact.create_department": lambda _: given("部门", 100, order=5),
    "contact.update_department": lambda sandbox: given(new_department(sandbox, 1), name="旧部门"),
    "contact.delete_department": lambda sandbox: given(new_department(sandbox, 2)),
    "contact.get_corp_role_list": lambda _: given(size=20, offset=0),
    "contact.get_role_group": lambda _: given(910),
    "contact.get_role_simple_list": lambda _: given(911, size=20, offset=0),
    "contact.add_roles_for_emps": lambda _: given([911], ["yangfan"]),
    "contact.remove_roles_for_emps": lambda _: given([911], ["yangfan"]),
    "customer.get_label_groups": lambda _: given(size=20, offset=0),
    "customer.get_all_label_groups": lambda _: given(),
    "customer.get_ext_list": lambda _: given(size=20, offset=0),
    "customer.add_corp_ext": lambda sandbox: given("客户", "13700000099", [label(sandbox)], "caohui"),
    "customer.update_corp_ext": lambda sandbox: given(new_contact(sandbox, 2), "客户", [label(sandbox)], "caohui"),
    "customer.delete_corp_ext": lambda sandbox: given(new_contact(sandbox, 1)),
    "message.async_send_msg": lambda _: given("text", {"content": "第0条"}, userids=["sunjing"]),
    "message.get_msg_send_result": lambda sandbox: given(new_task(sandbox, 1)),
    "message.get_msg_send_progress": lambda sandbox: given(new_task(sandbox, 2)),
    "smartwork.get_schedule_list": lambda _: given(date(2026, 3, 2), offset=0, size=200),
    "smartwork.get_simple_groups": lambda _: given(offset=0, size=10),
    "smartwork.get_attendance_record_list": lambda _: given(["sunjing"], beijing_now(), beijing_now()),
    "smartwork.create_bpms_instance": lambda _: given("PROC-LEAVE", "sunjing", 110, ["zhaolei"], LEAVE),
}
"""What each alias is called with."""


@pytest.mark.parametrize("alias", WITH)
def test_an_alias_is_the_operation(sandbox: Sandbox, app: DingTalkApp, alias: str) -> None:
    module, _, name = alias.partition(".")
    front = modules(app)[module]
    bound: Bound[Any, ...] = getattr(front, name)
    definition = getattr(type(front), name)
    assert vars(type(front))[name].definition is definition
    assert bound.__doc__ == definition.__doc__
    assert inspect.signature(bound) == definition.__signature__
    assert bound.app is app

    args, kwargs = WITH[alias](sandbox)
    before = len(sandbox.calls)
    whole(bound(*args, **kwargs))
    paths = {call.path for call in sandbox.calls[before:] if "oauth2" not in call.path}
    assert paths
    if definition.endpoint is not None:
        assert paths == {definition.endpoint.path}


def test_every_name_is_there_and_no_other(app: DingTalkApp) -> None:
    for module, names in FRONT.items():
        assert [each for each in names.split() if not callable(getattr(getattr(app, module), each, None))] == []
    lent = {
        f"{module}.{name}"
        for module, found in modules(app).items()
        for name, value in vars(type(found)).items()
        if isinstance(value, Alias | Formerly) and module != "callback"  # test_callback_push.py has those
    }
    assert lent == set(WITH)


def test_aliases_keep_their_types(app: DingTalkApp) -> None:
    assert_type(app.contact.get_user("sunjing"), User)
    assert_type(app.contact.get_department_list(100), Query[Department])
    assert_type(app.contact.get_department_id_list(), list[int])
    assert_type(app.customer.get_all_label_groups(), Query[LabelGroup])
    assert_type(app.get_access_token(), str)


# What an old name means that no operation of today does


def test_people_and_departments(sandbox: Sandbox, app: DingTalkApp) -> None:
    everyone = len(sandbox.company.users)
    active = sum(user.active for user in sandbox.company.users.values())
    assert app.contact.get_org_user_count(0) == app.contact.get_org_user_count() == everyone
    assert app.contact.get_org_user_count(1) == awaited(app, lambda: app.contact.get_org_user_count.aio(1)) == active
    assert app.send(app.contact.get_org_user_count.call(True)) == active
    assert {user.userid for user in app.contact.get_all_users()} == set(sandbox.company.users)
    assert [each.dept_id for each in app.contact.get_department_list(300, fetch_child=True)] == [310, 320]
    assert set(app.contact.get_all_department_id_list()) == set(sandbox.company.departments)
    assert app.contact.get_user_departments("sunjing") == [[110, 100, 1], [100, 1], [130, 100, 1]]


def test_a_day_of_the_contacts(sandbox: Sandbox, app: DingTalkApp) -> None:
    contact = app.contact
    department = contact.create_department("档案部", 400)
    contact.update_department(department.dept_id, name="档案室")
    assert contact.get_department(department.dept_id).name == "档案室"
    assert department.dept_id in contact.get_department_id_list(400)
    user = contact.create_user("档案员", "13300000001", [department.dept_id])
    contact.update_user(user.userid, title="馆员")
    assert contact.get_user(user.userid).title == "馆员"
    assert contact.get_user_by_code(sandbox.login_code(user.userid)).userid == user.userid
    for members in (contact.get_dept_user_list, contact.get_all_dept_user_list):
        assert [each.userid for each in members(department.dept_id)] == [user.userid]
    assert user.userid in [each.userid for each in contact.get_all_org_users()]
    contact.add_roles_for_emps([914], [user.userid])
    assert [each.userid for each in contact.get_role_simple_list(914)] == [user.userid]
    contact.remove_roles_for_emps([914], [user.userid])
    assert contact.get_role_simple_list(914).all() == []
    assert 914 in [role.role_id for role in contact.get_role_group(910).roles]
    contact.delete_user(user.userid)
    contact.delete_department(department.dept_id)
    assert department.dept_id not in sandbox.company.departments


def test_every_role(sandbox: Sandbox, app: DingTalkApp) -> None:
    by_name = app.run("dingtalk.corp.role.all")
    groups = app.contact.get_all_corp_role_list()
    assert [group.name for group in groups] == [each.name for each in sandbox.company.role_groups.values()]
    assert list(by_name) == list(groups) == awaited(app, app.contact.get_all_corp_role_list.aio)
    assert list(app.contact.get_all_corp_role_list.call()) == list(groups)


def test_external_contacts(app: DingTalkApp) -> None:
    customer: Any = app.customer  # so that type checkers do not mark its parameters
    for number, add in enumerate(uses(app, customer.add_corp_ext, "dingtalk.corp.ext.add")):
        whole = contact(app, number)
        added: ExternalContact = add(contact=whole)
        changed = {**whole, "user_id": added.userid, "title": "经理"}
        del changed["mobile"], changed["state_code"]
        customer.update_corp_ext(contact=changed)
        assert (added.refresh().title, added.company_name) == ("经理", "甲公司")
        assert added.userid in [each.userid for each in app.customer.get_all_ext_list()]
        app.run("dingtalk.corp.extcontact.delete", userid=added.userid)
    with pytest.raises(InvalidArgument, match="follower_userid: required"):
        customer.add_corp_ext({"name": "x", "mobile": "1", "label_ids": [1]})


def test_messages(sandbox: Sandbox, app: DingTalkApp) -> None:
    people = [user.userid for user in sandbox.company.users.values()][:3]
    name = "dingtalk.corp.message.corpconversation.asyncsend"
    message: Any = app.message  # so that type checkers do not mark its parameters
    for number, send in enumerate(uses(app, message.async_send_msg, name)):
        sent: WorkNotification = send(msgtype="text", msgcontent={"content": f"通知{number}"}, userid_list=people)
        assert sent.agent_id == int(sandbox.agent_id)
        progress = app.message.get_msg_send_progress(sent.task_ids[0])
        assert progress.done
        result = app.message.get_msg_send_result(sent.task_ids[0])
        assert sorted([*result.read, *result.unread]) == sorted(people)
    with pytest.raises(InvalidArgument, match="msg"):
        app.message.async_send_msg("telegram", {"content": "x"}, people)
    with pytest.raises(InvalidArgument, match="userids"):
        app.message.async_send_msg("text", {"content": "x"})


def test_the_custom_space(app: DingTalkApp, sandbox: Sandbox) -> None:
    space = app.file.get_custom_space()
    assert app.space_id == space.id == awaited(app, app.file.get_custom_space.aio).id
    assert app.send(app.file.get_custom_space.call()).id == space.id
    assert app.file.get_custom_space("other").id != space.id
    assert sandbox.received("/cspace/get_custom_space")[0].query["domain"] == "archive"
    without = sandbox.app()
    with pytest.raises(InvalidArgument, match="domain: required"):
        _ = without.space_id


def test_punches(app: DingTalkApp, sandbox: Sandbox) -> None:
    end = beijing_now()
    start = end - timedelta(days=1)
    asked = app.smartwork.get_attendance_record_list(["sunjing"], start, end)
    assert list(asked) == awaited(app, lambda: app.smartwork.get_attendance_record_list.aio(["sunjing"], start, end))
    assert list(asked) == list(app.smartwork.get_attendance_record_list.call(["sunjing"], start, end))
    assert list(asked) == list(
        app.run(
            unchecked("dingtalk.oapi.attendance.listRecord"),
            ["sunjing"],
            start.replace(tzinfo=BEIJING),
            end=end.isoformat(" "),
        )
    )
    body: Any = sandbox.received("/attendance/listRecord")[-1].body
    assert (body["checkDateFrom"], body["checkDateTo"]) == (start.isoformat(" "), end.isoformat(" "))


def test_approvals(app: DingTalkApp) -> None:
    name = "dingtalk.smartwork.bpms.processinstance.create"
    given = {
        "process_code": "PROC-LEAVE", "originator_user_id": "sunjing", "dept_id": 110,
        "approvers": "zhaolei,liuyang", "form_component_values": LEAVE, "cc_list": "hanmei", "cc_position": "FINISH",
    }  # fmt: skip
    before = beijing_now() - timedelta(minutes=1)
    smartwork: Any = app.smartwork
    ways = uses(app, smartwork.create_bpms_instance, name)
    made: list[str] = [use(**given).process_instance_id for use in ways]
    for listed in (
        app.smartwork.get_bpms_instance_list(process_code="PROC-LEAVE", start_time=before),
        app.smartwork.get_all_bpms_instance_list("PROC-LEAVE", before),
        app.run("dingtalk.smartwork.bpms.processinstance.all", process_code="PROC-LEAVE", start_time=before),
    ):
        found = {each.process_instance_id: each for each in listed}
        assert found.keys() >= set(made)
        for each in made:
            assert [task.userid for task in found[each].tasks][:1] == ["zhaolei"]
            assert found[each].cc_userids == ["hanmei"]
    ids = app.run(
        "dingtalk.smartwork.bpms.processinstance.list",
        process_code="PROC-LEAVE", start_time=before.replace(tzinfo=BEIJING), size=10, cursor=0,
    )  # fmt: skip
    assert set(ids) >= set(made)


# Names that lead nowhere


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("dingtalk.oapi.user.batchdelete", None),
        ("dingtalk.smartwork.bpms.process.getvisible", None),
        ("dingtalk.oapi.kac.datav.annual_report.get", None),
        ("dingtalk.oapi.user.list", "dingtalk.oapi.v2.user.list"),
        ("dingtalk.oapi.workrecord.add", "/v1.0/todo/users/{unionId}/tasks"),
        ("dingtalk.oapi.chat.send", "robot_1_0.OrgGroupSend"),
    ],
)
def test_a_retired_name_says_so(app: DingTalkApp, name: str, instead: str | None) -> None:
    uses: list[Callable[[], object]] = [
        lambda: app.run(name),
        lambda: app.run.call(name),
        lambda: awaited(app, lambda: app.run.aio(name)),
    ]
    for use in uses:
        with pytest.raises(RetiredMethod) as caught:
            use()
        error = caught.value
        assert isinstance(error, UnknownMethod)
        assert (error.name, error.instead) == (name, instead)
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
        assert f"the platform has retired {name!r}" in str(error)
        assert (f"use {instead} instead" if instead else "without a replacement") in str(error)


def test_what_is_retired_is_not_offered(app: DingTalkApp) -> None:
    families = tuple(name for name in RETIRED if name.endswith("."))
    documented = {page.get("legacy_method") for page in facts.endpoints() if not page["archived"]}
    both = [
        name
        for name in app.methods
        if name in RETIRED or (name.startswith(families) and name not in documented)  # one of a family may be left
    ]
    assert both == [], "an operation answers to them: take them out of first_generation/retired.py"
    leads = {instead for instead in RETIRED.values() if instead and not instead.startswith("/")}
    assert leads
    assert leads <= set(app.methods)


def test_what_takes_the_place_of_a_retired_name_is_what_is_documented() -> None:
    documented = {old["method"]: old["maps_to"] for old in facts.methods() if old["maps_to"]}
    said = {name: error.instead for name in documented if (error := retired(name)) and error.instead}
    paths = {name: instead for name, instead in said.items() if instead.startswith("/")}
    assert len(paths) > 25
    assert paths == {name: documented[name] for name in paths}, "correct them in first_generation/retired.py"


# The table


def test_the_table_has_all_34_interfaces() -> None:
    rows = coverage.interfaces()
    assert len(rows) == 34
    assert [row.title for row in rows if row.test is None] == []
    front = {f"{module}.{name}" for module, names in FRONT.items() for name in names.split()}
    assert {row.front for row in rows} <= front
    assert len({row.info.name for row in rows}) == 34


def test_its_operations_have_their_docstrings(app: DingTalkApp) -> None:
    ours = [
        made
        for found in modules(app).values()
        for name, value in vars(type(found)).items()
        if is_operation(made := getattr(type(found), name) if isinstance(value, Formerly) else value)
        and made.home is type(found)
    ]
    assert len(ours) > 8
    assert [each for each in ours if not (each.__doc__ or "").partition("\n")[0].endswith(".")] == []
