"""Every operation of the contacts, by each of its names: request, result, and the state of the company afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest
from generators.uses import by_hand
from helpers import whole

from dingtalk_models import (
    BEIJING,
    Department,
    DingTalkApp,
    Manager,
    Model,
    Role,
    RoleGroup,
    User,
    contact,
)
from dingtalk_models.call.operation import is_operation
from dingtalk_models.contact.user import UserRef
from dingtalk_models.sandbox import Company, Sandbox

RESOURCES: dict[str, Any] = {"departments": Department, "users": User, "roles": Role, "role_groups": RoleGroup}


def code(sandbox: Sandbox) -> str:
    return sandbox.login_code("sunjing")


def unionid(sandbox: Sandbox) -> str:
    return sandbox.company.users["heli"].unionid


@dataclass(frozen=True)
class Case:
    """An operation with arguments, and what has to come of it.

    Attributes:
        given: the arguments, under their Python names; a function stands for what only a running sandbox knows.
        answer: what is answered, as far as `read` looks at it.
        read: takes from the answer what is compared.
        sent: the body on the wire, where it is one call; the current name takes it as its own parameters.
        old: the parameters that each earlier name had, where they are not those of `sent`.
        effect: what the company is like afterwards.
        look: takes from the company what is compared.
        before: prepares the company.
        of: the object that the operation belongs to, where it is not a manager.
    """

    given: dict[str, Any]
    answer: Any = None
    read: Callable[[Any], Any] = lambda answer: answer
    sent: dict[str, Any] | None = None
    old: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    effect: Any = None
    look: Callable[[Company], Any] = lambda _: None
    before: Callable[[Company], object] = lambda _: None
    of: Callable[[DingTalkApp], Any] | None = None


def dept_ids(departments: list[Department]) -> list[int]:
    return [each.dept_id for each in departments]


def userids(users: list[UserRef | User]) -> list[str]:
    return [each.userid for each in users]


def role_ids(roles: list[Role]) -> list[int]:
    return [each.role_id for each in roles]


def plain(model: Model) -> dict[str, Any]:
    """The fields that are told."""
    return model.model_dump(exclude_unset=True)


def fields(thing: object, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(thing, name) for name in names)


def assigned(thing: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(thing, name, value)
    return thing


ZH = {"language": "zh_CN"}
FIRST_100 = {"cursor": 0, "size": 100}
JOINED = datetime(2026, 2, 1, tzinfo=BEIJING)

NEW_DEPARTMENT: dict[str, Any] = {
    "name": "算法部", "parent_id": 100, "order": 5, "hide_dept": True, "dept_permits": [200, 300],
    "user_permits": ["liuyang", "hanmei"], "outer_dept": True, "outer_dept_only_self": True,
    "outer_permit_users": ["heli"], "outer_permit_depts": [400], "create_dept_group": True,
    "auto_approve_apply": True, "source_identifier": "HR-7",
}  # fmt: skip
OLD_DEPARTMENT: dict[str, Any] = {
    "parentid": "100", "order": "5", "deptHiding": True, "deptPermits": "200|300", "userPermits": "liuyang|hanmei",
    "outerDept": True, "outerDeptOnlySelf": True, "outerPermitUsers": "heli", "outerPermitDepts": "400",
    "createDeptGroup": True, "sourceIdentifier": "HR-7",
}  # fmt: skip
DEPARTMENT_WIRE = {
    "dept_permits": "200,300", "user_permits": "liuyang,hanmei", "outer_permit_users": "heli",
    "outer_permit_depts": "400",
}  # fmt: skip
CHANGED_DEPARTMENT: dict[str, Any] = {
    "name": "平台部", "auto_add_user": True,
    "group_contain_sub_dept": True, "group_contain_outer_dept": True, "group_contain_hidden_dept": True,
    "org_dept_owner": "sunjing",
}  # fmt: skip
NEW_USER: dict[str, Any] = {
    "name": "方晴", "mobile": "13911112222", "dept_id_list": [110, 100], "userid": "fangqing", "title": "算法工程师",
    "telephone": "8601", "job_number": "DF9001", "email": "fangqing@dingfeng.example",
    "org_email": "fangqing@dingfeng.cn", "work_place": "杭州", "remark": "新同事", "hide_mobile": True,
    "senior_mode": True, "hired_date": JOINED, "extension": {"爱好": "旅游"},
    "dept_order_list": [{"dept_id": 110, "order": 7}], "dept_title_list": [{"dept_id": 100, "title": "顾问"}],
}  # fmt: skip
USER_WIRE: dict[str, Any] = {
    "dept_id_list": "110,100", "hired_date": 1769875200000, "extension": '{"爱好": "旅游"}',
}  # fmt: skip
OLD_USER: dict[str, Any] = {
    "name": "方晴", "mobile": "13911112222", "department": "[110, 100]", "position": "算法工程师", "tel": "8601",
    "jobnumber": "DF9001", "email": "fangqing@dingfeng.example", "orgEmail": "fangqing@dingfeng.cn",
    "workPlace": "杭州", "remark": "新同事", "isHide": True, "isSenior": True, "hiredDate": 1769875200000,
    "extattr": '{"爱好": "旅游"}', "orderInDepts": '{"110": 7}', "positionInDepts": '{"100": "顾问"}',
}  # fmt: skip
USER_FIELDS = ("name", "mobile", "title", "telephone", "job_number", "email", "org_email", "work_place", "remark",
               "hide_mobile", "senior", "hired_date", "extension")  # fmt: skip
CHANGED_USER: dict[str, Any] = {**NEW_USER, "manager_userid": "zhaolei"}
del CHANGED_USER["mobile"], CHANGED_USER["userid"]


def new_user(company: Company) -> tuple[Any, ...]:
    user = company.users["fangqing"]
    places = {dept_id: (place.order, place.title) for dept_id, place in user.departments.items()}
    return (*fields(user, *USER_FIELDS), places)


STORED_USER = (
    "方晴", "13911112222", "算法工程师", "8601", "DF9001", "fangqing@dingfeng.example", "fangqing@dingfeng.cn", "杭州",
    "新同事", True, True, 1769875200000, {"爱好": "旅游"}, {110: (7, None), 100: (0, "顾问")},
)  # fmt: skip


def account(company: Company) -> None:
    company.add_user("前台", userid="front", exclusive_account=True)


CASES = {
    "departments.get": Case(
        {"dept_id": 110}, ("平台研发部", 100, ["sunjing"], 4),
        lambda one: (one.name, one.parent_id, one.dept_manager_userids, one.member_count),
        sent={"dept_id": 110, **ZH}, old={"dingtalk.oapi.department.get": {"id": "110", "lang": "zh_CN"}},
    ),
    "departments.list": Case(
        {"parent_id": 100}, [110, 120, 130], dept_ids,
        sent={"dept_id": 100, **ZH}, old={"dingtalk.oapi.department.list": {"id": "100", "lang": "zh_CN"}},
    ),
    "departments.list_ids": Case(
        {"dept_id": 300}, [310, 320],
        sent={"dept_id": 300}, old={"dingtalk.oapi.department.list_ids": {"id": "300"}},
    ),
    "departments.create": Case(
        NEW_DEPARTMENT, {"dept_id": 1001, **NEW_DEPARTMENT}, plain,
        sent={**NEW_DEPARTMENT, **DEPARTMENT_WIRE},
        old={"dingtalk.oapi.department.create": {"name": "算法部", "autoApproveApply": True, **OLD_DEPARTMENT}},
        effect=tuple(NEW_DEPARTMENT.values()),
        look=lambda company: fields(company.departments[1001], *NEW_DEPARTMENT),
    ),
    "departments.update": Case(
        {"dept_id": 110, **CHANGED_DEPARTMENT, "dept_manager_userids": ["yangfan", "qinhao"]},
        sent={"dept_id": 110, **CHANGED_DEPARTMENT, "dept_manager_userid_list": "yangfan,qinhao"},
        old={"dingtalk.oapi.department.update": {
            "id": 110, "name": "平台部", "autoAddUser": True, "deptManagerUseridList": "yangfan|qinhao",
            "groupContainSubDept": True, "groupContainOuterDept": True, "groupContainHiddenDept": True,
            "orgDeptOwner": "sunjing",
        }},
        effect=(*CHANGED_DEPARTMENT.values(), ["yangfan", "qinhao"]),
        look=lambda company: fields(company.departments[110], *CHANGED_DEPARTMENT, "dept_manager_userid_list"),
    ),
    "departments.delete": Case(
        {"dept_id": 140},
        sent={"dept_id": 140}, old={"dingtalk.oapi.department.delete": {"id": "140"}},
        before=lambda company: company.add_department("空组", 100, 140),
        effect=False, look=lambda company: 140 in company.departments,
    ),
    "departments.parents": Case(
        {"dept_id": 110}, [110, 100, 1],
        sent={"dept_id": 110}, old={"dingtalk.oapi.department.list_parent_depts_by_dept": {"id": "110"}},
    ),
    "departments.of_user": Case(
        {"userid": "sunjing"}, [[110, 100, 1], [100, 1], [130, 100, 1]],
        sent={"userid": "sunjing"}, old={"dingtalk.oapi.department.list_parent_depts": {"userId": "sunjing"}},
    ),
    "departments.search": Case(
        {"query_word": "研发"}, [100, 110, 120], sent={"queryWord": "研发", "offset": 0, "size": 20},
    ),
    "departments.tree": Case({"dept_id": 300}, [300, 310, 320], dept_ids),
    "departments.walk_ids": Case({"dept_id": 100}, [100, 110, 120, 130]),
    "users.get": Case(
        {"userid": "heli"}, ("何丽", "测试工程师", [130]), lambda one: (one.name, one.title, one.dept_id_list),
        sent={"userid": "heli", **ZH}, old={"dingtalk.oapi.user.get": {"userid": "heli", "lang": "zh_CN"}},
    ),
    "users.create": Case(
        NEW_USER, ("fangqing", "方晴", [110, 100], JOINED, {"爱好": "旅游"}, 7),
        lambda one: (
            one.userid, one.name, one.dept_id_list, one.hired_date, one.extension, one.dept_order_list[0].order,
        ),
        sent={**NEW_USER, **USER_WIRE},
        old={"dingtalk.oapi.user.create": {"userid": "fangqing", **OLD_USER}},
        effect=STORED_USER, look=new_user,
    ),
    "users.update": Case(
        {"userid": "fangqing", **CHANGED_USER},
        sent={"userid": "fangqing", **CHANGED_USER, **USER_WIRE},
        old={"dingtalk.oapi.user.update": {
            "userid": "fangqing", **{name: value for name, value in OLD_USER.items() if name != "mobile"},
            "managerUserid": "zhaolei",
        }},
        before=lambda company: company.add_user("方小晴", (500,), userid="fangqing", mobile="13911112222"),
        effect=(STORED_USER, "zhaolei"),
        look=lambda company: (new_user(company), company.users["fangqing"].manager_userid),
    ),
    "users.delete": Case(
        {"userid": "heli"}, sent={"userid": "heli"}, effect=False, look=lambda company: "heli" in company.users,
    ),
    "users.disable": Case(
        {"userid": "front", "reason": "换人"}, sent={"userId": "front", "reason": "换人"},
        before=account, effect=True, look=lambda company: company.users["front"].disabled,
    ),
    "users.enable": Case(
        {"userid": "front"}, sent={"userId": "front"},
        before=account, effect=False, look=lambda company: company.users["front"].disabled,
    ),
    "users.list": Case(
        {"dept_id": 110, "order_field": "entry_desc"}, ["qinhao", "zhuling", "yangfan", "sunjing"], userids,
        sent={"dept_id": 110, "order_field": "entry_desc", **FIRST_100, **ZH},
        old={"dingtalk.oapi.user.listbypage": {
            "department_id": 110, "offset": 0, "size": 100, "order": "entry_desc", "lang": "zh_CN",
        }},
    ),
    "users.list_simple": Case(
        {"dept_id": 130, "order_field": "entry_asc"},
        [("sunjing", "孙静"), ("wufang", "吴芳"), ("heli", "何丽"), ("lvbo", "吕波")],
        lambda found: [(each.userid, each.name) for each in found],
        sent={"dept_id": 130, "order_field": "entry_asc", **FIRST_100, **ZH},
        old={"dingtalk.oapi.user.simplelist": {
            "department_id": 130, "offset": 0, "size": 100, "order": "entry_asc", "lang": "zh_CN",
        }},
    ),
    "users.list_ids": Case(
        {"dept_id": 120}, ["zhoubin", "youna", "xuqiang"],
        sent={"dept_id": 120}, old={"dingtalk.oapi.user.getDeptMember": {"deptId": "120"}},
    ),
    "users.count": Case(
        {"only_active": True}, 25,
        sent={"only_active": True}, old={"dingtalk.oapi.user.get_org_user_count": {"onlyActive": 1}},
    ),
    "users.by_mobile": Case(
        {"mobile": "13900000017"}, "heli", lambda found: found.userid, sent={"mobile": "13900000017"},
    ),
    "users.by_unionid": Case(
        {"unionid": unionid}, ("heli", 0), lambda found: (found.userid, found.contact_type), sent={"unionid": unionid},
    ),
    "users.by_code": Case(
        {"code": code}, ("sunjing", "孙静", False, 0),
        lambda who: fields(who, "userid", "name", "sys", "sys_level"), sent={"code": code},
    ),
    "users.admins": Case(
        {}, {"manager4220": 1, "liuyang": 2, "zhaolei": 2},
        lambda found: {each.userid: each.sys_level for each in found}, sent={},
    ),
    "users.admin_scope": Case({"userid": "zhaolei"}, [100], sent={"userid": "zhaolei"}),
    "users.inactive": Case(
        {"query_date": date(2026, 1, 31)}, ["huaxia", "taoran"],
        sent={"query_date": "20260131", "is_active": False, "offset": 0, "size": 100},
        old={"dingtalk.oapi.inactive.user.get": {"query_date": "20260131", "offset": 0, "size": 100}},
    ),
    "users.search": Case(
        {"query_word": "杨"}, ["yangfan"], sent={"queryWord": "杨", "offset": 0, "size": 20},
        old={
            "dingtalk.corp.emp.search": {"keyword": "杨", "offset": 0, "size": 20},
            "dingtalk.corp.search.corpcontact.baseinfo": {"query": "杨", "offset": 0, "size": 20},
        },
    ),
    "users.all": Case(
        {"dept_id": 100}, ["zhaolei", "sunjing", "yangfan", "zhuling", "qinhao", "zhoubin", "youna", "xuqiang",
                           "wufang", "heli", "lvbo"],
        userids,
    ),
    "roles.list": Case({}, [901, 902, 903, 904, 911, 912, 913, 914], role_ids),
    "roles.list_groups": Case({"size": 1}, ["默认", "职务"], lambda found: [each.name for each in found]),
    "roles.get_group": Case({"group_id": 910}, "职务", lambda group: group.name),
    "roles.create_group": Case(
        {"name": "荣誉"}, "荣誉", lambda group: group.name,
        effect=["默认", "职务", "荣誉"], look=lambda company: [each.name for each in company.role_groups.values()],
    ),
    "roles.get": Case(
        {"role_id": 912}, {"role_id": 912, "name": "面试官", "group_id": 910}, plain, sent={"roleId": 912},
    ),
    "roles.users": Case(
        {"role_id": 911}, ["zhaolei", "sunjing"], userids, sent={"role_id": 911, "offset": 0, "size": 100},
    ),
    "roles.create": Case(
        {"name": "导师", "group_id": 910}, {"role_id": 1001, "name": "导师", "group_id": 910}, plain,
        sent={"roleName": "导师", "groupId": 910},
        effect=("导师", 910), look=lambda company: fields(company.roles[1001], "name", "group_id"),
    ),
    "roles.update": Case(
        {"role_id": 911, "name": "首席专家"}, sent={"roleId": 911, "roleName": "首席专家"},
        effect="首席专家", look=lambda company: company.roles[911].name,
    ),
    "roles.delete": Case(
        {"role_id": 914}, sent={"role_id": 914}, effect=False, look=lambda company: 914 in company.roles,
    ),
    "roles.assign": Case(
        {"role_ids": [911, 914], "userids": ["heli", "lvbo"]},
        sent={"roleIds": "911,914", "userIds": "heli,lvbo"},
        old={"dingtalk.corp.role.addrolesforemps": {"rolelid_list": "911,914", "userid_list": "heli,lvbo"}},
        effect=(["zhaolei", "sunjing", "heli", "lvbo"], ["heli", "lvbo"]),
        look=lambda company: (list(company.roles[911].members), list(company.roles[914].members)),
    ),
    "roles.revoke": Case(
        {"role_ids": [911, 912], "userids": ["zhaolei", "qianwei"]},
        sent={"roleIds": "911,912", "userIds": "zhaolei,qianwei"},
        old={"dingtalk.corp.role.removerolesforemps": {"roleid_list": "911,912", "userid_list": "zhaolei,qianwei"}},
        effect=(["sunjing"], ["zhoubin", "liuyang"]),
        look=lambda company: (list(company.roles[911].members), list(company.roles[912].members)),
    ),
    "roles.set_scope": Case(
        {"userid": "sunjing", "role_id": 911, "dept_ids": [110, 130]},
        sent={"userid": "sunjing", "role_id": 911, "dept_ids": "110,130"},
        effect=[110, 130], look=lambda company: company.roles[911].members["sunjing"],
    ),
    "role_groups.list": Case(
        {}, {"默认": [901, 902, 903, 904], "职务": [911, 912, 913, 914]},
        lambda found: {each.name: role_ids(each.roles) for each in found}, sent={"offset": 0, "size": 200},
    ),
    "role_groups.get": Case(
        {"group_id": 910}, (910, "职务", [911, 912, 913, 914]),
        lambda group: (group.group_id, group.name, role_ids(group.roles)), sent={"group_id": 910},
    ),
    "role_groups.create": Case(
        {"name": "荣誉"}, {"group_id": 1001, "name": "荣誉"}, plain, sent={"name": "荣誉"},
        effect="荣誉", look=lambda company: company.role_groups[1001].name,
    ),
    "Department.update": Case(
        {"name": "平台部", "order": 3}, ("平台部", 3), lambda one: (one.name, one.order),
        of=lambda app: app.contact.departments.get(110),
        effect=("平台部", 3), look=lambda company: fields(company.departments[110], "name", "order"),
    ),
    "Department.save": Case(
        {}, frozenset[str](), lambda one: one.assigned,
        of=lambda app: assigned(app.contact.departments.get(110), parent_id=1, code="PLT"),
        effect=(1, "PLT"), look=lambda company: fields(company.departments[110], "parent_id", "code"),
    ),
    "Department.delete": Case(
        {}, of=lambda app: app.contact.departments.get(140),
        before=lambda company: company.add_department("空组", 100, 140),
        effect=False, look=lambda company: 140 in company.departments,
    ),
    "Department.refresh": Case(
        {}, ("财务部", ["hanmei"]), lambda one: (one.name, one.dept_manager_userids),
        of=lambda app: Department(dept_id=500, name="旧名").using(app),
    ),
    "Department.children": Case({}, [310, 320], dept_ids, of=lambda app: Department(dept_id=300).using(app)),
    "Department.parent": Case({}, 300, lambda one: one.dept_id, of=lambda app: app.contact.departments.get(310)),
    "Department.users": Case(
        {}, ["hanmei", "weidong", "taoran"], userids, of=lambda app: Department(dept_id=500).using(app),
    ),
    "User.update": Case(
        {"title": "测试主管", "dept_id_list": "130,100"}, ("测试主管", [130, 100]),
        lambda one: (one.title, one.dept_id_list), of=lambda app: app.contact.users.get("heli"),
        effect=("测试主管", [130, 100]),
        look=lambda company: (company.users["heli"].title, list(company.users["heli"].departments)),
    ),
    "User.save": Case(
        {}, frozenset[str](), lambda one: one.assigned,
        of=lambda app: assigned(app.contact.users.get("heli"), name="何莉", extension={"爱好": "棋"}),
        effect=("何莉", {"爱好": "棋"}), look=lambda company: fields(company.users["heli"], "name", "extension"),
    ),
    "User.delete": Case(
        {}, of=lambda app: app.contact.users.get("heli"), effect=False, look=lambda company: "heli" in company.users,
    ),
    "User.refresh": Case(
        {}, ("何丽", [130]), lambda one: (one.name, one.dept_id_list),
        of=lambda app: User(userid="heli", name="旧名").using(app),
    ),
    "User.departments": Case(
        {}, ["平台研发部", "研发中心", "质量保障部"], lambda found: [each.name for each in found],
        of=lambda app: app.contact.users.get("sunjing"),
    ),
    "User.manager": Case({}, "吴芳", lambda one: one.name, of=lambda app: app.contact.users.get("heli")),
    "UserRef.user": Case(
        {}, ("zhaolei", "技术总监"), lambda one: (one.userid, one.title),
        of=lambda app: next(iter(app.contact.roles.users(911))),
    ),
    "Role.update": Case(
        {"name": "首席专家"}, {"role_id": 911, "name": "首席专家", "group_id": 910}, plain,
        of=lambda app: app.contact.roles.get(911), effect="首席专家", look=lambda company: company.roles[911].name,
    ),
    "Role.save": Case(
        {}, frozenset[str](), lambda one: one.assigned,
        of=lambda app: assigned(app.contact.roles.get(911), name="首席专家"),
        effect="首席专家", look=lambda company: company.roles[911].name,
    ),
    "Role.delete": Case(
        {}, of=lambda app: app.contact.roles.get(914), effect=False, look=lambda company: 914 in company.roles,
    ),
    "Role.refresh": Case(
        {}, {"role_id": 911, "name": "技术专家", "group_id": 910}, plain,
        of=lambda app: Role(role_id=911, name="旧名").using(app),
    ),
    "Role.users": Case(
        {}, ["zhaolei", "sunjing"], userids, of=lambda app: app.contact.roles.get(911),
    ),
    "Role.assign": Case(
        {"userids": ["heli"]}, of=lambda app: app.contact.roles.get(914),
        effect=["heli"], look=lambda company: list(company.roles[914].members),
    ),
    "Role.revoke": Case(
        {"userids": "zhaolei"}, of=lambda app: app.contact.roles.get(911),
        effect=["sunjing"], look=lambda company: list(company.roles[911].members),
    ),
}  # fmt: skip

CONTACT = {
    f"{accessor}.{info.method}": info
    for info in by_hand()
    if info.manager.__module__.startswith(contact.__name__)
    for accessor, resource in RESOURCES.items()
    if type(resource.objects) is info.manager
}
NAMED = [(key, name) for key, info in CONTACT.items() for name in info.names]


@pytest.fixture
def app(sandbox: Sandbox) -> Iterator[DingTalkApp]:
    app = sandbox.app()
    yield app
    app.close()


def resolved(given: dict[str, Any], sandbox: Sandbox) -> dict[str, Any]:
    return {name: value(sandbox) if callable(value) else value for name, value in given.items()}


def bound(key: str, app: DingTalkApp) -> Any:
    """The operation of a case: of an object, or of a manager of the app's module."""
    owner, _, method = key.partition(".")
    of = CASES[key].of
    return getattr(of(app) if of else getattr(app.contact, owner), method)


