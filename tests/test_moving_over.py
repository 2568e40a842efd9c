"""The package `dingtalk-sdk` and this one, side by side on one company of the sandbox.

Its own calls go to the archived endpoints; what one client writes, the other reads.
"""

from __future__ import annotations

import base64
import importlib
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from dingtalk_models import BEIJING, Department, DingTalkApp, User
from dingtalk_models.core import errors
from dingtalk_models.sandbox import Sandbox

OLD: Any = importlib.import_module("dingtalk")  # the package has no types
REFUSED: type[Exception] = importlib.import_module("dingtalk.core.exceptions").DingTalkClientException

FORM = [
    {"name": "请假类型", "value": "事假"},
    {"name": '["开始时间","结束时间"]', "value": '["2026-10-01 09:00","2026-10-02 18:00"]'},
    {"name": "请假事由", "value": "回家"},
]


@pytest.fixture
def old(sandbox: Sandbox) -> Iterator[Any]:
    key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    client = OLD.AppKeyClient(sandbox.corp_id, sandbox.appkey, sandbox.appsecret, token="token", aes_key=key)
    client.API_BASE_URL = sandbox.url + "/"
    yield client
    client._http.close()


def refusal(work: Callable[[], object]) -> tuple[int, str]:
    """What the older client says was refused."""
    with pytest.raises(REFUSED) as caught:
        work()
    error: Any = caught.value
    return error.errcode, error.errmsg


def beijing_now() -> datetime:
    return datetime.now(BEIJING).replace(microsecond=0)


# Credentials


def test_both_have_one_token_and_one_ticket(app: DingTalkApp, old: Any, sandbox: Sandbox) -> None:
    assert old.access_token == app.access_token
    assert old.jsapi_ticket == app.jsapi_ticket
    by_corp = OLD.SecretClient(sandbox.corp_id, sandbox.corp_secret)
    by_corp.API_BASE_URL = sandbox.url + "/"
    assert by_corp.access_token == sandbox.app(appkey=None, appsecret=None).access_token
    there = old.get_jsapi_params("https://example.com/a?b=c", noncestr="n", timestamp=1_770_000_000)
    here = app.jsapi_signature("https://example.com/a?b=c#d", noncestr="n", timestamp=1_770_000_000, algorithm="sha1")
    assert there["signature"] == here.signature


def test_both_renew_a_token_that_was_revoked(app: DingTalkApp, old: Any, sandbox: Sandbox) -> None:
    assert old.user.get("sunjing")["name"] == app.contact.get_user("sunjing").name
    sandbox.revoke_tokens()
    assert old.user.get("sunjing")["name"] == app.contact.get_user("sunjing").name
    assert old.access_token == app.access_token


# Reading: the same company through both


def test_a_user(app: DingTalkApp, old: Any) -> None:
    there, here = old.user.get("sunjing"), app.contact.get_user("sunjing")
    assert (there["userid"], there["unionid"], there["name"]) == (here.userid, here.unionid, here.name)
    assert (there["mobile"], there["stateCode"], there["email"]) == (here.mobile, here.state_code, here.email)
    assert (there["position"], there["jobnumber"]) == (here.title, here.job_number)
    assert there["hiredDate"] == int(here.hired_date.timestamp() * 1000) if here.hired_date else False
    assert there["department"] == here.dept_id_list
    assert there["managerUserid"] == here.manager_userid
    assert [role["id"] for role in there["roles"]] == [role.id for role in here.role_list]
    assert there["isLeaderInDepts"] == "{110:true,100:false,130:false}"
    assert there["orderInDepts"] == "{110:0,100:0,130:0}"
    with pytest.raises(ValueError, match="Expecting property name"):
        json.loads(there["isLeaderInDepts"])
    assert {each.dept_id: each.leader for each in here.leader_in_dept} == {110: True, 100: False, 130: False}


def test_lists_of_users(app: DingTalkApp, old: Any) -> None:
    here = list(app.contact.get_dept_user_list(110))
    for there in (old.user.list(110), old.user.listbypage(110)):
        assert [each["userid"] for each in there["userlist"]] == [user.userid for user in here]
        assert [each["isLeader"] for each in there["userlist"]] == [user.leader for user in here]
        assert there["hasMore"] is False
    simple = old.user.simple_list(110, 1, 2)
    assert [each["name"] for each in simple["userlist"]] == [user.name for user in here][1:3]
    assert simple["hasMore"] is True
    assert old.user.get_dept_member(110) == app.contact.users.list_ids(110)
    assert old.get("/user/listbypage", {"department_id": 110, "offset": 0, "size": 1})["hasMore"] is True


