"""The sandbox's departments."""

from __future__ import annotations

from typing import Any

import pytest
from plain_client import Client


def test_the_departments_at_the_start(client: Client) -> None:
    top = client.result("/topapi/v2/department/listsub")
    assert [each["name"] for each in top] == ["研发中心", "产品设计部", "市场营销部", "人力资源部", "财务部"]
    assert top[0].keys() == {"dept_id", "name", "parent_id", "create_dept_group", "auto_add_user"}
    assert client.result("/topapi/v2/department/listsubid", dept_id=100) == {"dept_id_list": [110, 120, 130]}
    assert client.result("/topapi/v2/department/listparentbydept", dept_id=110) == {"parent_id_list": [110, 100, 1]}
    assert client.result("/topapi/v2/department/listparentbyuser", userid="sunjing") == {
        "parent_list": [{"parent_dept_id_list": chain} for chain in ([110, 100, 1], [100, 1], [130, 100, 1])]
    }
    assert client.code("/topapi/v2/department/listparentbyuser", userid="nobody") == 33012


def test_department_details(client: Client) -> None:
    root = client.result("/topapi/v2/department/get", dept_id=1)
    assert "parent_id" not in root
    assert root["member_count"] == 27
    assert root["owning_member_count"] == 1
    centre = client.result("/topapi/v2/department/get", dept_id=100)
    assert (centre["member_count"], centre["owning_member_count"]) == (11, 2)
    assert centre["dept_manager_userid_list"] == ["zhaolei"]
    assert centre["user_permits"] == []
    assert {"code", "source_identifier", "dept_group_chat_id"}.isdisjoint(centre)
    for path in ("get", "listsub", "listsubid", "listparentbydept", "delete"):
        assert client.code(f"/topapi/v2/department/{path}", dept_id=999) == 60003
        assert client.code(f"/topapi/v2/department/{path}", dept_id=-7) == 40009


def test_a_department_is_created_and_read_back(client: Client) -> None:
    fields = {"hide_dept": "true", "dept_permits": "100,200", "user_permits": "youna", "order": "5"}
    made = client.form(
        "/topapi/v2/department/create",
        name="战略部",
        parent_id=1,
        source_identifier="HR",
        create_dept_group="true",
        **fields,
    )
    read = client.result("/topapi/v2/department/get", dept_id=made["result"]["dept_id"])
    assert read["hide_dept"] is True
    assert (read["dept_permits"], read["user_permits"], read["order"]) == ([100, 200], ["youna"], 5)
    assert read["source_identifier"] == "HR"
    assert read["dept_group_chat_id"].startswith("chat")
    assert client.result("/topapi/v2/department/listsub")[0]["name"] == "战略部"


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"name": None}, 40035),
        ({"parent_id": "root"}, 40035),
        ({"parent_id": 999}, 60004),
        ({"name": ""}, 60001),
        ({"name": "部" * 65}, 60001),
        ({"name": "研发-一"}, 60009),
        ({"name": "研发，一"}, 60009),
        ({"name": "研发中心"}, 60021),
        ({"order": "first"}, 40011),
        ({"dept_permits": "999"}, 600109),
        ({"user_permits": "nobody"}, 600109),
        ({"outer_permit_depts": ",".join(["100"] * 51)}, 600109),
        ({"hide_dept": "perhaps"}, 40035),
    ],
)
def test_department_create_refuses(client: Client, changes: dict[str, Any], errcode: int) -> None:
    before = len(client.sandbox.company.departments)
    new = {"name": "新部门", "parent_id": 1}
    assert client.code("/topapi/v2/department/create", **(new | changes)) == errcode
    assert len(client.sandbox.company.departments) == before


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"dept_id": "x"}, 40009),
        ({"dept_id": 999}, 60003),
        ({"dept_id": 1}, 60018),
        ({"name": ""}, 60001),
        ({"name": "a,b"}, 60009),
        ({"name": "移动研发部"}, 60021),
        ({"parent_id": 999}, 60004),
        ({"parent_id": 110}, 60010),
        ({"dept_id": 100, "parent_id": 120}, 60010),
        ({"order": "x"}, 40011),
        ({"dept_permits": "999"}, 60109),
        ({"dept_permits": ",".join(["100"] * 30), "user_permits": ",".join(["youna"] * 30)}, 60109),
        ({"dept_manager_userid_list": "youna"}, 40031),
        ({"dept_manager_userid_list": "nobody"}, 40031),
        ({"org_dept_owner": "nobody"}, 40093),
        ({"code": "9" * 31}, 40035),
    ],
)
def test_department_update_refuses(client: Client, changes: dict[str, Any], errcode: int) -> None:
    before = repr(client.sandbox.company.departments)
    assert client.code("/topapi/v2/department/update", **({"dept_id": 110} | changes)) == errcode
    assert repr(client.sandbox.company.departments) == before


def test_a_department_is_updated(client: Client) -> None:
    path = "/topapi/v2/department/update"
    fields = {"code": "P1", "auto_add_user": True, "org_dept_owner": "sunjing", "hide_dept": True}
    changes = {"name": "基础平台部", "parent_id": 200, "dept_manager_userid_list": "yangfan,sunjing"}
    assert client.code(path, dept_id=110, **changes, **fields) == 0
    read = client.result("/topapi/v2/department/get", dept_id=110)
    assert (read["name"], read["parent_id"]) == ("基础平台部", 200)
    assert read["dept_manager_userid_list"] == ["yangfan", "sunjing"]
    assert {name: read[name] for name in fields} == fields

    assert client.code(path, dept_id=110, name="Platform", language="en_US") == 0
    assert client.result("/topapi/v2/department/get", dept_id=110)["name"] == "基础平台部"
    assert client.result("/topapi/v2/department/get", dept_id=110, language="en_US")["name"] == "Platform"

    assert client.code(path, dept_id=110, dept_manager_userid_list="") == 0
    assert client.sandbox.company.departments[110].dept_manager_userid_list == ["yangfan", "sunjing"]
    assert client.code(path, dept_id=110, force_update_fields="dept_manager_userid_list") == 0
    assert client.sandbox.company.departments[110].dept_manager_userid_list == []


def test_only_an_empty_department_is_deleted(client: Client) -> None:
    path = "/topapi/v2/department/delete"
    assert client.post(path, dept_id=1)["errmsg"] == "不允许删除根部门"
    assert client.code(path, dept_id=100) == 60006
    assert client.code(path, dept_id=110) == 60005
    new = client.result("/topapi/v2/department/create", name="临时部", parent_id=110)["dept_id"]
    assert client.code(path, dept_id=new) == 0
    assert client.code(path, dept_id=new) == 60003


def test_departments_are_searched_by_record(client: Client) -> None:
    path = "/v1.0/contact/departments/search"
    first = client.api(path, queryWord="研发", offset=0, size=2)
    assert (first.status_code, first.json()) == (200, {"hasMore": True, "totalCount": 3, "list": [100, 110]})
    assert client.api(path, queryWord="研发", offset=2, size=2).json()["list"] == [120]
    refused = client.api(path, queryWord="研发", offset=0)
    assert (refused.status_code, refused.json()["code"]) == (400, "parameter.error")
