"""Clicks on cards by Stream mode: a bot answers on a card that grows, a button is pressed, the card changes."""

from __future__ import annotations

import logging

import pytest
from listening import receiving
from streaming import stored
from waiting import until

from dingtalk_models import Card, CardAction, CardUpdate, ChatbotMessage, DingTalkApp
from dingtalk_models.message import RobotSpace
from dingtalk_models.sandbox import NoClient, Sandbox


@pytest.fixture
def template(sandbox: Sandbox) -> str:
    return sandbox.cards.add_template()


def test_a_click_changes_the_card(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    @app.callback.on(CardAction)
    async def agree(action: CardAction) -> CardUpdate:
        return CardUpdate({"state": action.action_id, "days": action.param("days", int, 0)}, private={"mine": True})

    card = Card.send(template, RobotSpace("zhaolei"), {"state": "待办", "title": "请假"})
    with receiving(app):
        click = sandbox.click(card, "agree", {"days": "3"}, by="zhaolei")
        sandbox.click(card, "agree", {"days": "3"}, by="sunjing")
    assert click.problem is None
    assert click.payload["userId"] == "zhaolei"
    shown = sandbox.cards[card.out_track_id]
    assert shown.params == {"state": "agree", "days": "3", "title": "请假"}
    assert shown.private == {"zhaolei": {"mine": "true"}, "sunjing": {"mine": "true"}}
    assert [state.params["state"] for state in shown.states] == ["待办", "agree", "agree"]


def test_two_clicks_alike_are_two_clicks(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    votes: list[str] = []

    @app.callback.on(CardAction)
    def vote(action: CardAction) -> dict[str, int]:
        votes.append(action.user_id or "")
        return {"votes": len(votes)}

    card = Card.send(template, RobotSpace("zhaolei"), {"votes": 0})
    with receiving(app):
        for _ in range(3):
            sandbox.click(card.out_track_id, ["vote"], by="zhaolei")
    assert votes == ["zhaolei"] * 3
    assert sandbox.cards[card.out_track_id].params == {"votes": "3"}


def test_a_click_with_nothing_to_change_leaves_the_card(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    @app.callback.on(CardAction)
    def look(action: CardAction) -> None:
        assert action.action_ids == ["look"]

    card = Card.send(template, RobotSpace("zhaolei"), {"a": 1})
    with receiving(app):
        click = sandbox.click(card, "look", by="zhaolei")
    assert (click.problem, click.answer) == (None, {})
    assert len(sandbox.cards[card.out_track_id].states) == 1


@pytest.mark.parametrize("returned", [{"a": "x" * 1025}, "ok", ZeroDivisionError()])
def test_a_handler_that_fails_leaves_the_card(
    app: DingTalkApp, sandbox: Sandbox, template: str, returned: object, caplog: pytest.LogCaptureFixture
) -> None:
    @app.callback.on(CardAction)
    def broken(action: CardAction) -> object:
        if isinstance(returned, Exception):
            raise returned
        return returned

    card = Card.send(template, RobotSpace("zhaolei"), {"a": 1})
    with receiving(app), caplog.at_level(logging.ERROR):
        click = sandbox.click(card, "agree", by="zhaolei")
    assert click.problem == "code 500"
    assert sandbox.cards[card.out_track_id].params == {"a": "1"}
    assert "CardAction was not handled" in caplog.text


def test_without_a_client_there_is_nobody_to_click_for(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    card = Card.send(template, RobotSpace("zhaolei"), {})
    with pytest.raises(NoClient):
        sandbox.click(card, "agree", by="zhaolei")


def test_a_bot_streams_an_answer_and_its_button_works(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    @app.callback.on(ChatbotMessage)
    async def answer(message: ChatbotMessage) -> None:
        async with message.reply_card(template, key="answer", card_param_map={"liked": False}, interval=0.01) as card:
            for piece in ("杭州", "今天", f"晴，{message.sender_nick}。"):
                await card.write.aio(piece)

    @app.callback.on(CardAction)
    def like(action: CardAction) -> CardUpdate:
        return CardUpdate({"liked": True})

    with receiving(app):
        asked = sandbox.say("zhaolei", "天气？")
        reply = sandbox.wait_for_reply(asked)
        card = sandbox.cards.latest
        until(lambda: card.status == "finished")
        assert sandbox.click(card, "like", by="zhaolei").problem is None
    name = sandbox.company.users["zhaolei"].name
    assert reply.via == "card"
    assert reply.content == {"outTrackId": card.out_track_id, "answer": f"杭州今天晴，{name}。", "liked": "true"}
    assert all(card.texts("answer"))


def test_a_plain_handler_streams_too(app: DingTalkApp, sandbox: Sandbox, template: str) -> None:
    @app.callback.on(ChatbotMessage)
    def answer(message: ChatbotMessage) -> None:
        with message.reply_card(template) as card:
            card.write(message.text)
        assert stored(sandbox, card).status == "finished"

    with receiving(app):
        sandbox.say("zhaolei", "天气？")
        until(lambda: len(sandbox.cards) == 1 and sandbox.cards.latest.status == "finished")
        sandbox.stream.settle()
    assert sandbox.conversation("zhaolei").texts == [("zhaolei", "天气？"), (None, "天气？")]
