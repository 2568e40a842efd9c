"""External contacts and label groups, against the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers import awaited

from dingtalk_models import (
    AlreadyExists,
    DingTalkApp,
    ExternalContact,
    HttpRequest,
    InvalidArgument,
    InvalidRequest,
    LabelGroup,
    NotFound,
    PermissionDenied,
    TransportError,
)
from dingtalk_models.sandbox import Sandbox

CREATE = "/topapi/extcontact/create"


def new(sandbox: Sandbox, number: int = 0, **changes: Any) -> dict[str, Any]:
    """Arguments for a contact that the company does not have yet."""
    return {
        "name": f"张三{number}",
        "mobile": f"138{number:08d}",
        "label_ids": [sandbox.company.clientele.label_id("客户")],
        "follower_userid": "caohui",
        **changes,
    }


def named_as_there(contact: dict[str, Any]) -> dict[str, Any]:
    """A contact with the platform's name for its follower."""
    return {"follower_user_id" if name == "follower_userid" else name: value for name, value in contact.items()}


def fill(sandbox: Sandbox, count: int) -> list[str]:
    add = sandbox.company.clientele.add
    return [add(f"张三{number}", f"138{number:08d}", [1_561_077_310], "caohui").userid for number in range(count)]


def test_a_contact_is_created_read_changed_and_deleted(sandbox: Sandbox, app: DingTalkApp) -> None:
    made = ExternalContact.create(**new(sandbox, company_name="钉峰", share_userids=["caohui"]))
    assert (made.name, made.company_name, made.label_ids) == ("张三0", "钉峰", new(sandbox)["label_ids"])

    loaded = ExternalContact.get(made.userid)
    assert (loaded.mobile, loaded.state_code, loaded.follower_userid) == ("13800000000", "86", "caohui")
    assert loaded.share_userids == ["caohui"]

    assert loaded.update(title="CFO", remark="重要") is loaded
    assert loaded.title == "CFO"
    loaded.name = "李四"
    loaded.save()
    assert not loaded.assigned
    made.refresh()
    assert (made.name, made.title, made.remark, made.company_name) == ("李四", "CFO", "重要", "钉峰")

    made.delete()
    with pytest.raises(NotFound) as caught:
        ExternalContact.get(made.userid)
    assert caught.value.code == 33012


def test_a_change_sends_what_the_platform_demands_and_nothing_else(sandbox: Sandbox, app: DingTalkApp) -> None:
    contact = ExternalContact.create(**new(sandbox, address="北京"))
    contact.update(title="CFO")
    (sent,) = sandbox.received("/topapi/extcontact/update")
    assert sent.body == {
        "contact": {
            "user_id": contact.userid, "name": "张三0", "label_ids": contact.label_ids,
            "follower_user_id": "caohui", "title": "CFO",
        }
    }  # fmt: skip
    sandbox.calls.clear()
    contact.save()
    assert sandbox.calls == []


def test_the_follower_and_the_labels_of_a_contact(sandbox: Sandbox, app: DingTalkApp) -> None:
    wanted = [sandbox.company.clientele.label_id(name) for name in ("客户", "核心")]
    contact = ExternalContact.create(**new(sandbox, label_ids=wanted))
    follower = contact.follower()
    assert follower is not None
    assert (follower.name, follower.app) == ("曹慧", app)
    assert [label.name for label in contact.labels()] == ["客户", "核心"]
    assert ExternalContact(userid="x").follower() is None


@pytest.mark.parametrize("count", [0, 1, 5, 6])
def test_lists_are_fetched_to_their_end(sandbox: Sandbox, app: DingTalkApp, count: int) -> None:
    userids = fill(sandbox, count)
    assert [contact.userid for contact in ExternalContact.objects.list(size=3)] == userids
    assert len(sandbox.received("/topapi/extcontact/list")) == count // 3 + 1
    assert [contact.userid for contact in app.customer.external_contacts.all()] == userids
    assert [contact.userid for contact in ExternalContact.objects.list(size=3, offset=2)] == userids[2:]


def test_lists_are_lazy(sandbox: Sandbox, app: DingTalkApp) -> None:
    fill(sandbox, 5)
    listing = ExternalContact.objects.list(size=2)
    assert sandbox.received("/topapi/extcontact/list") == []
    first = listing.first()
    assert first is not None
    assert first.app is app
    assert len(sandbox.received("/topapi/extcontact/list")) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_label_groups_come_once_although_the_platform_repeats_them(
    sandbox: Sandbox, app: DingTalkApp, size: int
) -> None:
    assert LabelGroup.objects.list(size=size, offset=300).first(), "the sandbox repeats groups past the end"
    groups = LabelGroup.objects.list(size=size).all()
    assert [group.name for group in groups] == ["类型", "级别", "状态"]
    assert [label.name for label in groups[1].labels] == ["一般", "重要", "核心"]
    assert groups[0].color == -15_220_075
    assert [group.name for group in app.customer.label_groups.all()] == ["类型", "级别", "状态"]