def check(case: Case, answer: Any, sandbox: Sandbox) -> None:
    assert case.read(answer) == case.answer
    assert case.look(sandbox.company) == case.effect
    if case.sent is not None:
        _, call = sandbox.calls  # the first one fetched the token
        assert call.code == 0
        assert isinstance(call.body, dict)
        known = {name: value for name, value in case.sent.items() if not callable(value)}
        assert call.body.keys() == case.sent.keys()
        assert call.body == call.body | known


@pytest.mark.parametrize("key", CASES)
def test_every_operation(sandbox: Sandbox, app: DingTalkApp, key: str) -> None:
    case = CASES[key]
    case.before(sandbox.company)
    check(case, whole(bound(key, app)(**resolved(case.given, sandbox))), sandbox)


@pytest.mark.parametrize(("key", "name"), NAMED)
def test_by_each_name_with_its_own_parameters(sandbox: Sandbox, app: DingTalkApp, key: str, name: str) -> None:
    case = CASES[key]
    assert case.sent is not None
    case.before(sandbox.company)
    given = resolved(case.old.get(name, case.sent), sandbox)
    check(case, whole(app.run(name, **given)), sandbox)


@pytest.mark.parametrize("key", CONTACT)
def test_nothing_is_sent_before_it_is_asked_for(sandbox: Sandbox, app: DingTalkApp, key: str) -> None:
    case, given = CASES[key], resolved(CASES[key].given, sandbox)
    unsent = (bound(key, app).call(**given), *(app.run.call(name, **given) for name in CONTACT[key].names[:1]))
    assert {(call.request.verb, call.request.path) for call in unsent} == {("POST", CONTACT[key].path)}
    assert all(call.request.body.keys() == (case.sent or {}).keys() for call in unsent)
    assert sandbox.calls == []


