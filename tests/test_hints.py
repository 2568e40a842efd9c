"""What the platform's message leaves out is in the hint of an error, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dingtalk_models import (
    ApiError,
    AuthenticationError,
    Card,
    ChatbotMessage,
    DingTalkApp,
    Group,
    InvalidRequest,
    NotFound,
    Robot,
    Role,
    SceneGroup,
    User,
    WebhookRobot,
    WorkNotification,
)
from dingtalk_models.message import GroupSpace
from dingtalk_models.sandbox import Sandbox


def hint_of(call: Callable[[], object], kind: type[ApiError]) -> str:
    with pytest.raises(kind) as refused:
        call()
    assert refused.value.hint
    assert " / " in refused.value.hint
    assert refused.value.hint in str(refused.value)
    return refused.value.hint


def has_no_hint(call: Callable[[], object]) -> bool:
    """Whether a refusal has no hint: nothing is wrong with the kind of the id."""
    with pytest.raises(ApiError) as refused:
        call()
    return refused.value.hint is None


def test_a_stranger_s_number_is_nobody_s(app: DingTalkApp) -> None:
    hint = hint_of(lambda: User.objects.by_mobile("13000000000"), NotFound)
    assert hint.startswith("Nobody in this company has this mobile number")
    assert "userid" in hint_of(lambda: User.get("nobody"), NotFound)


def test_an_invalid_userid_is_named(app: DingTalkApp) -> None:
    assert hint_of(lambda: User.objects.delete("nobody"), NotFound) == (
        "This is no userid of this company: nobody / 该 userid 无效：nobody"
    )
    assert hint_of(lambda: Role.objects.assign([911], ["zhaolei", "nobody"]), NotFound) == (
        "One of these is no userid of this company: zhaolei, nobody / 以下 userid 中有无效的：zhaolei, nobody"
    )
    both = hint_of(lambda: User.objects.update("lvbo", manager_userid="nobody"), NotFound)
    assert "lvbo, nobody" in both
    many = hint_of(lambda: Role.objects.assign([911], [f"nobody{number}" for number in range(12)]), NotFound)
    assert "nobody9 …" in many


def test_a_wrong_agent_id_is_told(app: DingTalkApp) -> None:
    hint = hint_of(lambda: WorkNotification.send("早", userids=["zhaolei"], agent_id=5), InvalidRequest)
    assert "agent_id" in hint


def test_a_webhook_that_is_not_known_and_one_that_is_over_are_told_apart(sandbox: Sandbox, app: DingTalkApp) -> None:
    unknown = WebhookRobot(f"{sandbox.url}/robot/send?access_token=abc")
    assert "webhook address" in hint_of(lambda: unknown.send("早"), AuthenticationError)
    said = ChatbotMessage.read(sandbox.say("zhaolei", "在吗").payload)
    sandbox.clock.advance(3 * 3600)
    assert said.session_webhook
    over = WebhookRobot(said.session_webhook)
    assert "90 minutes" in hint_of(lambda: over.send("在"), AuthenticationError)
    unknown.close()
    over.close()


def test_an_unknown_card_template_is_told(sandbox: Sandbox, app: DingTalkApp) -> None:
    group = sandbox.add_group(["zhaolei"]).open_conversation_id
    assert ".schema" in hint_of(lambda: Card.send("none", GroupSpace(group), {}), NotFound)


WANTED: list[Callable[[DingTalkApp, str, str], object]] = [
    lambda _, chatid, __: Robot.send_to_group("早", chatid),
    lambda _, chatid, template: Card.send(template, GroupSpace(chatid), {}),
    lambda app, chatid, _: app.message.scene_groups.brief(chatid),
    lambda _, chatid, __: Group(open_conversation_id=chatid).mute_settings("zhaolei"),
    lambda _, chatid, __: Group(open_conversation_id=chatid).unmute_members(["zhaolei"]),
    lambda _, chatid, __: Group.objects.update_sub_admins(chatid, ["zhaolei"], 2),
    lambda _, chatid, __: Robot.list_in_group(chatid),
    lambda app, chatid, _: SceneGroup.objects.using(app).get(chatid),
    lambda app, chatid, _: SceneGroup.objects.using(app).add_members(chatid, ["zhaolei"]),
    lambda app, chatid, _: app.platform.im_1_0.get_scene_group_info(chatid),
]


@pytest.mark.parametrize("call", WANTED)
def test_a_chatid_where_an_open_conversation_id_belongs_is_told(
    sandbox: Sandbox, app: DingTalkApp, call: Callable[[DingTalkApp, str, str], object]
) -> None:
    chatid = Group.create("项目组", "jinshan", ["zhaolei"]).chatid
    template = sandbox.cards.add_template()
    assert "Group.get(chatid).conversation_id()" in hint_of(lambda: call(app, chatid, template), ApiError)


WANTED_CHATID: list[Callable[[str], object]] = [
    Group.get,
    lambda conversation: Group.objects.update(conversation, name="新名"),
    Group.objects.to_open_conversation_id,
    lambda conversation: Group.objects.join_url(conversation, "zhaolei"),
]


@pytest.mark.parametrize("call", WANTED_CHATID)
def test_an_open_conversation_id_where_a_chatid_belongs_is_told(
    app: DingTalkApp, call: Callable[[str], object]
) -> None:
    conversation = Group.create("项目组", "jinshan", ["zhaolei"]).conversation_id()
    assert hint_of(lambda: call(conversation), ApiError).startswith("What is wanted here is a chatid")
    assert has_no_hint(lambda: call("chatnobody"))
