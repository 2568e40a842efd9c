"""The sandbox's people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from plain_client import NEW_USER, Client


def test_a_person_is_created_and_read_back(client: Client) -> None:
    fields = {
        "hide_mobile": True,
        "telephone": "010-86123456",
        "job_number": "4",
        "title": "技术总监",
        "email": "zhangsan@dingfeng.example",
        "work_place": "未来park",
        "remark": "备注",
        "hired_date": 1597573616828,
        "manager_userid": "zhaolei",
    }
    extra = {
        "extension": '{"爱好":"旅游"}',
        "senior_mode": "true",
        "dept_order_list": '[{"dept_id": 110, "order": 9}]',
        "dept_title_list": '[{"dept_id": 200, "title": "顾问"}]',
    }
    made = client.form("/topapi/v2/user/create", **NEW_USER, **fields, **extra)["result"]
    assert made.keys() == {"userid", "unionId"}
    read = client.result("/topapi/v2/user/get", userid=made["userid"])
    assert {name: read[name] for name in fields} == fields
    assert read["unionid"] == made["unionId"]
    assert read["dept_id_list"] == [110, 200]
    assert read["dept_order_list"] == [{"dept_id": 110, "order": 9}, {"dept_id": 200, "order": 0}]
    assert json.loads(read["extension"]) == {"爱好": "旅游"}
    assert read["senior"] is True
    assert read["leader_in_dept"] == [{"dept_id": 110, "leader": False}, {"dept_id": 200, "leader": False}]
    assert client.sandbox.company.users[made["userid"]].departments[200].title == "顾问"
    assert client.code("/topapi/v2/user/create", userid="abroad", **(NEW_USER | {"mobile": "+1-2025550143"})) == 0
    assert client.sandbox.company.users["abroad"].state_code == "1"


def test_fields_that_are_not_set_are_omitted(client: Client) -> None:
    made = client.result("/topapi/v2/user/create", **NEW_USER, userid="zhangsan")
    read = client.result("/topapi/v2/user/get", userid=made["userid"])
    unset = {"avatar", "telephone", "title", "email", "remark", "extension", "hired_date", "role_list"}
    assert unset.isdisjoint(read)
    assert read["leader_in_dept"]
    assert client.result("/topapi/v2/user/get", userid="sunjing")["role_list"][1] == {
        "id": 911,
        "name": "技术专家",
        "group_name": "职务",
    }


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"name": None}, 40035),
        ({"name": "名" * 81}, 60112),
        ({"mobile": None}, 60113),
        ({"mobile": None, "email": "a@b.example"}, 40035),
        ({"mobile": "12"}, 60103),
        ({"mobile": "13900000001"}, 60104),
        ({"userid": "youna"}, 60102),
        ({"userid": "u" * 65}, 40003),
        ({"email": "youna@dingfeng.example"}, 60106),
        ({"telephone": "0571-1"}, 40100),
        ({"dept_id_list": None}, 40035),
        ({"dept_id_list": "研发"}, 40066),
        ({"dept_id_list": [110, 200]}, 40066),
        ({"dept_id_list": ",".join(map(str, range(1, 102)))}, 40066),
        ({"dept_id_list": "999"}, 60003),
        ({"title": "x" * 201}, 60119),
        ({"job_number": "x" * 51}, 60123),
        ({"extension": "[]"}, 60122),
        ({"extension": {"备注": "x" * 2000}}, 60122),
        ({"remark": "x" * 2001}, 40035),
        ({"org_email_type": "free"}, 40035),
        ({"manager_userid": "nobody"}, 33012),
        ({"exclusive_account": True, "exclusive_account_type": "dingtalk", "login_id": "x"}, 40035),
    ],
)
def test_user_create_refuses(client: Client, changes: dict[str, Any], errcode: int) -> None:
    client.sandbox.company.users["youna"].telephone = "0571-1"
    assert client.code("/topapi/v2/user/create", **(NEW_USER | changes)) == errcode
    assert len(client.sandbox.company.users) == 27


def test_a_department_holds_a_thousand(client: Client) -> None:
    company = client.sandbox.company
    for number in range(998):
        company.add_user(f"员工{number}", [400])
    assert client.code("/topapi/v2/user/create", **(NEW_USER | {"dept_id_list": "400"})) == 40023
    assert client.code("/topapi/v2/user/update", userid="youna", dept_id_list="400") == 40023
    assert client.code("/topapi/v2/user/update", userid="liuyang", dept_id_list="400,100") == 0


def test_company_accounts(client: Client) -> None:
    account = {
        "name": "外包一号",
        "dept_id_list": "500",
        "exclusive_account": True,
        "exclusive_mobile": "13600000001",
    }
    login = {"exclusive_account_type": "dingtalk", "login_id": "waibao1", "init_password": "pass1234"}
    made = client.result("/topapi/v2/user/create", **account, **login, nickname="外包")
    read = client.result("/topapi/v2/user/get", login_id="waibao1")
    assert read["userid"] == made["userid"]
    assert (read["exclusive_account"], read["exclusive_account_type"]) == (True, "dingtalk")
    assert (read["nickname"], "mobile" in read) == ("外包", False)
    assert client.code("/topapi/v2/user/create", **account, **login) == 60102
    sso = client.result("/topapi/v2/user/create", **account)["userid"]
    assert client.sandbox.company.users[sso].exclusive_account_type == "sso"
    assert client.code("/topapi/v2/user/delete", userid=sso) == 0
    weak = login | {"login_id": "other", "init_password": "12345678"}
    assert client.code("/topapi/v2/user/create", **account, **weak) == 40035
    invited = {"name": "客人", "dept_id_list": "500", "outer_exclusive_corpid": "dingother"}
    guest = client.result("/topapi/v2/user/create", **invited, outer_exclusive_userid="user01")["userid"]
    assert client.result("/topapi/v2/user/get", userid=guest)["exclusive_account_corp_id"] == "dingother"
    path = "/topapi/v2/user/getbymobile"
    assert client.code(path, mobile="13600000001") == 60121
    assert client.result(path, mobile="13600000001", support_exclusive_account_search=True) == {
        "exclusive_account_userid_list": [made["userid"]]
    }


def test_a_person_is_updated(client: Client) -> None:
    path, company = "/topapi/v2/user/update", client.sandbox.company
    assert client.code(path, userid="sunjing", title="首席架构师", dept_id_list="110,200") == 0
    user = company.users["sunjing"]
    assert (user.title, user.job_number, list(user.departments)) == ("首席架构师", "DF0003", [110, 200])
    orders = [{"dept_id": 110, "order": 7}, {"dept_id": 500, "order": 8}]
    assert client.code(path, userid="sunjing", dept_order_list=orders, senior_mode=True, title="") == 0
    assert (user.departments[110].order, user.senior, user.title) == (7, True, "")
    assert "title" not in client.result("/topapi/v2/user/get", userid="sunjing")

    assert client.code(path, userid="sunjing", name="Sun Jing", language="en_US") == 0
    assert client.result("/topapi/v2/user/get", userid="sunjing", language="en_US")["name"] == "Sun Jing"
    assert client.result("/topapi/v2/user/get", userid="sunjing")["name"] == "孙静"

    assert client.code(path, userid="sunjing", extension={"爱好": "旅游"}) == 0
    assert client.code(path, userid="sunjing", extension={"年龄": "24"}, ext_attrs_update_mode=1) == 0
    assert user.extension == {"爱好": "旅游", "年龄": "24"}
    assert client.code(path, userid="sunjing", extension='{"年龄":"25"}') == 0
    assert user.extension == {"年龄": "25"}

    assert client.code(path, userid="sunjing", manager_userid="") == 0
    assert client.result("/topapi/v2/user/get", userid="sunjing")["manager_userid"] == "zhaolei"
    assert client.code(path, userid="sunjing", force_update_fields="manager_userid") == 0
    assert "manager_userid" not in client.result("/topapi/v2/user/get", userid="sunjing")

    assert client.code(path, userid="sunjing", mobile="13900000003", email="sunjing@dingfeng.example") == 0
    assert client.post(path, userid="sunjing", mobile="13800000009")["errmsg"].startswith("暂时无法更换手机号")
    assert client.code(path, userid="sunjing", email="youna@dingfeng.example") == 60106
    assert client.code(path, userid="sunjing", manager_userid="nobody") == 33012
    assert client.code(path, userid="sunjing", manager_userid="qianwei") == 0
    assert client.code(path, userid="nobody", title="x") == 60121


def test_who_leaves_a_department_no_longer_leads_it(client: Client) -> None:
    assert client.code("/topapi/v2/user/update", userid="wufang", dept_id_list="200") == 0
    assert client.result("/topapi/v2/department/get", dept_id=130)["dept_manager_userid_list"] == []
    assert client.code("/topapi/v2/user/delete", userid="zhaolei") == 0
    assert client.result("/topapi/v2/department/get", dept_id=100)["dept_manager_userid_list"] == []
    assert "zhaolei" not in [each["userid"] for each in client.result("/topapi/user/listadmin")]
    assert "zhaolei" not in client.sandbox.company.roles[911].members
    assert client.post("/topapi/v2/user/get", userid="zhaolei")["errmsg"] == "找不到该用户"
    assert client.code("/topapi/v2/user/delete", userid="zhaolei") == 33012


def test_people_of_a_department_by_page(client: Client) -> None:
    path, page = "/topapi/v2/user/list", {"dept_id": 110, "size": 3}
    first = client.result(path, cursor=0, **page)
    assert (first["has_more"], first["next_cursor"], len(first["list"])) == (True, 3, 3)
    last = client.result(path, cursor=first["next_cursor"], **page)
    assert (last["has_more"], "next_cursor" in last) == (False, False)
    people = {each["userid"]: each for each in first["list"] + last["list"]}
    assert people.keys() == {"sunjing", "yangfan", "zhuling", "qinhao"}
    assert (people["sunjing"]["leader"], people["yangfan"]["leader"]) == (True, False)
    assert people["sunjing"]["dept_id_list"] == [110, 100, 130]
    assert {"role_list", "leader_in_dept", "manager_userid"}.isdisjoint(people["sunjing"])
    for other in (100, 130):
        assert "sunjing" in client.post("/topapi/user/listid", dept_id=other)["result"]["userid_list"]
    assert client.result(path, cursor=50, **page) == {"has_more": False, "list": []}
    simple = client.result("/topapi/user/listsimple", cursor=1, **page)
    assert simple == {
        "has_more": False,
        "list": [{"userid": each, "name": people[each]["name"]} for each in ("yangfan", "zhuling", "qinhao")],
    }


@pytest.mark.parametrize("path", ["/topapi/v2/user/list", "/topapi/user/listsimple"])
def test_paging_limits(client: Client, path: str) -> None:
    assert client.code(path, dept_id=110, cursor=0, size=100) == 0
    assert client.post(path, dept_id=110, cursor=0, size=101)["errmsg"] == "不合法的分页大小"
    assert client.code(path, dept_id=110, cursor=0, size=0) == 40069
    assert client.code(path, dept_id=110, cursor=-1, size=10) == 40068
    assert client.code(path, cursor=0, size=10) == 400002
    assert client.code(path, dept_id=110, cursor=0, size=10, order_field="random") == 400002
    assert client.code(path, dept_id=999, cursor=0, size=10) == (60019 if "v2" in path else 60003)


def test_orders_of_a_department(client: Client) -> None:
    def order(field: str) -> list[str]:
        page = {"dept_id": 110, "cursor": 0, "size": 100, "order_field": field}
        return [each["userid"] for each in client.result("/topapi/user/listsimple", **page)["list"]]

    entered = ["sunjing", "yangfan", "zhuling", "qinhao"]
    assert order("entry_asc") == entered
    assert order("entry_desc") == entered[::-1]
    client.post("/topapi/v2/user/update", userid="zhuling", title="组长")
    assert order("modify_desc")[0] == order("modify_asc")[-1] == "zhuling"
    for userid, number in (("qinhao", 20), ("yangfan", 10)):
        orders = [{"dept_id": 110, "order": number}]
        client.post("/topapi/v2/user/update", userid=userid, dept_order_list=orders)
    assert order("custom") == ["qinhao", "yangfan", "sunjing", "zhuling"]
    page = client.result("/topapi/v2/user/list", dept_id=110, cursor=0, size=1)
    assert page["list"][0]["dept_order"] == 20


def test_counts_and_inactive_people(client: Client) -> None:
    assert client.result("/topapi/user/count", only_active=False) == {"count": 27}
    assert client.form("/topapi/user/count", only_active="true")["result"] == {"count": 25}
    assert client.code("/topapi/user/count") == 400002
    assert client.code("/topapi/user/count", only_active="perhaps") == 40035
    path, asked = "/topapi/inactive/user/v2/get", {"is_active": False, "query_date": "20260801"}
    assert client.result(path, offset=0, size=1, **asked) == {
        "has_more": True,
        "next_cursor": 1,
        "list": ["huaxia"],
    }
    assert client.result(path, offset=1, size=1, **asked) == {"has_more": False, "list": ["taoran"]}
    assert client.result(path, offset=0, size=9, dept_ids="500,110", **asked)["list"] == ["taoran"]
    assert client.code(path, offset=0, size=101, **asked) == 40069
    assert client.code(path, offset=-1, size=10, **asked) == 40068
    assert client.code(path, offset=0, size=10, is_active=False, query_date="2026-08-01") == 400002


def test_look_ups(client: Client) -> None:
    company = client.sandbox.company
    assert client.result("/topapi/v2/user/getbymobile", mobile="13900000003") == {"userid": "sunjing"}
    assert client.code("/topapi/v2/user/getbymobile", mobile="13811112222") == 60121
    assert client.code("/topapi/v2/user/getbymobile", mobile="Sun Jing") == 40104
    assert client.code("/topapi/v2/user/getbymobile") == 400002
    unionid = company.users["sunjing"].unionid
    found = client.result("/topapi/user/getbyunionid", unionid=unionid)
    assert found == {"contact_type": 0, "userid": "sunjing"}
    assert client.code("/topapi/user/getbyunionid", unionid="nobody") == 60121
    assert client.result("/topapi/user/listadmin") == [
        {"userid": "manager4220", "sys_level": 1},
        {"userid": "liuyang", "sys_level": 2},
        {"userid": "zhaolei", "sys_level": 2},
    ]
    assert client.post("/topapi/user/get_admin_scope", userid="zhaolei")["dept_ids"] == [100]
    assert client.post("/topapi/user/get_admin_scope", userid="youna")["dept_ids"] == []
    assert client.code("/topapi/user/get_admin_scope", userid="nobody") == 60121
    assert client.code("/topapi/user/get_admin_scope") == 40036
    assert client.code("/topapi/v2/user/get") == 400002


def test_people_are_searched_by_page_number(client: Client) -> None:
    path = "/v1.0/contact/users/search"
    company = client.sandbox.company
    for number in range(5):
        company.add_user(f"孙静{number}", userid=f"sun{number}")
    first = client.api(path, queryWord="孙静", offset=0, size=4).json()
    assert first == {"hasMore": True, "totalCount": 6, "list": ["sunjing", "sun0", "sun1", "sun2"]}
    assert client.api(path, queryWord="孙静", offset=1, size=4).json()["list"] == ["sun3", "sun4"]
    exact = client.api(path, queryWord="孙静", offset=0, size=4, fullMatchField=1).json()
    assert exact == {"hasMore": False, "totalCount": 1, "list": ["sunjing"]}
    assert client.api(path, queryWord="孙静", offset=0, size=0).json()["code"] == "parameter.error"


@pytest.mark.parametrize("path", ["/user/create", "/topapi/v2/user/create"])
def test_an_empty_superior_is_none(client: Client, path: str) -> None:
    older = path == "/user/create"
    user = {"department": [110], "managerUserid": ""} if older else {"dept_id_list": "110", "manager_userid": ""}
    made = client.post(path, name="张三", mobile="13800000001", **user)
    assert made["errcode"] == 0
    userid = made["userid"] if older else made["result"]["userid"]
    assert "manager_userid" not in client.result("/topapi/v2/user/get", userid=userid)
