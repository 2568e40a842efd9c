"""Groups, and groups from templates, against the sandbox, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from helpers import awaited, items, problems, twins, unchecked
from pushing import KEY, TOKEN
from sites import SITES

from dingtalk_models import (
    ApiError,
    ChatbotMessage,
    DingTalkApp,
    Event,
    Group,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    Robot,
    SceneGroup,
    User,
)
from dingtalk_models.callback.events.chat import (
    ChatAddMember,
    ChatDisband,
    ChatQuit,
    ChatRemoveMember,
    ChatTemplateChange,
    ChatUpdateOwner,
    ChatUpdateTitle,
)
from dingtalk_models.message import Conversation, SampleMarkdown, SceneGroupMember
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.callback.changes import pushing_changes
from dingtalk_models.sandbox.state.talk.group import Group as GroupState

TEMPLATE = "1111abcd-1234-1234-dcba-123456789012"
MEMBERS = "/v1.0/im/sceneGroups/members/batchQuery"
CONVERT = "/v1.0/im/chat/{}/convertToOpenConversationId"


@pytest.fixture
def group(app: DingTalkApp) -> Group:
    return Group.create("项目组", "jinshan", ["zhaolei", "sunjing"])


@pytest.fixture
def scene(app: DingTalkApp, sandbox: Sandbox) -> SceneGroup:
    sandbox.company.outbox.groups.add_template(TEMPLATE)
    return SceneGroup.create("客户群", TEMPLATE, "jinshan", userids=["zhaolei", "sunjing"], subadmin_ids=["sunjing"])


def state(sandbox: Sandbox, group: Conversation) -> GroupState:
    return sandbox.company.outbox.groups[group.conversation_id()]


# Ordinary groups


def test_a_group_from_creation_on(sandbox: Sandbox, app: DingTalkApp) -> None:
    made = Group.create("项目组", "jinshan", ["zhaolei", "sunjing"], searchable=True, icon="@icon")
    assert (made.name, made.owner, made.userids, made.searchable) == (
        "项目组",
        "jinshan",
        ["zhaolei", "sunjing"],
        True,
    )
    assert made.chatid
    assert made.chatid.startswith("chat")
    found = Group.get(made.chatid)
    assert Group.get(made.chatid).open_conversation_id is None
    assert found.conversation_id() == made.open_conversation_id
    assert found.userids == ["jinshan", "zhaolei", "sunjing"]
    assert (found.searchable, found.validation_type, found.chat_banned_type) == (True, False, False)
    assert (found.conversation_tag, found.status, found.icon) == (2, 1, "@icon")
    found.name, found.validation_type = "大项目组", True
    assert found.changes() == {"name": "大项目组", "validation_type": True}
    found.save()
    assert sandbox.calls[-1].body == {
        "chatid": made.chatid,
        "name": "大项目组",
        "managementOptions": {"validationType": 1},
    }
    assert found.refresh() is found
    assert (found.name, found.validation_type) == ("大项目组", True)
    assert found.open_conversation_id == made.open_conversation_id
    twins(found)


def test_members_come_and_go(sandbox: Sandbox, group: Group) -> None:
    assert group.add_members(["liuyang", "zhaolei"]) is group
    assert group.userids == ["zhaolei", "sunjing", "liuyang"]
    group.remove_members(["zhaolei"])
    assert group.userids == ["sunjing", "liuyang"]
    group.update(owner="liuyang", add_extidlist=["union1", "union2"])
    group.update(del_extidlist=["union1"])
    kept = state(sandbox, group)
    assert (kept.owner, kept.members, kept.externals) == ("liuyang", ["jinshan", "sunjing", "liuyang"], ["union2"])
    assert group.refresh().owner == "liuyang"
    User.objects.delete("sunjing")
    assert group.refresh().userids == ["jinshan", "liuyang"]


def test_what_cannot_be_changed_says_so(group: Group) -> None:
    assert "update() has no such field" in problems(setattr, group, "userids", ["zhaolei"])["userids"]


def test_nothing_is_lost_of_a_group_that_was_not_loaded(sandbox: Sandbox, group: Group) -> None:
    known = Group(chatid=group.chatid)
    known.add_members(["liuyang"])
    assert (known.userids, known.changes()) == ([], {})
    assert known.refresh().userids == ["jinshan", "zhaolei", "sunjing", "liuyang"]
    assert known.name == "项目组"


def test_administrators_nicks_and_invitations(sandbox: Sandbox, app: DingTalkApp, group: Group) -> None:
    kept = state(sandbox, group)
    group.add_sub_admins(["zhaolei", "sunjing"])
    group.remove_sub_admins(["sunjing"])
    assert kept.sub_admins == ["zhaolei"]
    app.message.groups.update_sub_admins(group.conversation_id(), ["sunjing"], 2)
    assert kept.sub_admins == ["zhaolei", "sunjing"]
    group.set_nick("zhaolei", "磊")
    assert kept.nicks == {"zhaolei": "磊"}
    for forbidden in ([], [False], [True]):
        group.prohibit_private_chat(*forbidden)
        assert kept.private_chat == (forbidden == [False])
    assert group.join_url().startswith("https://qr.dingtalk.com/action/joingroup?code=")
    assert group.join_url("zhaolei") != group.join_url("jinshan") == group.join_url()
    group.remove_members(["zhaolei"])
    assert (kept.sub_admins, kept.nicks) == (["sunjing"], {})


@pytest.mark.parametrize("kind", ["group", "scene"])
def test_who_may_speak(sandbox: Sandbox, app: DingTalkApp, group: Group, scene: SceneGroup, kind: str) -> None:
    chosen: Group | SceneGroup = group if kind == "group" else scene
    kept = state(sandbox, chosen)
    chosen.mute_members(["zhaolei"], timedelta(minutes=5))
    said = chosen.mute_settings("zhaolei")
    assert said.group_mute_mode is False
    start, end = said.user_mute_result.mute_start_time, said.user_mute_result.mute_end_time
    assert start is not None
    assert end is not None
    assert end - start == timedelta(minutes=5)
    now = sandbox.clock.now
    assert not kept.may_speak("zhaolei", now())
    assert kept.may_speak("sunjing", now())
    sandbox.clock.advance(301)
    assert kept.may_speak("zhaolei", now())
    chosen.mute_members(["zhaolei"], timedelta(hours=1))
    chosen.unmute_members(["zhaolei"])
    assert kept.may_speak("zhaolei", now())
    chosen.mute()
    assert chosen.chat_banned_type
    assert chosen.mute_settings("zhaolei").group_mute_mode
    assert (kept.may_speak("zhaolei", now()), kept.may_speak("jinshan", now())) == (False, True)
    chosen.unmute()
    assert app.message.conversations.mute_settings("zhaolei", chosen.conversation_id()).group_mute_mode is False
    assert kept.may_speak("zhaolei", now())
    assert not kept.may_speak("liuyang", now())


def test_a_message_reaches_a_group_however_it_is_named(sandbox: Sandbox, group: Group, scene: SceneGroup) -> None:
    chatid = group.chatid
    assert chatid is not None
    loaded = Group.get(chatid)
    for to in (group, loaded, loaded, scene, scene.open_conversation_id):
        sent = Robot.send_to_group(SampleMarkdown("日报", "# 完成"), to)
        assert sent.recall().failed == {}
    mail = sandbox.company.outbox.robot_mail.values()
    assert [each.conversation for each in mail] == [
        *[group.open_conversation_id] * 3,
        *[scene.open_conversation_id] * 2,
    ]
    assert len(sandbox.received(CONVERT.format(chatid))) == 1
    too_long = problems(Robot.send_to_group, SampleMarkdown("日报", "长" * 5001), Group(chatid=chatid))
    assert too_long == {"message": "as JSON, at most 15000 bytes of UTF-8, these are 15034"}
    assert len(sandbox.received(CONVERT.format(chatid))) == 1


def test_it_is_awaited_and_run_by_name_too(sandbox: Sandbox, app: DingTalkApp) -> None:
    async def work() -> str | None:
        made = await Group.create.aio("项目组", "jinshan", ["zhaolei"])
        await made.add_members.aio(["sunjing"])
        await made.mute_members.aio(["zhaolei"], timedelta(minutes=1))
        await Robot.send_to_group.aio("你好", made)
        return made.chatid

    chatid = awaited(app, work)
    by_name = app.run(unchecked("dingtalk.oapi.chat.get"), chatid=chatid)
    assert by_name.userids == ["jinshan", "zhaolei", "sunjing"]
    assert app.run("im_1_0.ChatIdToOpenConversationId", chat_id=chatid or "").startswith("cid")
    older: Any = app.run
    made = older("dingtalk.oapi.chat.create", name="旧", owner="jinshan", useridlist=["zhaolei"], showHistoryType=1)
    older("dingtalk.oapi.chat.update", chatid=made.chatid, name="新", chatBannedType=1, add_useridlist=["sunjing"])
    found = Group.get(made.chatid)
    assert (found.name, found.show_history_type, found.chat_banned_type) == ("新", True, True)
    scene = older("dingtalk.oapi.chat.get", chatid=found.chatid)
    assert scene == found


# Groups from templates


def test_a_scene_group_from_creation_to_its_end(sandbox: Sandbox, app: DingTalkApp, scene: SceneGroup) -> None:
    assert (scene.title, scene.template_id, scene.sub_admin_userids) == ("客户群", TEMPLATE, ["sunjing"])
    found = SceneGroup.get(scene.open_conversation_id)
    assert (found.title, found.owner_userid, found.sub_admin_userids) == ("客户群", "jinshan", ["sunjing"])
    assert found.searchable is False
    found.title, found.searchable = "大客户群", True
    found.save()
    assert sandbox.calls[-1].body == {
        "open_conversation_id": scene.open_conversation_id,
        "title": "大客户群",
        "management_options": {"searchable": 1},
    }
    scene.refresh()
    assert (scene.title, scene.searchable) == ("大客户群", True)
    assert scene.chat_id
    twins(scene)
    scene.update(owner_userid="zhaolei", only_admin_can_ding=True)
    union = sandbox.company.users["liuyang"].unionid
    app.message.scene_groups.update(scene.open_conversation_id, owner_union_id=union)
    brief = app.message.scene_groups.brief(scene.open_conversation_id)
    assert (brief.owner_userid, brief.title, brief.status) == ("liuyang", "大客户群", 1)
    robot = app.message.scene_groups.template_robot(sandbox.appkey, scene.open_conversation_id)
    assert robot.userid == sandbox.company.outbox.groups.templates[TEMPLATE]
    scene.disband()
    assert app.message.scene_groups.brief(scene.open_conversation_id).status == 2
    with pytest.raises(NotFound, match=r"group\.disbanded"):
        Robot.send_to_group("你好", scene)


def test_one_uuid_makes_one_group(app: DingTalkApp, scene: SceneGroup) -> None:
    made = {SceneGroup.create("订单", TEMPLATE, "jinshan", uuid=uuid).open_conversation_id for uuid in ("a", "a", "b")}
    assert len(made) == 2


def test_members_are_listed_page_by_page(sandbox: Sandbox, app: DingTalkApp, scene: SceneGroup) -> None:
    people = [sandbox.company.add_user(f"员工{number}", userid=f"u{number}").userid for number in range(994)]
    sandbox.company.outbox.groups.most_members = 2000
    scene.add_members(people)
    app.message.scene_groups.add_members(scene.open_conversation_id, union_ids=["union1", "union2", "union3", "union4"])
    app.message.scene_groups.set_nick(scene.open_conversation_id, "zhaolei", "磊")
    page = app.message.scene_groups.member_page(scene.open_conversation_id, 2)
    assert ([each.nick for each in page.members], page.has_more, page.next_token) == ([None, "磊"], True, "2")
    before = len(sandbox.received(MEMBERS))
    listed = scene.members()
    assert len(sandbox.received(MEMBERS)) == before
    assert listed[1] == SceneGroupMember(userid="zhaolei", nick="磊")
    assert len(sandbox.received(MEMBERS)) == before + 1
    everyone = list(listed)
    assert len(sandbox.received(MEMBERS)) == before + 3
    assert len(everyone) == 1001
    assert everyone[-1] == SceneGroupMember(union_id="union4")
    assert awaited(app, lambda: items(scene.members())) == everyone
    scene.remove_members([*people, "zhaolei"])
    app.message.scene_groups.remove_members(scene.open_conversation_id, union_ids=["union1", "union2", "union3"])
    assert [each.userid or each.union_id for each in scene.members()] == ["jinshan", "sunjing", "union4"]


def test_the_administrators_of_a_scene_group(sandbox: Sandbox, app: DingTalkApp, scene: SceneGroup) -> None:
    scene.add_sub_admins(["zhaolei"])
    assert scene.refresh().sub_admin_userids == ["sunjing", "zhaolei"]
    scene.remove_sub_admins(["sunjing", "zhaolei"])
    union = sandbox.company.users["sunjing"].unionid
    app.message.scene_groups.update_sub_admins(scene.open_conversation_id, 2, union_ids=[union])
    assert scene.refresh().sub_admin_userids == ["sunjing"]


def test_templates_are_switched_on_and_off(sandbox: Sandbox, app: DingTalkApp, group: Group) -> None:
    sandbox.company.outbox.groups.add_template(TEMPLATE)
    conversation, manager = group.conversation_id(), app.message.scene_groups
    with pytest.raises(PermissionDenied, match="groupPermissionDenied"):
        manager.brief(conversation)
    manager.apply_template("jinshan", TEMPLATE, conversation)
    assert manager.brief(conversation).title == "项目组"
    assert [each.userid for each in manager.members(conversation)] == ["jinshan", "zhaolei", "sunjing"]
    manager.close_template("jinshan", TEMPLATE, conversation)
    with pytest.raises(PermissionDenied, match="groupPermissionDenied"):
        manager.member_page(conversation)
    with pytest.raises(NotFound):
        manager.close_template("jinshan", TEMPLATE, conversation)


# What is refused


def test_what_is_refused_before_it_is_sent(sandbox: Sandbox, app: DingTalkApp) -> None:
    bad: Any = {"searchable": 2, "conversation_tag": 1}
    assert {*problems(Group.create, "名" * 21, "", [], **bad)} == {
        *("name", "owner", "userids", "searchable", "conversation_tag"),
    }
    assert {*problems(SceneGroup.create, "题" * 31, "", "")} == {"title", "template_id", "owner_userid"}
    manager = app.message.scene_groups
    assert {*problems(manager.set_nick, "cid", "u", "名" * 31)} == {"group_nick"}
    assert {*problems(manager.member_page, "cid", 1001)} == {"max_results"}
    assert {*problems(manager.update_sub_admins, "cid", 2, ["u"] * 13)} == {"userids"}
    for named in (manager.add_members, manager.remove_members):
        assert "name somebody" in problems(named, "cid")["userids"]
    muting = app.message.conversations.mute_members
    assert {*problems(muting, "cid", [], 0, -1)} == {"userids", "mute_duration"}
    assert {*problems(muting, "cid", ["u"] * 1000, 0, 1)} == {"userids"}
    assert {*problems(app.message.groups.to_open_conversation_id, "")} == {"chat_id"}
    assert sandbox.calls == []


class At(NamedTuple):
    """What a call is made with."""

    app: DingTalkApp
    group: Group
    scene: SceneGroup


Use = Callable[[At], object]
GONE = "cidgone"
REFUSED: list[tuple[str, type[ApiError], Use]] = [
    ("permession.checkFailed", PermissionDenied, lambda _: Group.create("名", "nobody", ["zhaolei"])),
    ("parameter.invalid", InvalidRequest, lambda _: Group.create("名", "jinshan", ["nobody"])),
    ("parameter.invalid", InvalidRequest, lambda _: Group.create("禁词", "jinshan", ["zhaolei"])),
    ("40016", NotFound, lambda _: Group.get("chatgone")),
    ("invalideChatId", NotFound, lambda _: Group(chatid="chatgone").conversation_id()),
    ("parameter.invalid", InvalidRequest, lambda _: Group(chatid="chatgone").update(name="名")),
    ("permession.checkFailed", PermissionDenied, lambda at: at.group.update(owner="nobody")),
    ("parameter.invalid", InvalidRequest, lambda at: at.group.add_members(["nobody"])),
    ("parameter.invalid", InvalidRequest, lambda at: at.group.remove_members(["jinshan"])),
    ("staff.not.found", NotFound, lambda at: at.group.add_sub_admins(["nobody"])),
    ("invalid.staffid", InvalidRequest, lambda at: at.group.add_sub_admins(["liuyang"])),
    ("60124", NotFound, lambda at: at.group.set_nick("liuyang", "阳")),
    ("40003", NotFound, lambda at: at.group.set_nick("nobody", "名")),
    ("41049", InvalidRequest, lambda at: at.group.set_nick("zhaolei", "禁词")),
    ("34001", NotFound, lambda _: Group(chatid="chatgone").set_nick("zhaolei", "磊")),
    ("34001", NotFound, lambda _: Group(chatid="chatgone").prohibit_private_chat()),
    ("60124", NotFound, lambda at: at.group.join_url("liuyang")),
    ("cannot.ban.owner", InvalidRequest, lambda at: at.group.mute_members(["jinshan"], timedelta(1))),
    ("cannot.find.user", NotFound, lambda at: at.group.mute_members(["liuyang"], timedelta(1))),
    (
        "invalidParameter.openConversationIdError",
        InvalidRequest,
        lambda _: Group(open_conversation_id=GONE).unmute_members(["zhaolei"]),
    ),
    (
        "invalidParam.openConversationIdDecryptFailed",
        InvalidRequest,
        lambda _: Group(open_conversation_id=GONE).mute_settings("zhaolei"),
    ),
    ("groupTemplate.notFound", NotFound, lambda _: SceneGroup.create("名", "none", "jinshan")),
    ("member.notFound", NotFound, lambda _: SceneGroup.create("名", TEMPLATE, "jinshan", userids=["nobody"])),
    ("permession.checkFailed", PermissionDenied, lambda _: SceneGroup.create("名", TEMPLATE, "nobody")),
    ("40035", InvalidRequest, lambda _: SceneGroup.get(GONE)),
    ("400020", PermissionDenied, lambda at: SceneGroup.get(at.group.conversation_id())),
    ("cidEncryptError", InvalidRequest, lambda at: at.app.message.scene_groups.brief(GONE)),
    ("cidEncryptError", InvalidRequest, lambda at: at.app.message.scene_groups.members(GONE).all()),
    ("paramIllegal", InvalidRequest, lambda at: at.app.message.scene_groups.disband(GONE)),
    ("parameter.invalid", InvalidRequest, lambda at: at.scene.add_members(["nobody"])),
    ("parameter.invalid", InvalidRequest, lambda at: at.scene.remove_members(["jinshan"])),
    ("userNotExists", NotFound, lambda at: at.scene.add_sub_admins(["nobody"])),
    ("userNotInGroup", NotFound, lambda at: at.scene.add_sub_admins(["liuyang"])),
    ("userNotInGroup", NotFound, lambda at: at.scene.set_nick("liuyang", "阳")),
    ("groupNickForbid", InvalidRequest, lambda at: at.scene.set_nick("zhaolei", "禁词")),
    (
        "robotNotFound",
        NotFound,
        lambda at: at.app.message.scene_groups.template_robot("r", at.scene.open_conversation_id),
    ),
    (
        "665036",
        NotFound,
        lambda at: at.app.message.scene_groups.apply_template("jinshan", "x", at.scene.open_conversation_id),
    ),
    ("660023", InvalidRequest, lambda at: at.app.message.scene_groups.close_template("jinshan", TEMPLATE, GONE)),
]


@pytest.mark.parametrize(("code", "kind", "use"), REFUSED, ids=[f"{n}-{each[0]}" for n, each in enumerate(REFUSED)])
def test_the_platform_refuses(
    sandbox: Sandbox, app: DingTalkApp, *, group: Group, scene: SceneGroup, code: str, kind: type[ApiError], use: Use
) -> None:
    sandbox.company.outbox.groups.forbidden_words = {"禁词"}
    with pytest.raises(kind) as caught:
        use(At(app, group, scene))
    assert (str(caught.value.code), type(caught.value)) == (code, kind)


def test_a_group_has_room_for_so_many(sandbox: Sandbox, app: DingTalkApp, group: Group, scene: SceneGroup) -> None:
    groups = sandbox.company.outbox.groups
    groups.most_members = 3
    for more in (group.add_members, scene.add_members):
        with pytest.raises(InvalidRequest, match=r"parameter\.invalid"):
            more(["liuyang"])
    with pytest.raises(InvalidRequest, match=r"member\.exceed"):
        SceneGroup.create("名", TEMPLATE, "jinshan", userids=["zhaolei", "sunjing", "liuyang"])
    groups.most_sub_admins = 1
    for appoint, code in ((group.add_sub_admins, r"subadmin\.exceed"), (scene.add_sub_admins, "Excessive")):
        with pytest.raises(InvalidRequest, match=code):
            appoint(["zhaolei", "sunjing"])


# Events


@contextmanager
def pushed_to(sandbox: Sandbox, *types: type[Event]) -> Generator[tuple[DingTalkApp, list[Event]]]:
    """An app that is told of these events, and the events that have come."""
    came: list[Event] = []
    with sandbox.app(token=TOKEN, aes_key=KEY) as app, SITES["flask"](app.callback) as url:
        app.callback.on(*types)(came.append)
        app.callback.subscriptions.register([each.TYPE for each in types], url=url)
        yield app, came
    app.close()


def test_each_change_of_a_group_is_pushed(sandbox: Sandbox) -> None:
    kinds = (
        *(ChatAddMember, ChatRemoveMember, ChatQuit, ChatUpdateOwner, ChatUpdateTitle, ChatTemplateChange),
        ChatDisband,
    )
    sandbox.company.outbox.groups.add_template(TEMPLATE)
    with pushed_to(sandbox, *kinds) as (app, came):
        group = Group.create("项目组", "jinshan", ["zhaolei", "sunjing"])
        conversation, manager = group.conversation_id(), app.message.scene_groups
        group.add_members(["liuyang"])
        group.remove_members(["sunjing"])
        with pushing_changes(sandbox.company):
            state(sandbox, group).quit("zhaolei")
        group.update(name="新名", owner="liuyang")
        manager.apply_template("liuyang", TEMPLATE, conversation)
        manager.disband(conversation)
        sandbox.settle()
    added, removed, quitted, owner, title, template, end = came
    assert isinstance(added, ChatAddMember)
    assert (added.userids, added.chat_id) == (["liuyang"], group.chatid)
    assert added.union_ids == [sandbox.company.users["liuyang"].unionid]
    assert isinstance(removed, ChatRemoveMember)
    assert (removed.userids, removed.operator) == (["sunjing"], "jinshan")
    assert isinstance(quitted, ChatQuit)
    assert quitted.operator == "zhaolei"
    assert isinstance(owner, ChatUpdateOwner)
    assert owner.owner == "liuyang"
    assert isinstance(title, ChatUpdateTitle)
    assert title.chat_title == "新名"
    assert isinstance(template, ChatTemplateChange)
    assert (template.template_id, template.status) == (TEMPLATE, "on")
    assert isinstance(end, ChatDisband)
    assert {each.open_conversation_id for each in (added, removed, quitted, owner, title, template, end)} == {
        conversation
    }


def test_an_event_leads_to_its_group(sandbox: Sandbox) -> None:
    with pushed_to(sandbox, ChatAddMember) as (app, came):

        @app.callback.on(ChatAddMember)
        def welcome(event: ChatAddMember) -> None:
            group = Group.of(event)
            assert group.app is app
            Robot.objects.using(app).send_to_group(f"欢迎 {event.userids[0]}", group)
            came.append(event)
            names.append(group.refresh().name)

        names: list[str] = []
        Group.create("项目组", "jinshan", ["zhaolei"]).add_members(["sunjing"])
        sandbox.settle()
    (mail,) = sandbox.company.outbox.robot_mail.values()
    assert mail.msg_param == {"content": "欢迎 sunjing"}
    assert names == ["项目组"]


def test_a_message_leads_to_its_group(sandbox: Sandbox, app: DingTalkApp, group: Group) -> None:
    said = {"msgId": "m1", "conversationType": "2", "conversationId": group.open_conversation_id}
    found = Group.of(ChatbotMessage.model_validate(said))
    Robot.send_to_group("收到", found)
    found.mute_members(["zhaolei"], timedelta(minutes=1))
    assert "chatid" in problems(found.update, name="新名")