def test_groups_of_the_same_name_are_not_taken_for_repetitions(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.clientele.add_label_group("类型", "代理")
    assert [group.name for group in LabelGroup.objects.list(size=2)] == ["类型", "级别", "状态", "类型"]


def test_a_mandatory_custom_field_is_explained(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.clientele.mandatory_custom_fields.add("行业")
    with pytest.raises(InvalidRequest) as caught:
        ExternalContact.create(**new(sandbox))
    error = caught.value
    assert (error.code, error.message) == (40001, "系统繁忙")
    assert error.hint is not None
    assert "custom field" in error.hint
    assert "自定义字段" in error.hint
    assert error.hint in str(error)
    assert len(sandbox.received(CREATE)) == 1, "it is no matter of the token, so nothing is sent again"
    sandbox.company.clientele.mandatory_custom_fields.clear()
    ExternalContact.create(**new(sandbox))


def test_a_rejected_token_is_still_renewed_there(sandbox: Sandbox, app: DingTalkApp) -> None:
    assert app.access_token
    sandbox.revoke_tokens()
    sandbox.fail(CREATE, sub_code="40001", errmsg="access_token无效")
    assert ExternalContact.create(**new(sandbox)).userid
    assert len(sandbox.company.clientele.contacts) == 1


def test_a_contact_whose_answer_is_lost_is_created_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(CREATE, drop="after")
    with pytest.raises(TransportError) as caught:
        ExternalContact.create(**new(sandbox))
    assert caught.value.sent
    assert len(sandbox.received(CREATE)) == 1
    assert len(sandbox.company.clientele.contacts) == 1

    sandbox.fail(CREATE, drop="after")
    with pytest.raises(TransportError):
        awaited(app, lambda: ExternalContact.create.aio(**new(sandbox, 1)))
    assert len(sandbox.received(CREATE)) == 2


def test_reads_whose_answer_is_lost_are_sent_again(sandbox: Sandbox, app: DingTalkApp) -> None:
    (userid,) = fill(sandbox, 1)
    sandbox.fail("/topapi/extcontact/get", drop="after")
    assert ExternalContact.get(userid).userid == userid


def test_what_the_platform_refuses(sandbox: Sandbox, app: DingTalkApp) -> None:
    ExternalContact.create(**new(sandbox))
    with pytest.raises(AlreadyExists) as exists:
        ExternalContact.create(**new(sandbox))
    assert exists.value.code == 22005
    with pytest.raises(InvalidRequest) as label:
        ExternalContact.create(**new(sandbox, 1, label_ids=[1]))
    assert label.value.code == 60204
    with pytest.raises(InvalidRequest) as mobile:
        ExternalContact.create(**new(sandbox, 1, mobile="abc"))
    assert mobile.value.code == 60103
    with pytest.raises(NotFound) as unknown:
        ExternalContact.objects.update("nobody", "李四", new(sandbox)["label_ids"], "caohui")
    assert unknown.value.code == 60121
    with pytest.raises(NotFound) as gone:
        ExternalContact.objects.delete("nobody")
    assert gone.value.code == 33012
    sandbox.company.clientele.enabled = False
    with pytest.raises(PermissionDenied) as off:
        ExternalContact.create(**new(sandbox, 1))
    assert off.value.code == 60205


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"label_ids": []}, "label_ids"),
        ({"label_ids": list(range(21))}, "label_ids"),
        ({"follower_userid": ""}, "follower_userid"),
        ({"share_dept_ids": list(range(21))}, "share_dept_ids"),
        ({"share_userids": ["a"] * 21}, "share_userids"),
        ({"email": "zhang@example.com"}, "email"),
    ],
)
def test_limits_are_checked_before_anything_is_sent(
    sandbox: Sandbox, app: DingTalkApp, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        ExternalContact.create(**new(sandbox, **changes))
    assert [problem.field for problem in caught.value.problems] == [field]
    assert sandbox.calls == []


def test_limits_of_lists_and_of_assignments(sandbox: Sandbox, app: DingTalkApp) -> None:
    for manager in (ExternalContact.objects, LabelGroup.objects):
        for wrong in ({"size": 0}, {"size": 101}, {"offset": -1}):
            with pytest.raises(InvalidArgument):
                manager.list(**wrong)
    contact = ExternalContact(userid="x", name="张三", label_ids=[1], follower_userid="caohui")
    with pytest.raises(InvalidArgument):
        contact.label_ids = []
    with pytest.raises(InvalidArgument, match="mobile: cannot be changed"):
        contact.mobile = "13900000000"
    assert sandbox.calls == []


def test_the_platforms_own_form_of_a_contact_is_accepted(sandbox: Sandbox, app: DingTalkApp) -> None:
    contact = named_as_there(new(sandbox, state_code="86"))
    for number, name in enumerate(
        ("dingtalk.oapi.extcontact.create", "dingtalk.corp.extcontact.create", "dingtalk.corp.ext.add")
    ):
        made = app.run(name, contact={**contact, "mobile": f"1390000000{number}"})
        assert sandbox.company.clientele.contacts[made.userid].mobile == f"1390000000{number}"
    with pytest.raises(InvalidArgument) as caught:
        app.run("dingtalk.corp.ext.add", contact={**contact, "nickname": "张", "label_ids": []})
    assert {problem.field for problem in caught.value.problems} == {"contact.nickname", "label_ids"}


@pytest.mark.parametrize(
    ("path", "changes", "code"),
    [
        ("create", {"mobile": None}, 40036),
        ("create", {"state_code": None}, 40036),
        ("create", {"name": ""}, 60112),
        ("create", {"label_ids": None}, 60204),
        ("create", {"label_ids": "客户"}, 60204),
        ("create", {"label_ids": []}, 60204),
        ("create", {"follower_user_id": None}, 40036),
        ("create", {"follower_user_id": "nobody"}, 60121),
        ("create", {"share_user_ids": ["a"] * 21}, 400002),
        ("update", {}, 40003),
        ("update", {"user_id": "nobody"}, 60121),
    ],
)
def test_the_sandbox_refuses_contacts_itself(
    sandbox: Sandbox, app: DingTalkApp, path: str, changes: dict[str, Any], code: int
) -> None:
    body = json.dumps({"contact": named_as_there(new(sandbox, state_code="86")) | changes}).encode()
    url = f"{sandbox.url}/topapi/extcontact/{path}?access_token={app.access_token}"
    response = app.transport.send(HttpRequest("POST", url, {"Content-Type": "application/json"}, body))
    assert json.loads(response.content)["errcode"] == code
    assert sandbox.company.clientele.contacts == {}


def test_every_name_leads_to_its_operation(sandbox: Sandbox, app: DingTalkApp) -> None:
    (userid, *_) = fill(sandbox, 3)
    for name in ("dingtalk.oapi.extcontact.list", "dingtalk.corp.extcontact.list", "dingtalk.corp.ext.list"):
        assert len(app.run(name, size=20, offset=0).all()) == 3
    for name in ("dingtalk.oapi.extcontact.get", "dingtalk.corp.extcontact.get"):
        assert app.run(name, userid=userid).userid == userid
    for name in (
        "dingtalk.oapi.extcontact.listlabelgroups",
        "dingtalk.corp.extcontact.listlabelgroups",
        "dingtalk.corp.ext.listlabelgroups",
    ):
        assert len(app.run(name, size=20, offset=0).all()) == 3
    for name in ("dingtalk.oapi.extcontact.update", "dingtalk.corp.extcontact.update", "dingtalk.corp.ext.update"):
        label_ids = new(sandbox)["label_ids"]
        contact = {"user_id": userid, "name": name[-9:], "label_ids": label_ids, "follower_user_id": "yanjun"}
        app.run(name, contact=contact)
        assert sandbox.company.clientele.contacts[userid].name == name[-9:]
    app.run("dingtalk.oapi.extcontact.delete", userid=userid)
    app.run("dingtalk.corp.extcontact.delete", userid=next(iter(sandbox.company.clientele.contacts)))
    assert len(sandbox.company.clientele.contacts) == 1


def test_on_the_event_loop(sandbox: Sandbox, app: DingTalkApp) -> None:
    async def work() -> None:
        contacts = app.customer.external_contacts
        contact = await contacts.create.aio(**new(sandbox))
        await contact.update.aio(title="CFO")
        contact.remark = "重要"
        await contact.save.aio()
        assert (await contacts.get.aio(contact.userid)).remark == "重要"
        assert [each.userid async for each in contacts.list()] == [contact.userid]
        assert [each.userid for each in await contacts.all.aio()] == [contact.userid]
        assert [group.name for group in await LabelGroup.objects.all.aio()] == ["类型", "级别", "状态"]
        assert [label.name for label in await contact.labels.aio()] == ["客户"]
        follower = await contact.follower.aio()
        assert follower is not None
        await contact.refresh.aio()
        await contact.delete.aio()
        assert await contacts.list.aio() == []

    awaited(app, work)


def test_unsent(sandbox: Sandbox, app: DingTalkApp) -> None:
    call = ExternalContact.create.call("张三", "13800000000", [7], "caohui", title="CFO")
    assert (call.request.verb, call.request.path) == ("POST", CREATE)
    assert call.request.body == {
        "contact": {
            "name": "张三", "mobile": "13800000000", "label_ids": [7], "follower_user_id": "caohui",
            "state_code": "86", "title": "CFO",
        }
    }  # fmt: skip
    assert ExternalContact.get.call("x").request.body == {"user_id": "x"}
    assert ExternalContact.objects.delete.call("x").request.body == {"user_id": "x"}
    unsent: Any = app.run.call("dingtalk.corp.ext.listlabelgroups", size=5)
    assert unsent.request.body == {"size": 5, "offset": 0}
    assert sandbox.calls == []