def test_finding_users(app: DingTalkApp, old: Any, sandbox: Sandbox) -> None:
    known = app.contact.get_user("zhaolei")
    found = old.user.get_userid_by_unionid(known.unionid)
    assert (found["userid"], found["contactType"]) == ("zhaolei", 0)
    assert old.get("/user/get_by_mobile", {"mobile": known.mobile})["userid"] == "zhaolei"
    admins = old.get("/user/get_admin")["adminList"]
    assert [(each["userid"], each["sys_level"]) for each in admins] == [
        (admin.userid, admin.sys_level) for admin in app.contact.users.admins()
    ]
    there = old.user.getuserinfo(sandbox.login_code("liuyang"))
    here = app.contact.get_user_by_code(sandbox.login_code("liuyang"))
    assert (there["userid"], there["name"], there["sys_level"]) == (here.userid, here.name, here.sys_level)
    assert (there["deviceId"], there["is_sys"]) == (here.device_id, here.sys)
    assert refusal(lambda: old.user.getuserinfo("used"))[0] == 40078
    # the package sends the flag the wrong way round
    assert old.user.get_org_user_count(True) == app.contact.get_org_user_count(0)
    assert old.user.get_org_user_count(False) == app.contact.get_org_user_count(1)
    inactive = old.post("/topapi/inactive/user/get", {"query_date": "20260302", "offset": 0, "size": 100})
    assert inactive["result"]["list"] == list(app.contact.users.inactive(date(2026, 3, 2)))
    assert inactive["result"]["has_more"] is False


def test_departments(app: DingTalkApp, old: Any) -> None:
    app.contact.update_department(
        110, order=7, hide_dept=True, dept_permits=[200, 300], user_permits=["heli"], source_identifier="x-1"
    )
    there, here = old.department.get(110), app.contact.get_department(110)
    assert (there["id"], there["name"], there["parentid"]) == (here.dept_id, here.name, here.parent_id)
    assert (there["order"], there["deptHiding"], there["sourceIdentifier"]) == (7, True, "x-1")
    assert there["deptPermits"].split("|") == [str(each) for each in here.dept_permits]
    assert there["userPermits"] == "|".join(here.user_permits)
    assert there["deptManagerUseridList"] == "|".join(here.dept_manager_userids)
    for fetch_child in (True, False):
        below = old.department.list(1, fetch_child=fetch_child)
        expected = app.contact.get_department_list(1, fetch_child=fetch_child)
        assert {each["id"]: each["parentid"] for each in below} == {each.dept_id: each.parent_id for each in expected}
    assert old.department.list_ids(100) == app.contact.get_department_id_list(100)
    assert old.department.list_parent_depts_by_dept(110) == app.contact.departments.parents(110)
    assert old.department.list_parent_depts("sunjing") == [
        dept_id for way in app.contact.get_user_departments("sunjing") for dept_id in way
    ]


def test_punches_and_spaces(app: DingTalkApp, old: Any) -> None:
    end = beijing_now()
    start = end - timedelta(days=1)
    there = old.attendance.list_record(["sunjing"], start, end)
    here = app.smartwork.get_attendance_record_list(["sunjing"], start, end)
    assert [each["id"] for each in there] == [record.id for record in here]
    assert str(old.cspace.get_custom_space("archive")) == app.file.get_custom_space("archive").id


# Writing through one, reading through the other


def test_what_the_older_client_writes(app: DingTalkApp, old: Any) -> None:
    dept_id = old.department.create(
        {"name": "客户成功部", "parentid": "100", "deptPermits": "200|300", "outerDept": True, "order": "5"}
    )
    department = app.contact.get_department(dept_id)
    assert (department.name, department.parent_id, department.order) == ("客户成功部", 100, 5)
    assert (department.dept_permits, department.outer_dept) == ([200, 300], True)

    userid = old.user.create(
        {
            "name": "林可", "mobile": "13800138000", "department": [dept_id, 110], "position": "工程师",
            "jobnumber": "N1", "tel": "8001", "workPlace": "杭州", "orderInDepts": f"{{{dept_id}:3}}",
            "positionInDepts": {str(dept_id): "组长"}, "extattr": '{"爱好":"读书"}', "isHide": True,
            "hiredDate": 1_772_294_400_000, "managerUserid": "zhaolei",
        }
    )  # fmt: skip
    user = app.contact.get_user(userid)
    assert (user.name, user.mobile, user.dept_id_list) == ("林可", "13800138000", [dept_id, 110])
    assert (user.title, user.job_number, user.telephone, user.work_place) == ("工程师", "N1", "8001", "杭州")
    assert (user.hide_mobile, user.manager_userid, user.extension) == (True, "zhaolei", {"爱好": "读书"})
    assert {each.dept_id: each.order for each in user.dept_order_list}[dept_id] == 3
    assert user.hired_date == datetime(2026, 3, 1, tzinfo=BEIJING)

    old.user.update({"userid": userid, "name": "林可可", "department": [dept_id]})
    assert old.department.update({"id": dept_id, "deptManagerUseridList": userid, "name": "客户部"}) == dept_id
    user.refresh()
    assert (user.name, user.dept_id_list, user.title) == ("林可可", [dept_id], "工程师")
    assert department.refresh().dept_manager_userids == [userid]

    old.user.delete(userid)
    with pytest.raises(errors.NotFound):
        app.contact.get_user(userid)
    old.department.delete(dept_id)
    with pytest.raises(errors.NotFound):
        app.contact.get_department(dept_id)