def kinds(base: type[Model]) -> Iterator[type[Model]]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith(contact.__name__):
            yield kind
        yield from kinds(kind)


def test_no_operation_is_left_out() -> None:
    homes: dict[str, type] = {accessor: type(resource.objects) for accessor, resource in RESOURCES.items()}
    homes |= {kind.__name__: kind for kind in kinds(Model)}
    found = {
        f"{home}.{name}"
        for home, kind in homes.items()
        for base in kind.__mro__
        if base is kind or base not in homes.values()
        for name, value in vars(base).items()
        if is_operation(value)
    }
    assert found == CASES.keys()
    assert {info.manager for info in CONTACT.values()} <= {kind for kind in homes.values() if issubclass(kind, Manager)}
    for key, info in CONTACT.items():
        assert CASES[key].sent is not None
        assert CASES[key].old.keys() <= set(info.names[1:])


def test_shortcuts_of_the_classes(sandbox: Sandbox, app: DingTalkApp) -> None:
    with app:
        assert Department.get(110) == app.contact.departments.get(110)
        assert User.get("heli") == app.contact.users.get("heli")
        assert Role.get(911) == app.contact.roles.get(911)
        assert RoleGroup.get(910) == app.contact.role_groups.get(910)
        department = Department.create("算法部", 100)
        user = User.create("方晴", "13911112222", [department.dept_id])
        group = RoleGroup.create("荣誉")
        role = Role.create("年度之星", group.group_id)
        role.assign([user.userid])
    company = sandbox.company
    assert company.departments[department.dept_id].parent_id == 100
    assert list(company.users[user.userid].departments) == [department.dept_id]
    assert company.roles[role.role_id].group_id == group.group_id
    assert list(company.roles[role.role_id].members) == [user.userid]
    for made in (department, user, group, role):
        assert made.app is app
        assert made.get.definition is type(made).objects.get.definition


def test_whoever_is_found_leads_to_the_user(sandbox: Sandbox, app: DingTalkApp) -> None:
    users = app.contact.users
    found: list[UserRef] = [
        *users.list_simple(110),
        *users.admins(),
        users.by_code(sandbox.login_code("sunjing")),
        users.by_mobile("13900000017"),
        users.by_unionid(unionid(sandbox)),
        *app.contact.roles.users(911),
    ]
    assert {type(each) for each in found} == set(kinds(UserRef))
    for each in found:
        assert each.user() == users.get(each.userid)
