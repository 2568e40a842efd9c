"""What the type checkers know of each kind of operation, in each of its uses. Checked by test_typing.py, never run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, assert_type

from dingtalk_models import (
    BEIJING,
    Account,
    ApprovalFile,
    ApprovalInstance,
    AttendanceRecord,
    Call,
    Department,
    DingTalkApp,
    DingTalkError,
    ExternalContact,
    Flow,
    Group,
    Manager,
    Model,
    Module,
    Page,
    Query,
    Robot,
    Role,
    RoleGroup,
    Schedule,
    Secret,
    User,
    UserApp,
    UserToken,
    WebhookRobot,
    WorkNotification,
    api,
    method,
    operation,
    together,
)
from dingtalk_models.callback import Event, read_event
from dingtalk_models.callback.events.contact import OrgDeptCreate, OrgDeptModify, UserAddOrg, UserLeaveOrg
from dingtalk_models.contact.department import DepartmentManager
from dingtalk_models.contact.role import RoleUser
from dingtalk_models.contact.user import LoginIdentity, SimpleUser, UserManager
from dingtalk_models.contact.user_fields import DeptOrder
from dingtalk_models.message import RobotMessage
from dingtalk_models.platform.calendar_1_0 import Event as CalendarEvent
from dingtalk_models.platform.calendar_1_0 import EventTime
from dingtalk_models.smartwork.form_values import FormValue, Money, Table, Text

app = DingTalkApp(appkey="…", appsecret="…")
department = Department(dept_id=1)
user = User(userid="u1")
role = Role(role_id=1)


def people_who_log_in(token: UserToken) -> None:
    """A login, and calls on behalf of a person."""
    assert_type(app.auth.authorize_url("https://acme.example", state="s", scope="openid corpid"), str)
    assert_type(app.auth.login("code"), UserToken)
    assert_type(app.auth.login.call("code"), Flow[UserToken])
    assert_type(app.auth.kept("u1"), UserToken)
    assert_type(token.me(), Account)
    assert_type(token.member(), User)
    assert_type(token.keep("u1"), None)
    assert_type(app.as_user(token), UserApp)
    assert_type(User.objects.using(app.as_user(token)).get("u1"), User)
    assert_type(app.as_user("token").contact.users.list(), Query[User])
    assert_type(app.as_user("token").request("GET", "/v1.0/contact/users/me", into=Account), Account)
    assert_type(app.auth.admin_login("code").is_admin, bool | None)


def blocking() -> None:
    """Each kind of answer: a resource, a scalar, a list, nothing, a query, a flow."""
    assert_type(Department.objects, DepartmentManager)
    assert_type(Department.objects.using(app), DepartmentManager)
    assert_type(Department.objects.get(1, language="en_US"), Department)
    assert_type(Department.objects.create("研发中心", order=3), Department)
    assert_type(Department.objects.update(1, name="研发"), None)
    assert_type(Department.objects.list_ids(), list[int])
    assert_type(Department.objects.of_user("u1"), list[list[int]])
    assert_type(Department.objects.list(), Query[Department])
    assert_type(Department.objects.tree(), Query[Department])
    assert_type(Department.objects.search("研发"), Query[int])
    assert_type(User.objects.count(only_active=True), int)
    assert_type(User.objects.by_code("…"), LoginIdentity)
    assert_type(User.objects.list_simple(1), Query[SimpleUser])
    assert_type(User.objects.inactive(date(2026, 1, 31)), Query[str])
    assert_type(User.objects.create("张三", "13800000000", [1], title="工程师"), User)
    assert_type(Role.objects.list(), Query[Role])
    assert_type(Role.objects.users(1), Query[RoleUser])
    assert_type(RoleGroup.objects.list(), Query[RoleGroup])
    assert_type(app.auth.get_access_token(), str)
    assert_type(app.get_access_token(), str)


async def awaited() -> None:
    """The same, on the event loop."""
    assert_type(await Department.objects.get.aio(1), Department)
    assert_type(await Department.objects.update.aio(1, name="研发"), None)
    assert_type(await Department.objects.list_ids.aio(), list[int])
    assert_type(await Department.objects.list.aio(), list[Department])
    assert_type(await Department.objects.tree.aio(1, workers=2), list[Department])
    assert_type(await User.objects.count.aio(), int)
    assert_type(await User.objects.create.aio("张三", "13800000000", [1]), User)
    assert_type(await app.get_access_token.aio(), str)


def unsent() -> None:
    """The same, before it is sent."""
    assert_type(Department.objects.get.call(1), Call[Department])
    assert_type(Department.objects.update.call(1, name="研发"), Call[None])
    assert_type(Department.objects.list.call(1), Query[Department])
    assert_type(User.objects.count.call(), Call[int])
    assert_type(User.objects.count.call().then(str), Call[str])
    assert_type(user.departments.call(), Flow[list[Department]])
    assert_type(app.send(Department.objects.get.call(1)), Department)


async def gathered() -> None:
    """Several at once: a list of one kind, calls of several kinds, and calls that are checked later."""
    assert_type(User.objects.get.later("u1"), Flow[User])
    assert_type(User.objects.list.later(1), Flow[list[User]])
    assert_type(user.departments.later(), Flow[list[Department]])
    assert_type(app.gather([User.get.call(each) for each in ("u1", "u2")]), list[User | DingTalkError])
    assert_type(app.gather([User.create.later("张三", None, [each]) for each in (1, 2)]), list[User | DingTalkError])
    assert_type(await app.agather([User.get.call("u1")]), list[User | DingTalkError])
    assert_type(app.gather([User.objects.list(1), User.objects.all()]), list[list[User] | DingTalkError])
    assert_type(app.gather([User.get.call("u1"), User.objects.list(1)]), Sequence[object])
    pair = app.gather(User.get.call("u1"), user.departments.call())
    assert_type(pair, tuple[User | DingTalkError, list[Department] | DingTalkError])
    three = await app.agather(User.get.call("u1"), Department.get.call(1), User.objects.count.call(), workers=2)
    assert_type(three, tuple[User | DingTalkError, Department | DingTalkError, int | DingTalkError])
    for either in app.gather([User.get.call("u1"), user.departments.call(), Department.get.call(1)]):
        if isinstance(either, User | Department):
            assert_type(either, User | Department)


def lists() -> None:
    """A query: by item, by page, whole."""
    query = User.objects.all()
    assert_type(query, Query[User])
    for item in query:
        assert_type(item, User)
    for page in query.pages():
        assert_type(page, Page[User])
        assert_type(page.items, list[User])
    assert_type(query.all(), list[User])
    assert_type(query.first(), User | None)
    assert_type(query.all.call(), Flow[list[User]])
    assert_type(query[0], User)
    assert_type(query[:20], Query[User])
    assert_type(query[:20].all(), list[User])
    assert_type(query.prefetch(8)[0], User)


async def awaited_lists() -> None:
    """The same, on the event loop."""
    query = User.objects.all()
    async for item in query:
        assert_type(item, User)
    async for page in query.pages():
        assert_type(page, Page[User])
    assert_type([item.userid async for item in query], list[str])
    assert_type(await query.all.aio(), list[User])
    assert_type(await query.first.aio(), User | None)
    assert_type(await query, list[User])
    assert_type(await query[:20], list[User])
    assert_type(await User.objects.list(1), list[User])


async def of_instances() -> None:
    """The operations of an object."""
    assert_type(user.update(title="经理"), User)
    assert_type(await user.update.aio(title="经理"), User)
    assert_type(user.update.call(title="经理"), Flow[User])
    assert_type(User.get("u1").update(title="经理").save(), User)
    assert_type(user.save(), User)
    assert_type(user.save.call(), Flow[User])
    assert_type(await user.save.aio(), User)
    assert_type(user.refresh(), User)
    assert_type(await user.refresh.aio(), User)
    assert_type(user.delete(), None)
    assert_type(user.delete.call(), Call[None])
    assert_type(department.refresh(), Department)
    assert_type(await role.save.aio(), Role)
    assert_type(ExternalContact.get("u1").refresh.call(), Flow[ExternalContact])
    assert_type(user.departments(), list[Department])
    assert_type(await user.departments.aio(), list[Department])
    assert_type(user.manager(), User | None)
    assert_type(department.children(), Query[Department])
    assert_type(department.parent(), Department | None)
    assert_type(department.users(), Query[User])
    assert_type(role.users(), Query[RoleUser])
    assert_type(role.assign(["u1"]), None)
    assert_type(next(iter(role.users())).user(), User)


def nested_objects() -> None:
    """Objects in arguments: as a reply brings them, made by hand, as dicts of a type that is known or not."""
    orders = [DeptOrder(dept_id=1, order=2)]
    rows = [{"dept_id": 1, "order": 2}]
    assert_type(user.dept_order_list, list[DeptOrder])
    assert_type(user.dept_order_list[0].order, int)
    assert_type(user.update(dept_order_list=user.dept_order_list), User)
    assert_type(user.update(dept_order_list=orders), User)
    assert_type(user.update(dept_order_list=rows), User)
    assert_type(user.update(dept_order_list=[*orders, {"dept_id": 2, "order": 1}]), User)
    assert_type(user.update(dept_title_list=[{"dept_id": 1, "title": "经理"}]), User)


async def shortcuts() -> None:
    """The class-level shortcuts, and the managers of an app."""
    assert_type(User.get("u1"), User)
    assert_type(await User.get.aio("u1"), User)
    assert_type(User.get.call("u1"), Call[User])
    assert_type(User.create("张三", None, [1], exclusive_account=True), User)
    assert_type(Department.get(1), Department)
    assert_type(Department.create("研发中心"), Department)
    assert_type(Role.create("面试官", 1), Role)
    assert_type(RoleGroup.get(1), RoleGroup)
    assert_type(app.contact.departments, DepartmentManager)
    assert_type(app.contact.users, UserManager)
    assert_type(app.contact.users.get("u1"), User)


async def by_name() -> None:
    """By name: exact for what is written by hand; what has its types at `app.platform` is an object.

    An older name with other parameters, and one's own, have any type.
    """
    assert_type(app.run("dingtalk.oapi.v2.department.get", dept_id=1, language="en_US"), Department)
    assert_type(app.run("dingtalk.oapi.v2.department.get", 1), Department)
    assert_type(app.run("dingtalk.oapi.v2.user.create", "张三", None, [1], title="工程师"), User)
    assert_type(app.run("dingtalk.oapi.v2.department.listsub", 1), Query[Department])
    assert_type(app.run("dingtalk.oapi.v2.user.delete", userid="u1"), None)
    assert_type(app.run("calendar_1_0.CreateEvent", "u1", "primary", summary="周会", start={}), object)
    assert_type(await app.run.aio("calendar_1_0.ListEvents", user_id="u1", calendar_id="primary"), object)
    assert_type(app.run.call("calendar_1_0.GetEvent", event_id="e1"), Call[object] | Query[object])
    calendar, day = app.platform.calendar_1_0, EventTime(date=date(2026, 1, 1))
    meeting = calendar.create_event("u1", "primary", summary="周会", start=day, is_all_day=True)
    assert_type(meeting, CalendarEvent)
    assert_type(meeting.start.date_time, datetime | None)
    assert_type(await app.run.aio("dingtalk.oapi.v2.user.get", userid="u1"), User)
    assert_type(await app.run.aio("dingtalk.oapi.v2.department.listsub"), list[Department])
    assert_type(app.run.call("dingtalk.oapi.v2.user.get", userid="u1"), Call[User])
    assert_type(app.run.call("dingtalk.oapi.v2.department.listsub"), Query[Department])
    pair = app.gather(app.run.call("dingtalk.oapi.v2.user.get", "u1"), app.run.call("dingtalk.oapi.user.count"))
    assert_type(pair, tuple[User | DingTalkError, int | DingTalkError])
    assert_type(app.run("dingtalk.oapi.department.get", id=1), Any)
    assert_type(await app.run.aio("dingtalk.oapi.department.get", id=1), Any)
    assert_type(app.run("acme.device.all", size=3), Any)
    assert_type(app.run.call("acme.device.get", 1), Any)
    assert_type(app.methods, list[str])


def days_and_texts() -> None:
    """A day where a moment is sent, a text where a message is."""
    day = date(2026, 1, 5)
    assert_type(AttendanceRecord.objects.details(["u1"], day, workers=8).first(), AttendanceRecord | None)
    assert_type(Schedule.objects.of_users(["u1"], day, datetime.now(BEIJING), op_userid="u1"), Query[Schedule])
    assert_type(Schedule.objects.of_users(["u1"], day, op_userid="u1"), Query[Schedule])
    assert_type(WorkNotification.send("hi", userids=["u1"]), WorkNotification)
    assert_type(Robot.send("hi", ["u1"]), RobotMessage)
    assert_type(WebhookRobot("…").send("hi"), None)


async def of_any_endpoint() -> None:
    """An endpoint that is not documented: its reply is a dict, or what it is read into."""
    assert_type(app.request("GET", "/v1.0/acme/things"), dict[str, Any])
    assert_type(app.request("POST", "/v1.0/acme/things", body={"a": 1}, into=Device), Device)
    assert_type(app.request("GET", "/v1.0/acme/things", into=list[Device], at="result.list"), list[Device])
    assert_type(app.request("DELETE", "/v1.0/acme/things/{id}", path={"id": 7}, into=None), None)
    assert_type(await app.request.aio("GET", "/v1.0/acme/things", query={"size": 1}), dict[str, Any])
    assert_type(await app.request.aio("GET", "/v1.0/acme/things", into=int, token=Secret("…")), int)
    assert_type(app.request.call("GET", "/v1.0/acme/things", headers={"x": "y"}), Call[dict[str, Any]])
    assert_type(app.request.call("GET", "/v1.0/acme/things", into=dict[str, Device]), Call[dict[str, Device]])
    app.request("GET", "/v1.0/acme/things", into=int | None)
    unsent = app.request.call("GET", "/v1.0/acme/things", into=Device)
    unsent.token = "…"
    assert_type(unsent, Call[Device])
    assert_type(app.gather([unsent]), list[Device | DingTalkError])


def handlers() -> None:
    """Handlers of one event, of several, of every event, and stacked decorators."""
    on = app.callback.on

    @on(UserAddOrg)
    def one(event: UserAddOrg) -> str:
        return event.type

    @on(UserAddOrg, UserLeaveOrg)
    def several(event: UserAddOrg | UserLeaveOrg) -> None: ...

    @on("user_add_org")
    @on(OrgDeptCreate, OrgDeptModify)
    def stacked(event: UserAddOrg | OrgDeptCreate | OrgDeptModify) -> int:
        return len(event.data)

    @on("user_add_org", "user_leave_org", OrgDeptCreate)
    def every(event: Event) -> None: ...

    assert_type(one, Callable[[UserAddOrg], str])
    assert_type(several, Callable[[UserAddOrg | UserLeaveOrg], None])
    assert_type(stacked, Callable[[UserAddOrg | OrgDeptCreate | OrgDeptModify], int])
    on(UserAddOrg)(lambda event: print(event.userids))
    on(UserAddOrg, UserLeaveOrg)(lambda event: print(event.userids))
    on(UserAddOrg)(list[Event]().append)
    every(read_event("{}"))


class DeviceManager(Manager):
    """A manager of a user's own."""

    @api("acme.device.get", "POST /topapi/acme/device/get", idempotent=True)
    def get(self, device_id: int) -> Call[Device]:
        """One device (设备详情)."""
        return Call(Device, device_id=device_id)

    @operation
    def several(self, *device_ids: int) -> Flow[list[Device]]:
        """Several at once."""
        one = yield from self.get.call(device_ids[0])
        assert_type(one, Device)
        rest = yield from together([self.get.call(device_id) for device_id in device_ids[1:]])
        assert_type(rest, list[Device])
        owners = yield from together([User.objects.get.call(device.owner) for device in rest])
        assert_type(owners, list[User])
        return [one, *rest]