def test_what_this_client_writes(app: DingTalkApp, old: Any) -> None:
    department = Department.create("法务部", 100, order=9)
    assert old.department.get(department.dept_id)["order"] == 9
    user = User.create("高远", "13800138001", [department.dept_id], title="法务")
    assert old.user.get(user.userid)["position"] == "法务"
    user.update(title="法务总监")
    assert old.user.get(user.userid)["position"] == "法务总监"
    app.contact.delete_user(user.userid)
    assert refusal(lambda: old.user.get(user.userid)) == (60121, "找不到该用户")
    department.delete()
    assert refusal(lambda: old.department.get(department.dept_id))[0] == 60003


def test_approvals(app: DingTalkApp, old: Any) -> None:
    before = beijing_now() - timedelta(minutes=1)
    given = {
        "process_code": "PROC-LEAVE", "originator_user_id": "sunjing", "dept_id": 110, "form_component_values": FORM,
        "approvers": "zhaolei,liuyang", "cc_list": "hanmei", "cc_position": "FINISH",
    }  # fmt: skip
    instance_id = old.post("/topapi/processinstance/create", given)["process_instance_id"]
    here = app.smartwork.approvals.get(instance_id)
    assert (here.originator_userid, here.status, here.cc_userids) == ("sunjing", "RUNNING", ["hanmei"])
    assert here.approver_userids == ["zhaolei", "liuyang"]

    app.smartwork.approvals.agree(instance_id, here.tasks[0].task_id, "zhaolei", remark="好")
    there = old.post("/topapi/processinstance/get", {"process_instance_id": instance_id})["process_instance"]
    here = app.smartwork.approvals.get(instance_id)
    assert (there["title"], there["business_id"]) == (here.title, here.business_id)
    assert (there["originator_userid"], there["originator_dept_name"]) == ("sunjing", "平台研发部")
    assert [each["taskid"] for each in there["tasks"]] == [str(task.task_id) for task in here.tasks]
    assert [each["task_status"] for each in there["tasks"]] == ["COMPLETED", "RUNNING"]
    assert [(each["operation_type"], each["operation_result"]) for each in there["operation_records"]] == [
        ("START_PROCESS_INSTANCE", "NONE"), ("EXECUTE_TASK_NORMAL", "AGREE"),
    ]  # fmt: skip
    assert there["operation_records"][1]["remark"] == "好"
    assert {each["name"]: each["value"] for each in there["form_component_values"]}["请假事由"] == "回家"
    started = datetime.fromisoformat(there["create_time"]).replace(tzinfo=BEIJING)
    assert before <= started <= beijing_now()
    assert "finish_time" not in there

    steps = [{"task_action_type": "OR", "user_ids": ["zhaolei", "liuyang"]}]
    second = old.post("/topapi/processinstance/create", {**given, "approvers_v2": steps})["process_instance_id"]
    app.smartwork.approvals.refuse(second, app.smartwork.approvals.get(second).tasks[1].task_id, "liuyang")
    there = old.post("/topapi/processinstance/get", {"process_instance_id": second})["process_instance"]
    assert (there["status"], there["result"]) == ("COMPLETED", "refuse")
    assert there["finish_time"] >= there["create_time"]

    asked = {"process_code": "PROC-LEAVE", "start_time": int(before.timestamp() * 1000), "size": 1}
    first_page = old.post("/topapi/processinstance/listids", asked)["result"]
    second_page = old.post("/topapi/processinstance/listids", {**asked, "cursor": first_page["next_cursor"]})["result"]
    assert "next_cursor" not in second_page
    assert first_page["list"] + second_page["list"] == [instance_id, second]
    assert list(app.smartwork.approvals.list_ids("PROC-LEAVE", before)) == [instance_id, second]


# Refusals


