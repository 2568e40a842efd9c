"""Twenty-eight mistakes, each on a line that says so. test_typing.py holds both checkers to these and no others."""

from __future__ import annotations

from dingtalk_models import Department, DingTalkApp, Role, User
from dingtalk_models.callback.events.contact import OrgDeptModify, UserAddOrg, UserLeaveOrg
from dingtalk_models.contact.user_fields import DeptOrder
from dingtalk_models.platform.calendar_1_0 import EventTime


def blocking(user: User) -> None:
    """Mistakes in blocking code."""
    user.update(titel="经理")  # mistake: no such field
    user.update(dept_id_list="研发中心")  # mistake: text where a list of ids belongs
    User.create("张三", "13800000000")  # mistake: the departments are missing
    Department.objects.get("研发中心")  # mistake: a name where an id belongs
    Department.objects.get(1, language="zh")  # mistake: no such language
    print(user.mobil)  # mistake: the attribute is misspelt
    print(user.title.upper())  # mistake: the title may be None
    User.create("张三", "13800000000", [1], dept_title_list=[{"dept_id": 1, "titel": "经理"}])  # mistake: no such key
    user.update(dept_order_list=[DeptOrder(dept_id=1, ordr=2)])  # mistake: no such field of a nested object
    user.update(dept_order_list=[1])  # mistake: neither a nested object nor a dict
    user.titel = "经理"  # mistake: no such field to assign
    for dept_id in Department.objects.list_ids.call(1):
        print(dept_id.bit_length())  # mistake: what is iterated is an unsent call


def older_names() -> None:
    """Mistakes that work: ids of users have other names now."""
    Role.objects.assign([1], user_ids=["u1"])  # mistake: they are called userids


def first_generation(app: DingTalkApp) -> None:
    """Mistakes with the names of the first generation."""
    app.contact.get_user(usr_id="u1")  # mistake: no such parameter, then or now
    app.contact.create_user(name="张三", department=[1], position="工程师")  # mistake: the mobile number is missing


def by_name(app: DingTalkApp) -> None:
    """Mistakes in calls by name, and of any endpoint."""
    app.run("dingtalk.oapi.v2.department.get", dept_id="研发中心")  # mistake: a name where an id belongs
    app.run("dingtalk.oapi.v2.department.get", dept=1)  # mistake: no such parameter
    print(app.run("calendar_1_0.GetEvent", event_id="e1").id)  # mistake: its types are at app.platform
    print(EventTime(dat="2026-01-01"))  # mistake: no such field
    app.run.call("dingtalk.oapi.v2.user.get")  # mistake: the userid is missing
    print(app.run("dingtalk.oapi.v2.user.get", "u1").mobil)  # mistake: the attribute is misspelt
    app.request("POTS", "/v1.0/acme/things")  # mistake: no such verb
    app.request("GET", "/v1.0/acme/things", querry={"size": 1})  # mistake: no such option


def received(app: DingTalkApp) -> None:
    """Mistakes in handlers of events."""

    def joined(event: UserAddOrg) -> None: ...
    def moved(event: OrgDeptModify | UserAddOrg) -> None: ...

    app.callback.on(UserLeaveOrg)(joined)  # mistake: a handler of another event
    app.callback.on(UserAddOrg, UserLeaveOrg)(joined)  # mistake: a handler of one of them only
    app.callback.on(UserLeaveOrg)(app.callback.on(UserAddOrg)(moved))  # mistake: stacked, and one is not taken


async def awaited(app: DingTalkApp) -> None:
    """Mistakes on the event loop."""
    user = User.get.aio("u1")
    print(user.name)  # mistake: `await` was forgotten
    await app.run.aio("dingtalk.oapi.v2.user.get", user_id="u1")  # mistake: no such parameter
