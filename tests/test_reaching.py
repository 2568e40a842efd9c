"""What nobody received is said: an error names whom and why, and where some were reached the result says whom."""

from __future__ import annotations

import pickle

import pytest
from helpers import awaited

from dingtalk_models import (
    Card,
    ChatbotMessage,
    Ding,
    DingTalkApp,
    NobodyFound,
    NobodyReached,
    NotFound,
    PartlySent,
    RateLimited,
    Robot,
    TransportError,
    WorkNotification,
)
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.message import GroupSpace, RobotMessage, RobotSpace
from dingtalk_models.sandbox import Sandbox

PEOPLE = [f"nobody{number}" for number in range(25)]


@pytest.fixture
def template(sandbox: Sandbox) -> str:
    return sandbox.cards.add_template()


def test_a_robot_s_message_to_nobody_is_an_error(app: DingTalkApp) -> None:
    with pytest.raises(NobodyFound, match=r"nobody got it / 没有人收到: nobody \(no user of the company") as refused:
        Robot.send("hi", ["nobody"])
    assert isinstance(refused.value, NotFound)
    assert refused.value.not_reached == {"nobody": "no user of the company / 不是本企业成员"}
    sent: RobotMessage = refused.value.sent
    assert (sent.reached, sent.invalid_userids, len(sent.process_query_keys)) == ([], ["nobody"], 1)


def test_a_single_call_only_tells_whom_it_reached(app: DingTalkApp) -> None:
    told = (["nobody"], "sampleText", '{"content": "hi"}')
    for message in (
        Robot.objects.batch_send(*told),
        awaited(app, lambda: Robot.objects.batch_send.aio(*told)),
        *app.gather([Robot.objects.batch_send.call(*told)]),
    ):
        assert isinstance(message, RobotMessage)
        assert (message.reached, [*message.not_reached]) == ([], ["nobody"])


def test_a_call_that_reached_nobody_does_not_end_the_others(sandbox: Sandbox, app: DingTalkApp) -> None:
    message = Robot.send("hi", [*PEOPLE[:20], "zhaolei"])
    assert (message.reached, [*message.not_reached]) == (["zhaolei"], PEOPLE[:20])
    with pytest.raises(NobodyFound) as refused:
        Robot.send("hi", PEOPLE)
    assert [*refused.value.not_reached] == PEOPLE
    assert str(refused.value).endswith("15 more")
    assert len(sandbox.received("/v1.0/robot/oToMessages/batchSend")) == 4


def test_what_was_sent_before_a_failure_is_told_even_if_it_reached_nobody(sandbox: Sandbox) -> None:
    sent: list[str] = []

    class Cut(RequestsTransport):
        def send(self, request: HttpRequest) -> HttpResponse:
            if "batchSend" in request.url:
                sent.append(request.url)
                if len(sent) > 1:
                    raise TransportError("cut")
            return super().send(request)

    with sandbox.app(transport=Cut((5, 15))) as app, pytest.raises(PartlySent) as partly:
        app.message.robot.send("hi", PEOPLE)
    app.close()
    assert partly.value.sent.not_reached.keys() == {*PEOPLE[:20]}
    assert isinstance(partly.value.__cause__, TransportError)


def test_who_has_had_too_many_messages_is_told_and_nothing_is_sent_again(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.outbox.flow_controlled.add("sunjing")
    with pytest.raises(NobodyReached, match="too many messages") as refused:
        Robot.send("hi", ["sunjing", "nobody"])
    assert not isinstance(refused.value, NotFound | RateLimited)
    assert refused.value.code == "flowControlledStaffIdList"
    assert refused.value.not_reached.keys() == {"sunjing", "nobody"}
    assert len(sandbox.received("/v1.0/robot/oToMessages/batchSend")) == 1


def test_a_card_for_a_group_that_is_not_there_is_an_error(sandbox: Sandbox, app: DingTalkApp, template: str) -> None:
    with pytest.raises(NobodyFound, match="cidgone") as refused:
        Card.send(template, GroupSpace("cidgone"), {"title": "公告"})
    assert refused.value.not_reached == {"cidgone": "there is no such conversation"}
    card: Card = refused.value.sent
    group = sandbox.add_group(["zhaolei"]).open_conversation_id
    card.deliver(GroupSpace(group))
    assert card.reached == [group]


def test_a_card_for_some_says_whom_it_reached(sandbox: Sandbox, app: DingTalkApp, template: str) -> None:
    group = sandbox.add_group(["zhaolei"]).open_conversation_id
    card = Card.send(template, [GroupSpace(group), RobotSpace("nobody")], {"title": "公告"})
    assert (card.reached, card.not_reached) == ([group], {"nobody": "there is no such user"})
    with pytest.raises(NobodyFound) as refused:
        card.deliver([RobotSpace("nobody"), GroupSpace("cidgone")])
    assert refused.value.not_reached.keys() == {"nobody", "cidgone"}


def test_a_card_whose_deliveries_are_not_told_is_no_error(sandbox: Sandbox, app: DingTalkApp, template: str) -> None:
    sandbox.answer("card_1_0.CreateAndDeliver", {"result": {"outTrackId": "x"}})
    card = Card.send(template, GroupSpace("cid1"), {})
    assert (card.reached, card.not_reached) == ([], {})


def test_a_ding_for_nobody_is_an_error(app: DingTalkApp) -> None:
    with pytest.raises(NobodyReached, match=r"nobody \(staffId.notExisted\)"):
        Robot.send_ding("着火了", ["nobody"])
    ding = Ding.send("着火了", ["zhaolei", "nobody"])
    assert (ding.reached, ding.not_reached) == (["zhaolei"], {"nobody": "staffId.notExisted"})


def test_a_notification_that_nobody_got_is_an_error_once_it_is_known(app: DingTalkApp) -> None:
    with pytest.raises(NobodyFound, match=r"nobody \(nobody has this userid") as refused:
        WorkNotification.send("早", userids=["nobody"]).wait(10)
    assert refused.value.sent.invalid == ["nobody"]
    WorkNotification.send("午", userids=["zhaolei"]).wait(10)
    with pytest.raises(NobodyReached, match="same message today") as again:
        WorkNotification.send("午", userids=["zhaolei", "nobody"]).wait(10)
    assert not isinstance(again.value, NotFound)
    some = WorkNotification.send("晚", userids=["zhaolei"], dept_id_list=[404]).wait(10)
    assert (some.reached, [*some.not_reached]) == (["zhaolei"], ["department 404"])


def test_a_reply_to_somebody_who_has_left_is_an_error(sandbox: Sandbox, app: DingTalkApp) -> None:
    asked = ChatbotMessage.read(sandbox.say("zhaolei", "在吗").payload)
    sandbox.clock.advance(2 * 3600)
    sandbox.company.remove_user(sandbox.company.users["zhaolei"])
    with pytest.raises(NobodyFound, match="zhaolei"):
        asked.reply("在")


def test_the_error_can_be_kept(app: DingTalkApp) -> None:
    with pytest.raises(NobodyFound) as refused:
        Robot.send("hi", ["nobody"])
    again = pickle.loads(pickle.dumps(refused.value))
    assert (type(again), str(again), again.not_reached) == (NobodyFound, str(refused.value), refused.value.not_reached)
    assert again.sent.invalid_userids == ["nobody"]