REFUSED_CALLS: list[tuple[Callable[[Any], object], int]] = [
    (lambda old: old.get("/user/get", {"userid": "nobody"}), 60121),
    (lambda old: old.post("/user/get", {"userid": "sunjing"}), 43001),
    (lambda old: old.get("/user/create", {"name": "x"}), 43002),
    (lambda old: old.get("/user/simplelist", {"department_id": 110, "size": 101}), 40069),
    (lambda old: old.get("/user/listbypage", {"department_id": 110, "offset": -1, "size": 1}), 40068),
    (lambda old: old.get("/user/get_org_user_count", {"onlyActive": "yes"}), 40035),
    (lambda old: old.user.create({"name": "名" * 65, "mobile": "13800138000", "department": [1]}), 60112),
    (lambda old: old.user.create({"name": "x", "mobile": "1", "department": [1]}), 60103),
    (lambda old: old.user.create({"name": "x", "mobile": "13900000001", "department": [1]}), 60104),
    (lambda old: old.user.create({"name": "x", "mobile": "13800138000", "department": []}), 40066),
    (
        lambda old: old.user.create({"name": "x", "mobile": "13800138000", "department": [1], "position": "长" * 65}),
        60119,
    ),
    (lambda old: old.user.update({"userid": "sunjing", "mobile": "13800138009"}), 41054),
    (lambda old: old.department.create({"name": "研发-中心", "parentid": 1}), 60009),
    (lambda old: old.department.create({"name": "研发中心", "parentid": 1}), 60021),
    (lambda old: old.department.create({"name": "x", "parentid": 987654}), 60004),
    (lambda old: old.department.update({"id": 1, "name": "x"}), 60018),
    (lambda old: old.department.update({"id": 100, "parentid": 110}), 60010),
    (lambda old: old.department.update({"id": 110, "deptManagerUseridList": "hanmei"}), 40031),
    (lambda old: old.department.delete(1), 60007),
    (lambda old: old.department.delete(100), 60006),
    (lambda old: old.department.list(-5), 40009),
    (lambda old: old.department.list_parent_depts("nobody"), 33012),
    (lambda old: old.post("/topapi/processinstance/get", {"process_instance_id": "x"}), 820004),
    (
        lambda old: old.post("/topapi/processinstance/listids", {"process_code": "PROC-LEAVE", "start_time": 1}),
        400002,
    ),
]


@pytest.mark.parametrize(("call", "code"), REFUSED_CALLS)
def test_what_the_archived_endpoints_refuse(old: Any, call: Callable[[Any], object], code: int) -> None:
    assert refusal(lambda: call(old))[0] == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"process_code": "PROC-NONE"}, 830001),
        ({"originator_user_id": "nobody"}, 820001),
        ({"agent_id": 1}, 40056),
        ({"form_component_values": [{"name": "请假类型", "value": "度假"}]}, 810003),
        ({"approvers": ",".join(["zhaolei"] * 21)}, 400002),
        ({"approvers_v2": [{"task_action_type": "AND", "user_ids": ["zhaolei"]}]}, 820001),
    ],
)
def test_which_approvals_are_not_started(old: Any, changes: dict[str, Any], code: int) -> None:
    given = {"process_code": "PROC-LEAVE", "originator_user_id": "sunjing", "dept_id": 110, "approvers": "zhaolei"}
    body = {**given, "form_component_values": FORM, **changes}
    assert refusal(lambda: old.post("/topapi/processinstance/create", body))[0] == code


def test_lists_of_permits_may_be_longer_there(app: DingTalkApp, old: Any, sandbox: Sandbox) -> None:
    people = [sandbox.company.add_user(f"员工{number}", [500]).userid for number in range(201)]
    dept_id = old.department.create({"name": "多人可见", "parentid": 1, "userPermits": "|".join(people[:200])})
    assert len(app.contact.get_department(dept_id).user_permits) == 200
    more = {"name": "更多人可见", "parentid": 1, "userPermits": "|".join(people)}
    assert refusal(lambda: old.department.create(more))[0] == 600109


def test_both_are_told_the_same_reason(app: DingTalkApp, old: Any) -> None:
    pairs: list[tuple[Callable[[], object], Callable[[], object], type[errors.ApiError]]] = [
        (lambda: old.user.get("nobody"), lambda: app.contact.get_user("nobody"), errors.NotFound),
        (lambda: old.department.delete(100), lambda: app.contact.delete_department(100), errors.InvalidRequest),
        (
            lambda: old.department.create({"name": "研发中心", "parentid": 1}),
            lambda: app.contact.create_department("研发中心"),
            errors.AlreadyExists,
        ),
    ]
    for there, here, kind in pairs:
        with pytest.raises(kind) as caught:
            here()
        assert refusal(there) == (caught.value.code, caught.value.message)


def test_a_permission_is_missing_for_both() -> None:
    with Sandbox(scopes=["qyapi_base"]) as sandbox:
        app = sandbox.app()
        old = OLD.AppKeyClient(sandbox.corp_id, sandbox.appkey, sandbox.appsecret)
        old.API_BASE_URL = sandbox.url + "/"
        code, message = refusal(lambda: old.user.get("sunjing"))
        assert code == 60011
        assert "qyapi_get_member" in message
        with pytest.raises(errors.PermissionDenied):
            app.contact.get_user("sunjing")
        old._http.close()
        app.close()
