"""Users, against the sandbox: lists, look-ups, limits, refusals, objects."""

from __future__ import annotations

import copy
import json
import pickle
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from helpers import awaited, items, problems, twins

from dingtalk_models import (
    BEIJING,
    AlreadyExists,
    ApiError,
    AuthenticationError,
    Department,
    DingTalkApp,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    TransportError,
    User,
)
from dingtalk_models.sandbox import Sandbox

GET, LIST, UPDATE = (f"/topapi/v2/user/{name}" for name in ("get", "list", "update"))
SIMPLE, INACTIVE, SEARCH = "/topapi/user/listsimple", "/topapi/inactive/user/v2/get", "/v1.0/contact/users/search"
BY_CODE = "/topapi/v2/user/getuserinfo"


def fill(sandbox: Sandbox, count: int) -> list[str]:
    """An own department, 600, with so many people in it."""
    sandbox.company.add_department("客服部", 1, 600)
    return [sandbox.company.add_user(f"客服{n}", (600,), userid=f"kf{n}", active=False).userid for n in range(count)]


# -- lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6])
def test_lists_are_read_to_their_end(sandbox: Sandbox, app: DingTalkApp, count: int) -> None:
    userids = fill(sandbox, count)
    calls = max(1, -(-count // 2))
    users = User.objects
    assert [user.userid for user in users.list(600, size=2)] == userids
    assert [user.userid for user in users.list_simple(600, size=2)] == userids
    assert users.inactive("20260131", dept_ids=[600], size=2).all() == userids  # type: ignore[arg-type]
    for path in (LIST, SIMPLE, INACTIVE):
        assert len(sandbox.received(path)) == calls
    assert [call.body["cursor"] for call in sandbox.received(LIST) if isinstance(call.body, dict)] == list(
        range(0, 2 * calls, 2)
    )
    assert users.list_ids(600) == userids
    assert [user.userid for user in users.list(600, size=2, cursor=3)] == userids[3:]


@pytest.mark.parametrize("size", [1, 2, 4, 20])
def test_a_search_counts_pages(sandbox: Sandbox, app: DingTalkApp, size: int) -> None:
    userids = fill(sandbox, 5)
    pages = list(User.objects.search("客服", size=size).pages())
    assert [userid for page in pages for userid in page.items] == userids
    assert {page.total for page in pages} == {5}
    sent = [call.body for call in sandbox.received(SEARCH)]
    assert sent == [{"queryWord": "客服", "offset": page, "size": size} for page in range(len(pages))]
    assert len(pages) == -(-5 // size)


def test_a_search_for_a_whole_name(app: DingTalkApp) -> None:
    assert User.objects.search("孙").all() == ["sunjing"]
    assert User.objects.search("孙", full_match_field=1).all() == []
    assert User.objects.search("孙静", full_match_field=1).all() == ["sunjing"]
    assert User.objects.search("客服").first() is None
    assert problems(User.objects.search, "", size=0, full_match_field=2).keys() == {
        "query_word", "size", "full_match_field",
    }  # fmt: skip


def test_a_list_awaited(sandbox: Sandbox) -> None:
    userids = fill(sandbox, 5)

    async def work() -> tuple[list[str], list[str]]:
        query = User.objects.list(600, size=2)
        return [user.userid async for user in query], [user.userid for user in await query.all.aio()]

    assert awaited(sandbox.app(), work) == (userids, userids)


def test_lists_in_each_order(app: DingTalkApp) -> None:
    def of_the_platform(order: Any) -> list[str]:
        return [user.userid for user in User.objects.list(110, order_field=order)]

    assert of_the_platform("entry_asc") == ["sunjing", "yangfan", "zhuling", "qinhao"]
    assert of_the_platform("entry_desc") == ["qinhao", "zhuling", "yangfan", "sunjing"]
    User.objects.update("zhuling", title="高级工程师", dept_order_list=[{"dept_id": 110, "order": 9}])
    assert of_the_platform("modify_desc")[0] == "zhuling"
    assert of_the_platform("modify_asc")[-1] == "zhuling"
    assert of_the_platform("custom")[0] == of_the_platform(None)[0] == "zhuling"
    assert problems(User.objects.list, 110, order_field="name").keys() == {"order_field"}


def test_what_a_list_tells_of_the_department(app: DingTalkApp) -> None:
    User.objects.update("sunjing", dept_order_list=[{"dept_id": 110, "order": 9}])
    leader = next(iter(User.objects.list(110)))
    assert (leader.userid, leader.leader, leader.dept_order) == ("sunjing", True, 9)
    member = next(iter(User.objects.list(100)))
    assert (member.userid, member.leader, member.dept_order) == ("zhaolei", True, 0)


def test_everyone_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    in_lists = Counter(user.userid for dept_id in sandbox.company.departments for user in User.objects.list(dept_id))
    assert in_lists["sunjing"] == 3
    for workers in (1, 4):
        everyone = [user.userid for user in User.objects.all(size=2, workers=workers)]
        assert Counter(everyone) == Counter(dict.fromkeys(sandbox.company.users, 1))
    assert everyone[0] == "manager4220"
    assert [user.userid for user in User.objects.all(500)] == ["hanmei", "weidong", "taoran"]
    assert User.objects.all(1).first() == next(iter(User.objects.list(1)))


def test_everyone_once_although_a_page_repeats_someone(sandbox: Sandbox, app: DingTalkApp) -> None:
    people = [{"userid": userid, "name": "", "dept_id_list": [500]} for userid in ("hanmei", "weidong", "hanmei")]
    page = {"errcode": 0, "errmsg": "ok", "result": {"has_more": False, "list": people}}
    sandbox.fail(LIST, body=json.dumps(page), content_type="application/json")
    assert [user.userid for user in User.objects.all(500)] == ["hanmei", "weidong"]


def test_everyone_as_far_as_it_is_read(sandbox: Sandbox, app: DingTalkApp) -> None:
    everyone = User.objects.all(workers=1)
    assert sandbox.calls == []
    first = everyone.first()
    assert first is not None
    assert (first.userid, first.app) == ("manager4220", app)
    assert len(sandbox.received(LIST)) == 1


def test_everyone_awaited(sandbox: Sandbox) -> None:
    app = sandbox.app()
    found = [user.userid for user in awaited(app, lambda: items(app.contact.users.all(size=3)))]
    assert len(found) == len(set(found)) == len(sandbox.company.users)


def test_who_logged_in_on_a_day(sandbox: Sandbox, app: DingTalkApp) -> None:
    assert User.objects.inactive(date(2026, 1, 31)).all() == ["huaxia", "taoran"]
    assert User.objects.inactive(date(2026, 1, 31), dept_ids=[500, 400]).all() == ["taoran"]
    active = User.objects.inactive(date(2026, 1, 31), is_active=True, dept_ids=[500]).all()
    assert active == ["hanmei", "weidong"]
    assert sandbox.calls[-1].body == {
        "query_date": "20260131", "is_active": True, "dept_ids": "500", "offset": 0, "size": 100,
    }  # fmt: skip
    assert problems(User.objects.inactive, "31.1.2026", size=101) == {
        "query_date": "should be a day such as 20260131",
        "size": "should be less than or equal to 100",
    }


def test_counting(sandbox: Sandbox, app: DingTalkApp) -> None:
    assert User.objects.count() == len(sandbox.company.users) == 27
    assert User.objects.count(only_active=True) == 25


# -- look-ups ------------------------------------------------------------------------------------------------------


def test_by_mobile(sandbox: Sandbox, app: DingTalkApp) -> None:
    assert User.objects.by_mobile("13900000017").userid == "heli"
    with pytest.raises(NotFound) as caught:
        User.objects.by_mobile("13800000000")
    assert (caught.value.code, caught.value.message) == (60121, "找不到该用户")
    assert "Nobody in this company has this mobile number" in (caught.value.hint or "")
    with pytest.raises(NotFound) as caught:
        User.objects.by_mobile("one")
    assert caught.value.code == 40104

    for number in (1, 2):
        sandbox.company.add_user(f"账号{number}", userid=f"e{number}", exclusive_mobile="13900000017")
    assert User.objects.by_mobile("13900000017").exclusive_account_userids == []
    found = User.objects.by_mobile("13900000017", support_exclusive_account_search=True)
    assert (found.userid, found.exclusive_account_userids) == ("heli", ["e1", "e2"])


def test_by_unionid(sandbox: Sandbox, app: DingTalkApp) -> None:
    found = User.objects.by_unionid(User.get("heli").unionid or "")
    assert (found.userid, found.contact_type) == ("heli", 0)
    assert found.user().name == "何丽"
    with pytest.raises(NotFound) as caught:
        User.objects.by_unionid("unknown")
    assert caught.value.code == 60121


def test_a_login_code_works_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    code = sandbox.login_code("heli")
    who = User.objects.by_code(code)
    assert (who.userid, who.name, who.unionid, who.sys) == ("heli", "何丽", User.get("heli").unionid, False)
    assert who.device_id
    assert who.associated_unionid
    with pytest.raises(AuthenticationError) as caught:
        User.objects.by_code(code)
    assert (caught.value.code, caught.value.message) == (40078, "不存在的临时授权码")
    assert "once" in (caught.value.hint or "")
    assert "5 分钟内有效" in str(caught.value)
    assert not caught.value.token_rejected


@pytest.mark.parametrize(("seconds", "works"), [(299, True), (301, False)])
def test_a_login_code_works_for_five_minutes(sandbox: Sandbox, app: DingTalkApp, seconds: int, works: bool) -> None:
    code = sandbox.login_code("heli")
    sandbox.clock.advance(seconds)
    if works:
        assert User.objects.by_code(code).userid == "heli"
        return
    with pytest.raises(AuthenticationError) as caught:
        User.objects.by_code(code)
    assert caught.value.code == 40078


def test_a_login_code_is_not_sent_again_when_its_answer_is_lost(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(BY_CODE, drop="after")
    with pytest.raises(TransportError) as caught:
        User.objects.by_code(sandbox.login_code("heli"))
    assert caught.value.sent
    assert len(sandbox.received(BY_CODE)) == 1
    with pytest.raises(AuthenticationError) as refused:
        User.objects.by_code("")
    assert refused.value.code == 41007


@pytest.mark.parametrize(
    ("userid", "sys", "level"), [("manager4220", True, 100), ("zhaolei", True, 2), ("heli", False, 0)]
)
def test_who_is_an_administrator(sandbox: Sandbox, app: DingTalkApp, userid: str, sys: bool, level: int) -> None:
    who = User.objects.by_code(sandbox.login_code(userid))
    assert (who.sys, who.sys_level) == (sys, level)
    admins = {admin.userid: admin.sys_level for admin in User.objects.admins()}
    assert admins == {"manager4220": 1, "liuyang": 2, "zhaolei": 2}
    assert (userid in admins) == sys


def test_what_an_administrator_manages(app: DingTalkApp) -> None:
    assert User.objects.admin_scope("manager4220") == [1]
    assert User.objects.admin_scope("zhaolei") == [100]
    assert User.objects.admin_scope("heli") == []
    with pytest.raises(NotFound) as caught:
        User.objects.admin_scope("nobody")
    assert caught.value.code == 60121


def test_one_user_with_everything(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.users["sunjing"].name_en = "Jing"
    sandbox.company.users["sunjing"].extension = {"爱好": "棋"}
    user = User.get("sunjing")
    assert (user.name, user.mobile, user.state_code, user.manager_userid) == ("孙静", "13900000003", "86", "zhaolei")
    assert user.hired_date == datetime(2020, 3, 31, tzinfo=BEIJING)
    assert [(each.dept_id, each.leader) for each in user.leader_in_dept] == [(110, True), (100, False), (130, False)]
    assert [(role.id, role.name, role.group_name) for role in user.role_list] == [
        (902, "主管", "默认"), (911, "技术专家", "职务"),
    ]  # fmt: skip
    assert (user.extension, user.admin, user.boss, user.active) == ({"爱好": "棋"}, False, False, True)
    assert (user.telephone, user.remark, user.org_email, user.nickname) == (None, None, None, None)
    assert User.get("sunjing", language="en_US").name == "Jing"
    assert user.unparsed == {}


# -- refused before anything is sent ------------------------------------------------------------------------------

LIMITS = {
    "name": 80, "telephone": 50, "job_number": 50, "title": 200, "email": 50, "org_email": 100, "work_place": 100,
    "remark": 2000,
}  # fmt: skip


@pytest.mark.parametrize(("field", "limit"), LIMITS.items())
def test_texts_up_to_their_limits(sandbox: Sandbox, app: DingTalkApp, field: str, limit: int) -> None:
    refused = {field: f"String should have at most {limit} characters"}
    user = User(userid="heli").using(app)
    fields: dict[str, Any] = {field: "长" * (limit + 1)}
    assert problems(User.create, **{"name": "x", "mobile": "13911112222", "dept_id_list": [1], **fields}) == refused
    assert problems(User.objects.update, "heli", **fields) == refused
    assert problems(user.update, **fields) == refused
    assert problems(setattr, user, field, fields[field]) == refused
    assert sandbox.calls == []
    kept: dict[str, Any] = {field: "长" * limit}
    User.objects.update("heli", **kept)
    assert getattr(sandbox.company.users["heli"], field) == "长" * limit


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"name": ""}, {"name": "String should have at least 1 character"}),
        ({"dept_id_list": []}, {"dept_id_list": "Value should have at least 1 item, not 0"}),
        ({"dept_id_list": list(range(101))}, {"dept_id_list": "Value should have at most 100 items, not 101"}),
        (
            {"dept_id_list": "1,x"},
            {"dept_id_list.1": "should be a valid integer, unable to parse string as an integer"},
        ),
        ({"userid": ""}, {"userid": "String should have at least 1 character"}),
        ({"userid": "x" * 65}, {"userid": "String should have at most 64 characters"}),
        ({"mobile": None}, {"mobile": "required, except for a company account (exclusive_account)"}),
        ({"extension": {"简介": "长" * 2000}}, {"extension": "as JSON, at most 2000 characters"}),
        ({"org_email_type": "free"}, {"org_email_type": "should be 'profession' or 'base'"}),
        (
            {"hired_date": datetime(2026, 1, 31)},  # noqa: DTZ001 - the mistake that is refused
            {"hired_date": "needs a time zone: datetime(…, tzinfo=BEIJING), or datetime.now(BEIJING)"},
        ),
        ({"dept_title_list": [{"dept_id": 1}]}, {"dept_title_list.0.title": "required"}),
        ({"init_password": "short"}, {"init_password": "String should have at least 8 characters"}),
        ({"exclusive_account_type": "own"}, {"exclusive_account_type": "should be 'sso' or 'dingtalk'"}),
        ({"ext_attrs_update_mode": 1}, {"ext_attrs_update_mode": "unknown"}),
    ],
)
def test_what_a_new_user_may_not_have(
    sandbox: Sandbox, app: DingTalkApp, fields: dict[str, Any], refused: dict[str, str]
) -> None:
    given = {"name": "方晴", "mobile": "13911112222", "dept_id_list": [1], **fields}
    assert problems(User.create, **given) == refused
    assert problems(User.objects.create.call, **given) == refused
    assert sandbox.calls == []


def test_what_a_change_may_not_have(sandbox: Sandbox, app: DingTalkApp) -> None:
    refused = problems(User.objects.update, "heli", mobile="13911112222", ext_attrs_update_mode=2, language="fr")
    assert refused.keys() == {"mobile", "ext_attrs_update_mode", "language"}
    assert refused["mobile"].startswith("unknown")
    assert problems(User.objects.update, "heli", dept_id_list=list(range(101))).keys() == {"dept_id_list"}
    for operation in (User.objects.list, User.objects.list_simple):
        assert problems(operation, 1, size=101).keys() == problems(operation, 1, size=0).keys() == {"size"}
        assert problems(operation, 1, cursor=-1).keys() == {"cursor"}
    assert problems(User.objects.all, size=101, workers=17).keys() == {"size", "workers"}
    assert sandbox.calls == []


# -- refused by the platform ---------------------------------------------------------------------------------------


def new(**fields: Any) -> Callable[[], User]:
    given: dict[str, Any] = {"name": "方晴", "mobile": "13911112222", "dept_id_list": [1], **fields}
    return lambda: User.create(**given)


@pytest.mark.parametrize(
    ("call", "kind", "code"),
    [
        (new(userid="heli"), AlreadyExists, 60102),
        (new(mobile="13900000017"), AlreadyExists, 60104),
        (new(email="heli@dingfeng.example"), AlreadyExists, 60106),
        (new(telephone="8600"), AlreadyExists, 40100),
        (new(mobile="12"), InvalidRequest, 60103),
        (new(dept_id_list=[404]), NotFound, 60003),
        (new(dept_id_list=[600]), InvalidRequest, 40023),
        (new(manager_userid="nobody"), NotFound, 33012),
        (
            new(exclusive_account=True, exclusive_account_type="dingtalk", login_id="x", init_password="allletters"),
            InvalidRequest, 40035,
        ),
        (lambda: User.objects.update("nobody", title="x"), NotFound, 60121),
        (lambda: User.objects.update("lvbo", email="heli@dingfeng.example"), AlreadyExists, 60106),
        (lambda: User.objects.update("lvbo", telephone="8600"), AlreadyExists, 40100),
        (lambda: User.objects.update("lvbo", dept_id_list=[404]), NotFound, 60003),
        (lambda: User.objects.update("lvbo", manager_userid="nobody"), NotFound, 33012),
        (lambda: User.objects.delete("nobody"), NotFound, 33012),
        (lambda: User.get("nobody"), NotFound, 60121),
        (lambda: User.objects.list_simple(404).all(), NotFound, 60003),
        (lambda: User.objects.list_ids(404), NotFound, 60003),
        (lambda: User.objects.list(404).all(), InvalidRequest, 60019),
        (lambda: User.objects.all(404).all(), NotFound, 60003),
        (User(userid="nobody").delete, NotFound, 33012),
        (User(userid="nobody").refresh, NotFound, 60121),
        (User(userid="nobody").departments, NotFound, 60121),
        (User(userid="nobody").manager, NotFound, 60121),
        (User(userid="heli", manager_userid="nobody").manager, NotFound, 60121),
    ],
)  # fmt: skip
def test_refused_by_the_platform(
    sandbox: Sandbox, app: DingTalkApp, call: Callable[[], object], kind: type[ApiError], code: int
) -> None:
    fill(sandbox, 1000)
    sandbox.company.users["heli"].telephone = "8600"
    before = copy.deepcopy(sandbox.company.users)
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert type(error) is kind
    assert error.code == sandbox.calls[-1].code == code
    assert error.message
    assert error.request_id
    assert sandbox.company.users == before


def test_a_person_outside_the_scope_says_what_to_do(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(GET, errcode=50002)
    with pytest.raises(PermissionDenied) as caught:
        User.get("heli")
    assert caught.value.code == 50002
    assert "contact scope" in (caught.value.hint or "")
    sandbox.fail("/topapi/v2/user/create", errcode=40103, errmsg="已发送邀请")
    with pytest.raises(AlreadyExists) as protected:
        new()()
    assert "invitation was sent" in (protected.value.hint or "")


def test_a_scope_that_is_missing() -> None:
    with Sandbox(scopes=["qyapi_get_department_list"]) as narrow:
        app = narrow.app()
        assert app.contact.departments.get(1).dept_id == 1
        with pytest.raises(PermissionDenied) as caught:
            app.contact.users.get("heli")
        assert caught.value.cause == "60011"
        assert caught.value.scopes == ("qyapi_get_member",)
        assert caught.value.apply_url is not None
        with pytest.raises(PermissionDenied) as caught:
            app.contact.users.search("何").all()
        assert caught.value.scopes == ("qyapi_addresslist_search",)
        app.close()


# -- objects -------------------------------------------------------------------------------------------------------


def test_a_user_from_creation_to_deletion(sandbox: Sandbox, app: DingTalkApp) -> None:
    made = User.create("方晴", "+1-4155550100", [110], title="工程师", hired_date=datetime(2026, 1, 31, 16, tzinfo=UTC))
    assert made.userid in sandbox.company.users
    assert (made.unionid, made.app) == (sandbox.company.users[made.userid].unionid, app)
    assert made.hired_date == datetime(2026, 2, 1, tzinfo=BEIJING)
    assert made.refresh() == User.get(made.userid)
    assert (made.state_code, made.title) == ("1", "工程师")

    assert made.update(dept_id_list=[120, 130], title="测试开发") is made
    assert [each.name for each in made.departments()] == ["移动研发部", "质量保障部"]
    made.title = "测试专家"
    made.email = "fq@dingfeng.example"
    made.save()
    assert sandbox.received(UPDATE)[-1].body == {
        "userid": made.userid, "title": "测试专家", "email": "fq@dingfeng.example",
    }  # fmt: skip
    assert made.assigned == frozenset()
    sandbox.calls.clear()
    made.save()
    assert sandbox.calls == []
    loaded = User.get(made.userid)
    assert (loaded.title, loaded.email, loaded.dept_id_list) == (made.title, made.email, made.dept_id_list)

    made.delete()
    assert made.userid not in sandbox.company.users
    with pytest.raises(NotFound):
        made.refresh()
    User.objects.delete("sunjing")
    assert User.objects.list_ids(100) == ["zhaolei"]


def test_a_company_account_needs_no_mobile(sandbox: Sandbox, app: DingTalkApp) -> None:
    made = User.create(
        "前台", None, [1], exclusive_account=True, exclusive_account_type="dingtalk", login_id="front",
        init_password="abc12345", nickname="小前",
    )  # fmt: skip
    body = sandbox.calls[-1].body
    assert isinstance(body, dict)
    assert "mobile" not in body
    found = User.get("front", login_id="front")
    assert (found.userid, found.exclusive_account, found.nickname) == (made.userid, True, "小前")
    made.update(login_id="reception")
    assert sandbox.company.users[made.userid].login_id == "reception"
    assert made.login_id == User.get(made.userid).login_id == "reception"


def test_extension_fields_are_replaced_or_added_to(sandbox: Sandbox, app: DingTalkApp) -> None:
    user = User.get("heli")
    user.update(extension={"爱好": "棋", "年龄": "24"})
    assert user.extension == sandbox.company.users["heli"].extension == {"爱好": "棋", "年龄": "24"}
    user.update(extension={"年龄": "25", "城市": "杭州"}, ext_attrs_update_mode=1)
    assert sandbox.received(UPDATE)[-1].body == {
        "userid": "heli", "extension": '{"年龄": "25", "城市": "杭州"}', "ext_attrs_update_mode": 1,
    }  # fmt: skip
    everything = {"爱好": "棋", "年龄": "25", "城市": "杭州"}
    assert user.extension == sandbox.company.users["heli"].extension == everything
    assert User.get("heli") == user
    user.extension = {"城市": "上海"}
    user.save()
    assert User.get("heli").extension == sandbox.company.users["heli"].extension == {"城市": "上海"}
    user.update(remark="x", ext_attrs_update_mode=1)
    assert user.extension == {"城市": "上海"}


def test_fields_are_cleared_on_demand(sandbox: Sandbox, app: DingTalkApp) -> None:
    user = User.get("heli")
    assert user.manager_userid == "wufang"
    user.update(manager_userid="", force_update_fields=["manager_userid"])
    assert sandbox.company.users["heli"].manager_userid is None
    assert not user.manager_userid
    assert user.manager() is None


def test_order_and_title_in_each_department(sandbox: Sandbox, app: DingTalkApp) -> None:
    user = User.get("sunjing")
    orders: Any = [{"dept_id": 100, "order": 3}, {"dept_id": 130, "order": "8"}]
    user.update(dept_order_list=orders, dept_title_list=[{"dept_id": 130, "title": "顾问"}])
    assert [(each.dept_id, each.order) for each in user.dept_order_list] == [(100, 3), (130, 8)]
    places = sandbox.company.users["sunjing"].departments
    assert [(place.order, place.title) for place in places.values()] == [(0, None), (3, None), (8, "顾问")]


def test_the_manager_is_found_from_a_list_too(sandbox: Sandbox, app: DingTalkApp) -> None:
    listed = next(user for user in User.objects.list(130) if user.userid == "heli")
    assert listed.manager_userid is None  # which the list does not tell
    manager = listed.manager()
    assert manager == User.get("wufang")
    director = User.get("zhaolei").manager()
    assert director is not None
    assert (director.userid, director.app) == ("manager4220", app)
    assert director.manager() is None


def test_looking_around_keeps_what_is_not_saved(sandbox: Sandbox, app: DingTalkApp) -> None:
    user = User(userid="sunjing")
    user.title = "首席"
    assert [each.dept_id for each in user.departments()] == [110, 100, 130]
    manager = user.manager()
    assert manager is not None
    assert manager.userid == "zhaolei"
    assert (user.title, user.assigned, user.dept_id_list) == ("首席", frozenset({"title"}), [])
    user.save()
    assert sandbox.company.users["sunjing"].title == "首席"


def test_to_and_fro(app: DingTalkApp) -> None:
    user = User.get("sunjing")
    first, *_ = user.departments()
    assert first == Department.get(110)
    assert user.userid in {each.userid for each in first.users()}
    assert all(each.app is app for each in user.departments())


def test_value_pickle_and_json(app: DingTalkApp) -> None:
    user = User.get("sunjing")
    assert user == User.get("sunjing")
    assert user != User.get("heli")
    for twin in twins(user):
        assert twin.hired_date == user.hired_date
    dumped = json.loads(user.model_dump_json())
    assert (dumped["hired_date"], dumped["dept_id_list"]) == (1585584000000, [110, 100, 130])
    who = next(iter(User.objects.list_simple(110)))
    assert pickle.loads(pickle.dumps(who)) == who
    assert json.loads(who.model_dump_json()) == {"userid": who.userid, "name": who.name}
