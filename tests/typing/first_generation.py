"""What the type checkers know of calls of the first generation. They work, and are marked as deprecated.

Checked by test_typing.py, never run.
"""
# pyright: reportDeprecated=false
# mypy: disable-error-code="deprecated"

from __future__ import annotations

from datetime import date, datetime
from typing import assert_type

from dingtalk_models import (
    AttendanceRecord,
    Call,
    Department,
    DingTalkApp,
    ExternalContact,
    Query,
    Role,
    RoleGroup,
    User,
    WebhookRobot,
    WorkNotification,
)
from dingtalk_models.auth.jsapi import JsapiSignature
from dingtalk_models.message.notifications.work_notification import SendProgress
from dingtalk_models.smartwork.schedule import Schedule

app = DingTalkApp(appkey="…", appsecret="…")


def as_they_were() -> None:
    """The parameters of then."""
    assert_type(app.contact.get_user(user_id="u1"), User)
    assert_type(app.contact.get_user.call(user_id="u1"), Call[User])
    assert_type(app.contact.create_user(name="张三", mobile="13800000000", department=[1], position="工程师"), User)
    assert_type(app.contact.update_user(userid="u1", department=[1], orderInDepts={1: 8}), None)
    assert_type(app.contact.create_department(name="研发", parentid=1, deptHiding=True), Department)
    assert_type(app.contact.get_department_list(id_=1), Query[Department])
    assert_type(app.contact.get_corp_role_list(20, 0), Query[RoleGroup])
    assert_type(app.customer.add_corp_ext(contact_info={"name": "李四"}), ExternalContact)
    assert_type(app.message.get_msg_send_progress(1, 2), SendProgress)
    assert_type(app.smartwork.get_schedule_list(datetime.now(), 0, 200), Query[Schedule])  # noqa: DTZ005
    assert_type(app.jsapi_signature("ticket", "nonce", 1510819200, "https://acme.example"), JsapiSignature)
    assert_type(app.refresh_access_token(7000), str)
    app.callback.register_callback(callback_tag=["user_add_org"])


def as_they_are() -> None:
    """Today's parameters, under the names of then."""
    assert_type(app.contact.get_user("u1", language="en_US"), User)
    assert_type(app.contact.create_user("张三", "13800000000", [1], title="工程师"), User)
    assert_type(app.contact.update_department(1, name="研发"), None)
    assert_type(app.contact.get_department_list(1, fetch_child=False), Query[Department])
    assert_type(app.jsapi_signature("https://acme.example", noncestr="n"), JsapiSignature)
    assert_type(app.refresh_access_token(), str)


def older_ids() -> None:
    """Ids of users, under names that they had."""
    day = date(2026, 1, 5)
    assert_type(Role.objects.assign([1], user_ids=["u1"]), None)
    assert_type(app.contact.roles.assign.call([1], user_ids=["u1"]), Call[None])
    assert_type(WorkNotification.send("早", userid_list=["u1"]), WorkNotification)
    assert_type(AttendanceRecord.objects.details(user_ids=["u1"], start=day), Query[AttendanceRecord])
    assert_type(Schedule.objects.of_users(["u1"], day, op_user_id="u2"), Query[Schedule])
    assert_type(WebhookRobot("…").send("早", at_userids=["u1"]), None)


async def awaited() -> None:
    """Both, on the event loop."""
    assert_type(await app.contact.get_user.aio(user_id="u1"), User)
    assert_type(await app.contact.get_user.aio("u1"), User)
    assert_type(await app.contact.get_department_list.aio(id_=1), list[Department])
    assert_type(await app.customer.get_ext_list.aio(20, 0), list[ExternalContact])
    assert_type(await app.jsapi_signature.aio("ticket", "nonce", 1510819200, "https://acme.example"), JsapiSignature)
