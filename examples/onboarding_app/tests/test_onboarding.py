"""What HR, newcomers and those who approve see of the onboarding."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from dingtalk_models import AlreadyExists, ApprovalInstance, DingTalkApp, User
from dingtalk_models.sandbox import Sandbox
from onboarding_app.onboarding import Onboarding

PLATFORM_TEAM = 20
MENTOR = "mentor"


@pytest.fixture
def onboarding(dingtalk_app: DingTalkApp) -> Iterator[Onboarding]:
    """The application, as it runs: what happens reaches it in Stream mode."""
    made = Onboarding(dingtalk_app)
    dingtalk_app.stream.start()
    yield made
    dingtalk_app.stream.stop()


@pytest.fixture
def newcomer(onboarding: Onboarding) -> User:
    return onboarding.join("林薇", "13800138001", PLATFORM_TEAM, MENTOR)


def test_a_newcomer_is_welcomed_and_gets_a_mentor(dingtalk: Sandbox, newcomer: User) -> None:
    (welcome,) = dingtalk.outbox.of(newcomer.userid)
    assert "欢迎加入，林薇" in welcome.text
    (asked,) = dingtalk.outbox.of(MENTOR)
    assert asked.text == "林薇今天入职，请带他熟悉环境。"
    (todo,) = dingtalk.calls.to("todo_1_0.CreateTodoTask")
    assert todo.body == {"subject": "带林薇熟悉环境", "executorIds": [User.get(MENTOR).unionid]}


def test_nobody_is_welcomed_twice(dingtalk: Sandbox, onboarding: Onboarding, newcomer: User) -> None:
    with pytest.raises(AlreadyExists):
        onboarding.join("林薇", "13800138001", PLATFORM_TEAM, MENTOR)
    assert len(dingtalk.outbox.of(newcomer.userid)) == 1


@pytest.mark.parametrize(("price", "approvers"), [(6999, [MENTOR]), (12999, [MENTOR, "weidong"])])
def test_a_laptop_is_approved(
    dingtalk: Sandbox, onboarding: Onboarding, newcomer: User, price: int, approvers: list[str]
) -> None:
    approval = onboarding.order_laptop(newcomer, Decimal(price))
    for approver in approvers:
        assert approval.refresh().status == "RUNNING"
        dingtalk.approve(approval.process_instance_id, by=approver)
    dingtalk.settle()
    assert approval.refresh().result == "agree"
    assert dingtalk.outbox.of(newcomer.userid)[-1].text == "电脑已批准，请到前台领取。"


def test_a_laptop_is_refused(dingtalk: Sandbox, onboarding: Onboarding, newcomer: User) -> None:
    approval = onboarding.order_laptop(newcomer, Decimal(6999))
    dingtalk.refuse(approval.process_instance_id, by=MENTOR, remark="下月再说")
    dingtalk.settle()
    assert dingtalk.outbox.of(newcomer.userid)[-1].text.startswith("电脑申请未通过")


def test_no_laptop_is_ordered_twice_if_an_answer_is_lost(
    dingtalk: Sandbox, onboarding: Onboarding, newcomer: User
) -> None:
    dingtalk.fail("/v1.0/workflow/processInstances", drop="after")
    with pytest.raises(OSError, match="processInstances"):
        onboarding.order_laptop(newcomer, Decimal(6999))
    assert len(dingtalk.calls.to(ApprovalInstance.objects.create)) == 1


def test_the_bot_answers_what_it_knows(dingtalk: Sandbox, onboarding: Onboarding) -> None:
    asked = dingtalk.say("colleague", "年假有几天？")
    assert "满一年 5 天" in dingtalk.wait_for_reply(asked).text
    assert dingtalk.outbox.of("hr") == []


def test_the_bot_passes_on_what_it_does_not_know(dingtalk: Sandbox, onboarding: Onboarding) -> None:
    group = dingtalk.add_group(["colleague", "mentor"], "新同事")
    dingtalk.say("colleague", "食堂在哪？", to=group)
    dingtalk.settle()
    assert group.texts == [("colleague", "食堂在哪？"), (None, "这个我不知道，已转给人力资源部。")]
    assert [message.text for message in dingtalk.outbox.of("hr")] == ["**杨帆**：食堂在哪？"]


@pytest.mark.anyio
@pytest.mark.dingtalk(qps=20)
async def test_the_headcount_keeps_to_the_rate_limit(dingtalk: Sandbox, dingtalk_app: DingTalkApp) -> None:
    assert (await Onboarding(dingtalk_app).headcount())["财务部"] == 2
    assert [call.code for call in dingtalk.calls.to(User.objects.list_ids)] == [0] * 3
