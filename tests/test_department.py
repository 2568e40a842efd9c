"""Departments, against the sandbox: trees, limits, refusals, objects."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from helpers import awaited, items, problems, refused, twins

from dingtalk_models import (
    AlreadyExists,
    ApiError,
    Department,
    DingTalkApp,
    InvalidRequest,
    NotFound,
    PermissionDenied,
)
from dingtalk_models.sandbox import Sandbox

GET, LIST, IDS, UPDATE = (f"/topapi/v2/department/{name}" for name in ("get", "listsub", "listsubid", "update"))

EVERYONE = [1, 100, 200, 300, 400, 500, 110, 120, 130, 310, 320, 111, 112, 321, 1111]
"""The company that `deep` makes, breadth first."""


@pytest.fixture
def deep(sandbox: Sandbox) -> None:
    for dept_id, name, parent_id in (
        (111, "存储组", 110), (112, "网络组", 110), (321, "深圳办", 320), (1111, "数据库小组", 111),
    ):  # fmt: skip
        sandbox.company.add_department(name, parent_id, dept_id)


# -- trees ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("deep")
@pytest.mark.parametrize("workers", [1, 3, 16])
def test_a_tree_comes_breadth_first_with_a_call_a_department(sandbox: Sandbox, app: DingTalkApp, workers: int) -> None:
    assert [each.dept_id for each in Department.objects.tree(workers=workers)] == EVERYONE
    assert len(sandbox.received(LIST)) == len(EVERYONE)
    assert [each.dept_id for each in Department.objects.list(fetch_child=True)] == EVERYONE[1:]
    assert Department.objects.walk_ids(workers=workers).all() == EVERYONE
    assert len(sandbox.received(IDS)) == len(EVERYONE)
    assert len(sandbox.received(GET)) == 1


@pytest.mark.usefixtures("deep")
def test_a_tree_of_a_part(app: DingTalkApp) -> None:
    tree = Department.objects.tree(110).all()
    assert [(each.name, each.parent_id) for each in tree] == [
        ("平台研发部", 100), ("存储组", 110), ("网络组", 110), ("数据库小组", 111),
    ]  # fmt: skip
    assert all(each.app is app for each in tree)
    assert Department.objects.walk_ids(1111).all() == [1111]
    assert Department.objects.list(1111, fetch_child=True).all() == []


@pytest.mark.usefixtures("deep")
def test_a_tree_is_fetched_as_far_as_it_is_read(sandbox: Sandbox, app: DingTalkApp) -> None:
    tree = Department.objects.tree(workers=1)
    assert sandbox.calls == []
    assert tree.first() == Department.get(1)
    assert sandbox.received(LIST) == []
    walked = iter(tree)
    assert [next(walked).dept_id for _ in range(6)] == EVERYONE[:6]
    assert len(sandbox.received(LIST)) == 1


@pytest.mark.usefixtures("deep")
def test_a_tree_awaited(sandbox: Sandbox) -> None:
    async def work() -> tuple[list[int], list[int], list[str]]:
        manager = Department.objects
        names = [each.name async for each in manager.tree(300)]
        return await items(manager.walk_ids()), [each.dept_id for each in await manager.tree.aio()], names

    assert awaited(sandbox.app(), work) == (EVERYONE, EVERYONE, ["市场营销部", "华东大区", "华南大区", "深圳办"])


def test_a_tree_of_nothing(app: DingTalkApp) -> None:
    for fetch in (Department.objects.tree(404).all, Department.objects.walk_ids(404).all):
        with pytest.raises(NotFound):
            fetch()
    for workers in (0, 17):
        assert problems(Department.objects.tree, workers=workers).keys() == {"workers"}
        assert problems(Department.objects.walk_ids, workers=workers).keys() == {"workers"}


def test_names_in_another_language(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.departments[100].name_en = "R&D"
    sandbox.company.departments[110].name_en = "Platform"
    assert Department.get(100, language="en_US").name == "R&D"
    assert [each.name for each in Department.objects.list(100, language="en_US")][:2] == ["Platform", "移动研发部"]
    assert [each.name for each in Department.objects.tree(100, language="en_US")][:2] == ["R&D", "Platform"]
    assert Department.get(100).update(name="Research", language="en_US").dept_id == 100
    company = sandbox.company.departments[100]
    assert (company.name, company.name_en) == ("研发中心", "Research")


@pytest.mark.usefixtures("deep")
def test_the_ways_up(app: DingTalkApp) -> None:
    assert Department.objects.parents(1111) == [1111, 111, 110, 100, 1]
    assert Department.objects.parents(1) == [1]
    assert Department.objects.of_user("sunjing") == [[110, 100, 1], [100, 1], [130, 100, 1]]
    assert Department.objects.of_user("manager4220") == [[1]]


@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_a_search_is_read_to_its_end(sandbox: Sandbox, app: DingTalkApp, size: int) -> None:
    search = "/v1.0/contact/departments/search"
    pages = list(Department.objects.search("部", size=size).pages())
    found = [dept_id for page in pages for dept_id in page.items]
    assert found == [110, 120, 130, 200, 300, 400, 500]
    assert {page.total for page in pages} == {7}
    sent = [call.body for call in sandbox.received(search)]
    assert sent == [{"queryWord": "部", "offset": at, "size": size} for at in range(0, 7, size)]
    assert Department.objects.search("部", size=size, offset=5).all() == [400, 500]
    assert Department.objects.search("没有").all() == []
    assert problems(Department.objects.search, "", offset=-1, size=0).keys() == {"query_word", "offset", "size"}


# -- refused before anything is sent ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"name": ""}, {"name": "String should have at least 1 character"}),
        ({"name": "部" * 65}, {"name": "String should have at most 64 characters"}),
        ({"name": "研发-一组"}, {"name": "String should match pattern '^[^-,，]*$'"}),
        ({"name": "研发,一组"}, {"name": "String should match pattern '^[^-,，]*$'"}),
        ({"name": "研发，一组"}, {"name": "String should match pattern '^[^-,，]*$'"}),
        ({"name": None}, {"name": "should be a valid string"}),
        ({"parent_id": "上级"}, {"parent_id": "should be a valid integer, unable to parse string as an integer"}),
        ({"outer_permit_depts": list(range(51))}, {"outer_permit_depts": "List should have at most 50 items, not 51"}),
        ({"outer_permit_users": ["x"] * 51}, {"outer_permit_users": "Value should have at most 50 items, not 51"}),
        ({"user_permits": ["a,b"]}, {"user_permits.0": "may not contain a comma: ids are sent joined by commas"}),
        (
            {"dept_permits": list(range(26)), "user_permits": ["x"] * 25},
            {"dept_permits": "together with user_permits at most 50"},
        ),
        ({"order": "first"}, {"order": "should be a valid integer, unable to parse string as an integer"}),
        ({"hide_depts": True}, {"hide_depts": "unknown; did you mean 'hide_dept'?"}),
    ],
)
def test_what_a_department_may_not_have(
    sandbox: Sandbox, app: DingTalkApp, fields: dict[str, Any], refused: dict[str, str]
) -> None:
    for found in (
        problems(Department.create, **{"name": "新部门", **fields}),
        problems(Department.objects.update, 110, **fields),
        problems(Department(dept_id=110).update, **fields),
    ):
        assert {name: words.replace("List", "Value") for name, words in found.items()} == {
            name: words.replace("List", "Value") for name, words in refused.items()
        }
    assert sandbox.calls == []


def test_what_only_a_change_may_have(sandbox: Sandbox, app: DingTalkApp) -> None:
    assert problems(Department.objects.update, 110, code="x" * 31, language="fr").keys() == {"code", "language"}
    assert problems(Department.create, "新部门", code="x").keys() == {"code"}
    assert sandbox.calls == []


def test_limits_that_are_just_kept(sandbox: Sandbox, app: DingTalkApp) -> None:
    for number in range(50):
        sandbox.company.add_user(f"员工{number}", userid=f"u{number}")
    many = [f"u{number}" for number in range(50)]
    made = Department.create("部" * 64, 100, user_permits=many, outer_permit_users=many)
    made.update(name="a", user_permits=many[:40], dept_permits=[100, 110], code="x" * 30)
    held = sandbox.company.departments[made.dept_id]
    assert (len(held.user_permits), len(held.outer_permit_users), held.dept_permits) == (40, 50, [100, 110])
    assert made.code == held.code == "x" * 30


# -- refused by the platform ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "refusal"),
    [
        (lambda: Department.create("财务部"), AlreadyExists, (60021, "父部门下该部门名称已存在")),
        (lambda: Department.create("新部门", 404), NotFound, (60004, "父亲部门不存在")),
        (lambda: Department.create("新部门", dept_permits=[404]), InvalidRequest, (600109, "不合法的可见id列表")),
        (lambda: Department.objects.update(1, order=2), InvalidRequest, (60018, "不允许更新根部门")),
        (lambda: Department.objects.update(404, order=2), NotFound, (60003, "部门不存在")),
        (lambda: Department.objects.update(110, name="移动研发部"), AlreadyExists, (60021, "父部门下该部门名称已存在")),
        (lambda: Department.objects.update(110, parent_id=404), NotFound, (60004, "父亲部门不存在")),
        (lambda: Department.objects.update(100, parent_id=110), InvalidRequest, (60010, "部门存在循环关系")),
        (lambda: Department.objects.update(100, parent_id=100), InvalidRequest, (60010, "部门存在循环关系")),
        (
            lambda: Department.objects.update(110, dept_manager_userids=["heli"]),
            InvalidRequest, (40031, "不合法的UserID列表"),
        ),
        (lambda: Department.objects.update(110, org_dept_owner="nobody"), InvalidRequest, (40093, "无效的企业群群主")),
        (lambda: Department.objects.update(110, user_permits=["x"]), InvalidRequest, (60109, "非法的可查看id列表")),
        (lambda: Department.objects.delete(1), InvalidRequest, (60007, "不允许删除根部门")),
        (lambda: Department.objects.delete(404), NotFound, (60003, "部门不存在")),
        (lambda: Department.objects.delete(110), InvalidRequest, (60005, "不允许删除有成员的部门")),
        (lambda: Department.objects.delete(300), InvalidRequest, (60006, "不允许删除有子部门的部门")),
        (lambda: Department.get(404), NotFound, (60003, "部门不存在")),
        (lambda: Department.get(-1), NotFound, (40009, "不合法的部门id")),
        (lambda: Department.objects.list(404).all(), NotFound, (60003, "部门不存在")),
        (lambda: Department.objects.list_ids(404), NotFound, (60003, "部门不存在")),
        (lambda: Department.objects.parents(404), NotFound, (60003, "部门不存在")),
        (lambda: Department.objects.of_user("nobody"), NotFound, (33012, "无效的USERID")),
        (Department(dept_id=404).refresh, NotFound, (60003, "部门不存在")),
        (lambda: Department(dept_id=404).children().first(), NotFound, (60003, "部门不存在")),
        (lambda: Department(dept_id=404).parent(), NotFound, (60003, "部门不存在")),
        (Department(dept_id=110).delete, InvalidRequest, (60005, "不允许删除有成员的部门")),
    ],
)  # fmt: skip
def test_refused_by_the_platform(
    sandbox: Sandbox, app: DingTalkApp, call: Callable[[], object], kind: type[ApiError], refusal: tuple[int, str]
) -> None:
    before = copy.deepcopy(sandbox.company.departments)
    assert refused(call, kind, refusal, sandbox).request_id
    assert sandbox.company.departments == before


def test_a_department_outside_the_scope_says_what_to_do(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(GET, errcode=50004)
    with pytest.raises(PermissionDenied) as caught:
        Department.get(110)
    assert caught.value.code == 50004
    assert caught.value.hint is not None
    assert "contact scope" in caught.value.hint
    assert "部门不在应用的通讯录授权范围内" in str(caught.value)


# -- objects -------------------------------------------------------------------------------------------------------


def test_a_department_from_its_creation_to_its_end(sandbox: Sandbox, app: DingTalkApp) -> None:
    made = Department.create("算法部", 100, order=7, create_dept_group=True)
    assert (made.name, made.parent_id, made.order, made.app) == ("算法部", 100, 7, app)
    made.refresh()
    assert made == Department.get(made.dept_id)
    assert made.dept_group_chat_id is not None
    assert (made.member_count, made.owning_member_count) == (0, 0)

    assert made.update(name="智能部", parent_id=200) is made
    made.order = 1
    made.source_identifier = "HR-9"
    assert made.assigned == {"order", "source_identifier"}
    made.save()
    assert sandbox.calls[-1].body == {"dept_id": made.dept_id, "order": 1, "source_identifier": "HR-9"}
    assert made.assigned == frozenset()
    assert Department.get(made.dept_id) == made
    sandbox.calls.clear()
    made.save()
    assert sandbox.calls == []

    twin = Department.create("算法部", made.dept_id)
    assert Department.objects.list_ids(made.dept_id) == [twin.dept_id]
    with pytest.raises(InvalidRequest):
        made.delete()
    Department.objects.delete(twin.dept_id)
    assert Department.objects.list_ids(made.dept_id) == []
    made.delete()
    with pytest.raises(NotFound):
        made.refresh()


def test_managers_are_cleared_on_demand(sandbox: Sandbox, app: DingTalkApp) -> None:
    department = Department.get(110)
    department.update(dept_manager_userids=["qinhao", "yangfan"])
    assert Department.get(110).dept_manager_userids == ["qinhao", "yangfan"]
    department.update(dept_manager_userids=[], force_update_fields=["dept_manager_userids"])
    assert sandbox.calls[-1].body == {
        "dept_id": 110, "dept_manager_userid_list": "", "force_update_fields": "dept_manager_userid_list",
    }  # fmt: skip
    assert department.dept_manager_userids == Department.get(110).dept_manager_userids == []


def test_from_one_department_to_others(sandbox: Sandbox, app: DingTalkApp) -> None:
    center = Department.get(100)
    assert [each.name for each in center.children()] == ["平台研发部", "移动研发部", "质量保障部"]
    assert center.parent() == Department.get(1)
    assert [user.userid for user in center.users()] == ["zhaolei", "sunjing"]
    root = Department.get(1)
    assert root.parent() is None
    assert Department(dept_id=1).parent() is None
    for child in center.children():
        assert child.parent() == center
        assert child.children().all() == []


def test_looking_upwards_keeps_what_is_not_saved(sandbox: Sandbox, app: DingTalkApp) -> None:
    department = Department(dept_id=110)
    department.name = "平台部"
    assert department.parent() == Department.get(100)
    assert (department.name, department.assigned, department.parent_id) == ("平台部", frozenset({"name"}), None)
    assert sandbox.company.departments[110].name == "平台研发部"


def test_assignments_are_checked(sandbox: Sandbox, app: DingTalkApp) -> None:
    department = Department.get(110)
    before, calls = department.model_dump(), len(sandbox.calls)
    for name, value, words in (
        ("name", "a-b", "pattern"),
        ("name", "x" * 65, "at most 64"),
        ("parent_id", "up", "valid integer"),
        ("dept_manager_userids", ["a,b"], "may not contain a comma"),
        ("user_permits", ["x"] * 51, "at most 50"),
        ("code", "x" * 31, "at most 30"),
        ("nam", "x", "did you mean 'name'"),
    ):
        assert words in " ".join(problems(setattr, department, name, value).values())
    assert department.model_dump() == before
    assert department.assigned == frozenset()
    assert "cannot be changed" in problems(setattr, department, "member_count", 7)["member_count"]
    assert len(sandbox.calls) == calls


def test_value_pickle_and_json(app: DingTalkApp) -> None:
    department = Department.get(110)
    assert department == Department.get(110)
    assert department != Department.get(120)
    for twin in twins(department):
        assert twin.refresh() == department  # through the innermost app
    dumped = json.loads(department.model_dump_json())
    assert (dumped["dept_id"], dumped["name"], dumped["dept_manager_userids"]) == (110, "平台研发部", ["sunjing"])
    assert "app" not in dumped
