"""Roles and role groups, against the sandbox."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import pytest
from helpers import awaited, problems, refused, twins

from dingtalk_models import (
    AlreadyExists,
    ApiError,
    DingTalkApp,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    Role,
    RoleGroup,
    User,
)
from dingtalk_models.sandbox import Sandbox

LIST, USERS, UPDATE = "/topapi/role/list", "/topapi/role/simplelist", "/role/update_role"


def hire(sandbox: Sandbox, count: int) -> list[str]:
    return [sandbox.company.add_user(f"客服{number}", userid=f"kf{number}").userid for number in range(count)]


# -- lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 200])
def test_groups_are_read_to_their_end(sandbox: Sandbox, app: DingTalkApp, size: int) -> None:
    for number in range(3):
        sandbox.company.add_role_group(f"组{number}")
    names = ["默认", "职务", "组0", "组1", "组2"]
    assert [group.name for group in RoleGroup.objects.list(size=size)] == names
    sent = [call.body for call in sandbox.received(LIST)]
    assert sent == [{"offset": at, "size": size} for at in range(0, 5, size)]
    assert [group.name for group in RoleGroup.objects.list(size=size, offset=3)] == names[3:]
    assert [group.name for group in Role.objects.list_groups(size=size)] == names


def test_every_role_knows_its_group(sandbox: Sandbox, app: DingTalkApp) -> None:
    empty = sandbox.company.add_role_group("空")
    late = sandbox.company.add_role("迟到", empty.group_id)
    roles = Role.objects.list().all()
    assert {role.role_id: (role.name, role.group_id) for role in roles} == {
        role.role_id: (role.name, role.group_id) for role in sandbox.company.roles.values()
    }
    assert roles[-1].role_id == late.role_id
    for role in roles:
        assert role == Role.get(role.role_id)
        assert (role.app, role.assigned) == (app, frozenset())
    assert len(sandbox.received(LIST)) == 1


def test_roles_page_by_page_of_groups(sandbox: Sandbox, app: DingTalkApp) -> None:
    for number in range(205):
        group = sandbox.company.add_role_group(f"组{number}")
        sandbox.company.add_role(f"角色{number}", group.group_id)
    assert Role.objects.list().first() == Role.get(901)
    assert len(sandbox.received(LIST)) == 1
    assert [role.role_id for role in Role.objects.list()] == list(sandbox.company.roles)
    assert len(sandbox.received(LIST)) == 3


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6])
def test_who_has_a_role_is_read_to_its_end(sandbox: Sandbox, app: DingTalkApp, count: int) -> None:
    userids = hire(sandbox, count)
    role = sandbox.company.add_role("客服", 910, userids=userids)
    found = Role.objects.users(role.role_id, size=2).all()
    assert [user.userid for user in found] == userids
    assert len(sandbox.received(USERS)) == max(1, -(-count // 2))
    assert [user.userid for user in Role.get(role.role_id).users()] == userids
    assert [user.userid for user in Role.objects.users(role.role_id, offset=1, size=2)] == userids[1:]
    for user in found:
        assert (user.manage_scopes, user.app) == ([], app)
        assert user.user().name == user.name


def test_lists_awaited(sandbox: Sandbox) -> None:
    userids = hire(sandbox, 5)
    role_id = sandbox.company.add_role("客服", 910, userids=userids).role_id

    async def work() -> tuple[list[str], list[int]]:
        users, roles = Role.objects.users(role_id, size=2), Role.objects.list()
        return [user.userid async for user in users], [role.role_id async for role in roles]

    assert awaited(sandbox.app(), work) == (userids, list(sandbox.company.roles))


# -- groups --------------------------------------------------------------------------------------------------------


def test_a_group_and_its_roles(sandbox: Sandbox, app: DingTalkApp) -> None:
    group = RoleGroup.create("荣誉")
    assert (group.name, group.roles, group.app) == ("荣誉", [], app)
    made = [Role.create(f"年度之星{number}", group.group_id) for number in (1, 2)]
    loaded = RoleGroup.get(group.group_id)
    assert loaded.roles == made
    assert {role.app for role in loaded.roles} == {app}
    assert next(each for each in RoleGroup.objects.list() if each.name == "荣誉").roles[0].name == "年度之星1"
    assert Role.objects.get_group(group.group_id) == loaded
    assert Role.objects.create_group("空").roles == []
    assert pickle.loads(pickle.dumps(loaded)) == RoleGroup.model_validate_json(loaded.model_dump_json()) == loaded


# -- refused before anything is sent ------------------------------------------------------------------------------


def test_limits(sandbox: Sandbox, app: DingTalkApp) -> None:
    roles, role = Role.objects, Role(role_id=914)
    many, users = list(range(21)), [f"u{number}" for number in range(101)]
    assert problems(roles.assign, many, users[:21]) == {
        "role_ids": "Value should have at most 20 items, not 21",
        "userids": "Value should have at most 20 items, not 21",
    }
    assert problems(roles.revoke, many, users) == {
        "role_ids": "Value should have at most 20 items, not 21",
        "userids": "Value should have at most 100 items, not 101",
    }
    for operation in (roles.assign, roles.revoke):
        assert problems(operation, [], []).keys() == {"role_ids", "userids"}
        assert problems(operation, ["x"], ["a,b"]).keys() == {"role_ids.0", "userids.0"}
    assert problems(role.assign, users[:21]).keys() == problems(role.revoke, users).keys() == {"userids"}
    assert problems(role.assign, []).keys() == problems(role.revoke, []).keys() == {"userids"}
    assert problems(roles.set_scope, "heli", 911, many * 3) == {
        "dept_ids": "Value should have at most 50 items, not 63"
    }
    assert problems(roles.create, "", "x").keys() == {"name", "group_id"}
    assert problems(roles.update, 911, "") == {"name": "String should have at least 1 character"}
    assert problems(role.update, "").keys() == {"name"}
    assert problems(RoleGroup.create, "").keys() == {"name"}
    assert problems(RoleGroup.objects.list, size=201).keys() == problems(RoleGroup.objects.list, size=0).keys()
    assert problems(roles.users, 911, size=101, offset=-1).keys() == {"size", "offset"}
    assert sandbox.calls == []


def test_limits_that_are_just_kept(sandbox: Sandbox, app: DingTalkApp) -> None:
    users = hire(sandbox, 100)
    role_ids = [sandbox.company.add_role(f"角色{number}", 910).role_id for number in range(20)]
    Role.objects.assign(role_ids, users[:20])
    assert {tuple(sandbox.company.roles[role_id].members) for role_id in role_ids} == {tuple(users[:20])}
    Role.objects.revoke(role_ids, users)
    assert {tuple(sandbox.company.roles[role_id].members) for role_id in role_ids} == {()}


# -- refused by the platform ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "refusal"),
    [
        (lambda: Role.create("面试官", 910), AlreadyExists, (34021, "角色名称已存在")),
        (lambda: Role.create("新角色", 404), NotFound, (34020, "无效的groupId")),
        (lambda: Role.objects.update(404, "x"), NotFound, (33011, "无效的roleId")),
        (lambda: Role.objects.update(911, "面试官"), AlreadyExists, (34021, "角色名称已存在")),
        (lambda: Role.objects.update(901, "x"), PermissionDenied, (23004, "不允许编辑系统标签")),
        (lambda: Role.objects.delete(404), NotFound, (33011, "无效的roleId")),
        (lambda: Role.objects.delete(911), PermissionDenied, (23004, "不允许编辑系统标签")),
        (lambda: Role.objects.delete(901), PermissionDenied, (23004, "不允许编辑系统标签")),
        (lambda: Role.get(404), NotFound, (33011, "无效的roleId")),
        (lambda: Role.objects.users(404).all(), NotFound, (33011, "无效的roleId")),
        (lambda: Role.objects.assign([914, 404], ["heli"]), NotFound, (33011, "无效的roleId")),
        (lambda: Role.objects.assign([914], ["heli", "nobody"]), NotFound, (33012, "无效的USERID")),
        (lambda: Role.objects.assign([914, 902], ["heli"]), PermissionDenied, (23004, "不允许编辑系统标签")),
        (lambda: Role.objects.revoke([911, 404], ["zhaolei"]), NotFound, (33011, "无效的roleId")),
        (lambda: Role.objects.revoke([911], ["zhaolei", "nobody"]), NotFound, (33012, "无效的USERID")),
        (lambda: Role.objects.set_scope("sunjing", 404, [110]), NotFound, (60301, "无效的role_id")),
        (lambda: Role.objects.set_scope("nobody", 911, [110]), NotFound, (46004, "不存在的员工")),
        (lambda: Role.objects.set_scope("sunjing", 911, [404]), NotFound, (60003, "部门不存在")),
        (lambda: Role.objects.set_scope("heli", 911, [110]), InvalidRequest, (400002, "参数错误")),
        (lambda: RoleGroup.get(404), InvalidRequest, (400002, "参数错误")),
        (Role(role_id=404).refresh, NotFound, (33011, "无效的roleId")),
        (Role(role_id=911).delete, PermissionDenied, (23004, "不允许编辑系统标签")),
        (lambda: Role(role_id=914).assign(["nobody"]), NotFound, (33012, "无效的USERID")),
    ],
)
def test_refused_by_the_platform(
    sandbox: Sandbox, app: DingTalkApp, call: Callable[[], object], kind: type[ApiError], refusal: tuple[int, str]
) -> None:
    before = copy.deepcopy(sandbox.company.roles)
    refused(call, kind, refusal, sandbox)
    assert sandbox.company.roles == before


# -- objects -------------------------------------------------------------------------------------------------------


def test_a_role_from_creation_to_deletion(sandbox: Sandbox, app: DingTalkApp) -> None:
    role = Role.create("导师", 910)
    assert role == Role.get(role.role_id)
    assert role.update("首席导师") is role
    assert (role.name, role.group_id, sandbox.company.roles[role.role_id].name) == ("首席导师", 910, "首席导师")

    role.name = "导师"
    assert role.assigned == {"name"}
    assert role.save() is role
    assert sandbox.calls[-1].body == {"roleId": role.role_id, "roleName": "导师"}
    assert role.assigned == frozenset()
    sandbox.calls.clear()
    role.save()
    assert sandbox.calls == []

    role.assign(["heli", "lvbo"])
    assert [user.userid for user in role.users()] == ["heli", "lvbo"]
    assert role.role_id in {each.id for each in User.get("heli").role_list}
    with pytest.raises(PermissionDenied):
        role.delete()
    role.revoke(["heli", "lvbo", "yangfan"])
    assert role.users().all() == []
    role.delete()
    with pytest.raises(NotFound):
        role.refresh()


def test_assigning_twice_changes_nothing(sandbox: Sandbox, app: DingTalkApp) -> None:
    role = Role.get(914)
    role.assign(["heli"])
    role.assign("heli,lvbo")  # type: ignore[call-overload]
    assert list(sandbox.company.roles[914].members) == ["heli", "lvbo"]
    assert sandbox.calls[-1].body == {"roleIds": "914", "userIds": "heli,lvbo"}


def test_a_role_for_some_departments(sandbox: Sandbox, app: DingTalkApp) -> None:
    role = Role.get(911)
    Role.objects.set_scope("sunjing", 911, [110, 130])
    scopes = {user.userid: user.manage_scopes for user in role.users()}
    assert [(scope.dept_id, scope.name) for scope in scopes["sunjing"]] == [(110, "平台研发部"), (130, "质量保障部")]
    assert scopes["zhaolei"] == []
    Role.objects.set_scope("sunjing", 911)
    assert sandbox.calls[-1].body == {"userid": "sunjing", "role_id": 911}
    assert [user.manage_scopes for user in role.users()] == [[], []]


def test_assignments_are_checked(sandbox: Sandbox, app: DingTalkApp) -> None:
    role = Role.get(911)
    calls = len(sandbox.calls)
    assert problems(setattr, role, "name", "") == {"name": "String should have at least 1 character"}
    assert problems(setattr, role, "nam", "x") == {"nam": "unknown; did you mean 'name'?"}
    assert (role.name, role.assigned) == ("技术专家", frozenset())
    assert "cannot be changed" in problems(setattr, role, "group_id", 900)["group_id"]
    assert len(sandbox.calls) == calls


def test_a_refused_save_stays_to_be_saved(sandbox: Sandbox, app: DingTalkApp) -> None:
    role = Role.get(911)
    role.name = "面试官"
    with pytest.raises(AlreadyExists):
        role.save()
    assert role.assigned == {"name"}
    role.name = "首席专家"
    role.save()
    assert len(sandbox.received(UPDATE)) == 2
    assert Role.get(911) == role


def test_value_pickle_and_json(app: DingTalkApp) -> None:
    role = Role.get(911)
    assert role == Role(role_id=911, name="技术专家", group_id=910)
    assert role != Role.get(912)
    assert twins(role)
    assert json.loads(role.model_dump_json()) == {"role_id": 911, "name": "技术专家", "group_id": 910}
    holder = role.users().first()
    assert holder is not None
    assert pickle.loads(pickle.dumps(holder)) == holder