class Device(Model):
    """A resource of a user's own."""

    objects = DeviceManager()
    device_id: int
    owner: str = ""

    @operation
    def holder(self) -> Flow[User]:
        """Who has it."""
        return (yield from User.objects.get.call(self.owner))


class Devices(Module):
    """A module of a user's own."""

    @method("acme.device.all")
    def everything(self, size: int = 10) -> list[Device]:
        """Every device."""
        return [DeviceManager(self.app).get(number) for number in range(size)]


async def of_users_own() -> None:
    """What a user defines is as exact as ours."""
    assert_type(Device.objects.get(1), Device)
    assert_type(await Device.objects.get.aio(1), Device)
    assert_type(Device.objects.get.call(1), Call[Device])
    assert_type(Device.objects.several(1, 2), list[Device])
    assert_type(Device.objects.get(1).holder(), User)
    assert_type(Devices(app).everything(size=3), list[Device])


def forms_and_ids() -> None:
    """A form in a variable fits where forms go, and an id that was loaded is text."""
    row = [Text("项目", "机票"), Money("金额", 100)]
    form = [Text("事由", "出差"), Table("明细", [row])]
    values: Sequence[FormValue[object]] = [*row, *form]
    assert_type(ApprovalInstance.create.call("PROC-1", "u1", form), Call[ApprovalInstance])
    assert_type(ApprovalInstance.create.call("PROC-1", "u1", values), Call[ApprovalInstance])
    assert_type(ApprovalFile.objects.space("u1"), str)
    assert_type(user.unionid, str)
    assert_type(Group.get("chat1").chatid, str)
