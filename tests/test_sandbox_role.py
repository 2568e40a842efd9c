"""The sandbox's roles and role groups."""

from __future__ import annotations

from typing import Any

import pytest
from plain_client import Client


def test_role_groups_and_roles(client: Client) -> None:
    listed = client.result("/topapi/role/list")
    assert listed["hasMore"] is False
    default, custom = listed["list"]
    assert (default["name"], [each["name"] for each in default["roles"]]) == (
        "默认",
        ["负责人", "主管", "主管理员", "子管理员"],
    )
    assert client.post("/topapi/role/getrolegroup", group_id=custom["groupId"])["role_group"] == {
        "group_name": "职务",
        "roles": [{"role_id": each["id"], "role_name": each["name"]} for each in custom["roles"]],
    }
    assert client.code("/topapi/role/getrolegroup", group_id=1) == 400002
    assert client.result("/topapi/role/list", size=1)["hasMore"] is True
    assert [each["name"] for each in client.result("/topapi/role/list", size=1, offset=1)["list"]] == ["职务"]
    assert client.code("/topapi/role/list", size=200) == 0
    assert client.code("/topapi/role/list", size=201) == 40069
    assert client.code("/topapi/role/list", offset=-1) == 40068


def test_a_role_from_creation_to_deletion(client: Client) -> None:
    group = client.post("/role/add_role_group", name="项目")["groupId"]
    made = client.post("/role/add_role", roleName="架构委员", groupId=group)
    assert made.keys() == {"errcode", "errmsg", "roleId"}
    role = made["roleId"]
    assert client.post("/topapi/role/getrole", roleId=role)["role"] == {"name": "架构委员", "groupId": group}
    assert client.code("/role/update_role", roleId=role, roleName="技术委员") == 0
    assert client.post("/topapi/role/getrole", roleId=str(role))["role"]["name"] == "技术委员"
    give = {"roleIds": f"{role},914", "userIds": "sunjing,zhoubin"}
    assert client.form("/topapi/role/addrolesforemps", **give)["errcode"] == 0
    assert client.code("/topapi/role/deleterole", role_id=role) == 23004
    scope = {"userid": "sunjing", "role_id": role}
    assert client.code("/topapi/role/scope/update", dept_ids="110,130", **scope) == 0
    page = client.result("/topapi/role/simplelist", role_id=role, size=1)
    assert (page["hasMore"], page["nextCursor"]) == (True, 1)
    assert page["list"] == [
        {
            "userid": "sunjing",
            "name": "孙静",
            "manageScopes": [{"dept_id": 110, "name": "平台研发部"}, {"dept_id": 130, "name": "质量保障部"}],
        }
    ]
    assert client.result("/topapi/role/simplelist", role_id=role, offset=1) == {
        "hasMore": False,
        "list": [{"userid": "zhoubin", "name": "周斌"}],
    }
    assert client.code("/topapi/role/scope/update", **scope) == 0
    assert "manageScopes" not in client.result("/topapi/role/simplelist", role_id=role)["list"][0]
    assert client.code("/topapi/role/removerolesforemps", **give) == 0
    assert client.code("/topapi/role/deleterole", role_id=role) == 0
    assert client.code("/topapi/role/getrole", roleId=role) == 33011


MANY = ",".join(["youna"] * 21)


@pytest.mark.parametrize(
    ("path", "body", "errcode"),
    [
        ("/role/add_role", {"groupId": 910}, 34018),
        ("/role/add_role", {"roleName": "新", "groupId": 1}, 34020),
        ("/role/add_role", {"roleName": "新"}, 34020),
        ("/role/add_role", {"roleName": "面试官", "groupId": 910}, 34021),
        ("/role/update_role", {"roleId": 911}, 660000),
        ("/role/update_role", {"roleId": 1, "roleName": "新"}, 33011),
        ("/role/update_role", {"roleId": 901, "roleName": "新"}, 23004),
        ("/role/update_role", {"roleId": 911, "roleName": "面试官"}, 34021),
        ("/topapi/role/deleterole", {"role_id": 901}, 23004),
        ("/topapi/role/deleterole", {"role_id": 1}, 33011),
        ("/topapi/role/simplelist", {"role_id": 1}, 33011),
        ("/topapi/role/simplelist", {"role_id": 911, "size": 101}, 40069),
        ("/topapi/role/simplelist", {"role_id": 911, "offset": "x"}, 40068),
        ("/topapi/role/addrolesforemps", {"roleIds": "901", "userIds": "youna"}, 23004),
        ("/topapi/role/addrolesforemps", {"roleIds": "1", "userIds": "youna"}, 33011),
        ("/topapi/role/addrolesforemps", {"roleIds": ",".join(["911"] * 21), "userIds": "youna"}, 33011),
        ("/topapi/role/addrolesforemps", {"roleIds": "911", "userIds": "nobody"}, 33012),
        ("/topapi/role/addrolesforemps", {"roleIds": "911", "userIds": MANY}, 33012),
        ("/topapi/role/removerolesforemps", {"roleIds": "911", "userIds": MANY}, 0),
        ("/topapi/role/removerolesforemps", {"roleIds": "911", "userIds": ",".join(["youna"] * 101)}, 33012),
        ("/topapi/role/scope/update", {"userid": "sunjing"}, 34018),
        ("/topapi/role/scope/update", {"userid": "", "role_id": 911}, 40003),
        ("/topapi/role/scope/update", {"userid": "nobody", "role_id": 911}, 46004),
        ("/topapi/role/scope/update", {"userid": "sunjing", "role_id": 1}, 60301),
        ("/topapi/role/scope/update", {"userid": "sunjing", "role_id": 911, "dept_ids": "999"}, 60003),
        ("/topapi/role/scope/update", {"userid": "youna", "role_id": 911}, 400002),
        ("/topapi/role/scope/update", {"userid": "sunjing", "role_id": 911, "dept_ids": "1," * 51}, 400002),
    ],
)
def test_roles_refuse(client: Client, path: str, body: dict[str, Any], errcode: int) -> None:
    assert client.code(path, **body) == errcode
