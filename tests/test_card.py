"""Interactive cards: created, delivered, updated, taken from the top of a group; against the sandbox, over HTTP."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from helpers import awaited, problems, twins

from dingtalk_models import BEIJING, Card, DingTalkApp
from dingtalk_models.core import errors
from dingtalk_models.message import GroupSpace, RobotSpace, SingleSpace, TopSpace
from dingtalk_models.sandbox import Sandbox

INSTANCES = "/v1.0/card/instances"
SOON = datetime.now(BEIJING) + timedelta(days=1)


@pytest.fixture
def template(sandbox: Sandbox) -> str:
    return sandbox.cards.add_template()


@pytest.fixture
def group(sandbox: Sandbox) -> str:
    return sandbox.company.outbox.add_group(["zhaolei", "sunjing"])


@pytest.fixture
def card(app: DingTalkApp, template: str) -> Card:
    return Card.send(template, RobotSpace("zhaolei"), {"title": "请假", "days": 2})


# Parameters


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("你好", "你好"),
        ("", ""),
        (True, "true"),
        (3, "3"),
        (1.5, "1.5"),
        (Decimal("2.50"), "2.50"),
        (["甲", 1, None], '["甲",1,null]'),
        (("a", False), '["a",false]'),
        ({"text": "甲", "inner": {"n": 1}}, '{"text":"甲","inner":{"n":1}}'),
        (date(2026, 1, 31), "2026-01-31"),
        (Colour.RED, "red"),
        ("长" * 341, "长" * 341),
    ],
)
def test_values_are_sent_as_text(app: DingTalkApp, sandbox: Sandbox, template: str, value: object, sent: str) -> None:
    card = Card.create(template, {"value": value}, private_data={"zhaolei": {"own": value}})
    stored = sandbox.cards[card.out_track_id]
    assert (stored.params, stored.private) == ({"value": sent}, {"zhaolei": {"own": sent}})
    card.update({"value": value})
    assert stored.params == {"value": sent}


TOO_LONG = "should have at most 1024 bytes, has 1026"
UNSENDABLE = "cannot be sent as text or JSON"


@pytest.mark.parametrize(
    ("params", "where", "why"),
    [
        ({"text": "长" * 342}, "text", TOO_LONG),
        ({"list": ["x" * 1022]}, "list", TOO_LONG),
        ({"k" * 101: "x"}, f"{'k' * 101}.[key]", "should have at most 100 bytes, has 101"),
        ({"键" * 34: "x"}, f"{'键' * 34}.[key]", "should have at most 100 bytes, has 102"),
        ({"": "x"}, ".[key]", "String should have at least 1 character"),
        ({"none": None}, "none", "cannot be None; for no text, pass ''"),
        ({"nan": float("nan")}, "nan", UNSENDABLE),
        ({"object": object()}, "object", UNSENDABLE),
        ({"half": "\ud83d"}, "half", UNSENDABLE),
        ({"half": ["\ud83d"]}, "half", UNSENDABLE),
    ],
)
def test_what_is_beyond_a_limit_is_not_sent(
    app: DingTalkApp, sandbox: Sandbox, params: dict[str, Any], where: str, why: str
) -> None:
    private = {"zhaolei": params}
    found = {f"card_param_map.{where}": why, f"private_data.zhaolei.{where}": why}
    assert problems(Card.send, "t", RobotSpace("zhaolei"), params, private_data=private) == found
    assert problems(Card.create, "t", params, private_data=private) == found
    assert problems(Card(out_track_id="c").update, params, private_data=private) == found
    assert sandbox.calls == []


def test_other_arguments_are_checked_before_anything_is_sent(app: DingTalkApp, sandbox: Sandbox) -> None:
    card, space = Card(out_track_id="c"), {"to": "List should have at least 1 item, not 0"}
    kinds = "not a space: a GroupSpace, RobotSpace, SingleSpace or TopSpace"
    send: Any = Card.send
    assert problems(send, "t", [], {}) == space
    assert problems(send, "t", "zhaolei", {}) == {"to.0": kinds}
    assert problems(card.deliver, []) == problems(card.append_space, []) == space
    assert problems(send, "t", RobotSpace(""), {}) == {
        "to.0.RobotSpace.user_id": "String should have at least 1 character"
    }
    assert problems(card.update) == {"card_param_map": "or private_data is needed"}
    assert sandbox.calls == []


# Spaces


def test_a_card_is_created_and_delivered_with_one_call(
    app: DingTalkApp, sandbox: Sandbox, template: str, group: str
) -> None:
    card = Card.send(
        template,
        [
            GroupSpace(group, at_user_ids={"zhaolei": "赵磊"}, recipients=["zhaolei"]),
            RobotSpace("sunjing", support_forward=False),
            TopSpace(group, SOON, user_ids=["zhaolei"], platforms=["ios"]),
        ],
        {"title": "公告"},
        private_data={"zhaolei": {"title": "给你的公告"}},
    )
    assert [call.path for call in sandbox.calls if call.path != "/v1.0/oauth2/accessToken"][-1:] == [
        f"{INSTANCES}/createAndDeliver"
    ]
    assert [(each.space_type, each.space_id, each.success) for each in card.deliveries] == [
        ("IM_GROUP", group, True),
        ("IM_ROBOT", "sunjing", True),
        ("ONE_BOX", group, True),
    ]
    assert all(each.carrier_id for each in card.deliveries)
    sent: Any = sandbox.calls[-1].body
    assert sent["openSpaceId"] == f"dtv1.card//IM_GROUP.{group};IM_ROBOT.sunjing;ONE_BOX.{group}"
    assert sent["callbackType"] == "STREAM"
    assert sent["imGroupOpenDeliverModel"] == {
        "robotCode": sandbox.appkey,
        "atUserIds": {"zhaolei": "赵磊"},
        "recipients": ["zhaolei"],
    }
    assert sent["topOpenDeliverModel"]["expiredTimeMillis"] == int(SOON.timestamp() * 1000)
    assert sent["imRobotOpenSpaceModel"] == {"supportForward": False}
    stored = sandbox.cards[card.out_track_id]
    assert stored.seen_by("zhaolei") == {"title": "给你的公告"}
    assert stored.seen_by("sunjing") == {"title": "公告"}
    assert stored.texts("title") == ["公告"]


def test_each_card_has_an_id_of_its_own_unless_one_is_given(app: DingTalkApp, template: str) -> None:
    made = {Card.create(template, {}).out_track_id for _ in range(3)}
    assert len(made) == 3
    assert Card.create(template, {}, "mine").out_track_id == "mine"


def test_a_card_is_delivered_later(app: DingTalkApp, sandbox: Sandbox, template: str, group: str) -> None:
    card = Card.create(template, {"title": "公告"}, im_group_open_space_model={"support_forward": True})
    stored = sandbox.cards[card.out_track_id]
    assert stored.states == []
    card.deliver([GroupSpace(group), RobotSpace("zhaolei")])
    assert (card.reached, card.not_reached) == ([group], {"zhaolei": "the card has no open space model of this kind"})
    card.append_space(RobotSpace("zhaolei"))
    card.deliver(RobotSpace("zhaolei"), robot_code=sandbox.appkey, user_id_type=1)
    assert card.deliveries[-1].success
    assert stored.delivered == [("IM_GROUP", group), ("IM_ROBOT", "zhaolei")]
    other = Card.send(template, [SingleSpace("cid1"), GroupSpace("nowhere")], {})
    assert [(each.success, bool(each.error_msg)) for each in other.deliveries] == [(True, False), (False, True)]


def test_a_card_leaves_the_top_of_a_group(app: DingTalkApp, sandbox: Sandbox, template: str, group: str) -> None:
    card = Card.send(template, TopSpace(group, SOON), {})
    assert sandbox.cards.latest.tops == {group}
    card.close_top(group)
    assert sandbox.cards.latest.tops == set()


def test_union_ids_name_people_too(app: DingTalkApp, sandbox: Sandbox, template: str, who: str) -> None:
    Card.send(template, RobotSpace(who), {"a": 1}, private_data={who: {"a": 2}}, user_id_type=2)
    assert sandbox.cards.latest.seen_by("caohui") == {"a": "2"}


def test_a_card_can_be_kept(card: Card, app: DingTalkApp, sandbox: Sandbox) -> None:
    for number, twin in enumerate(twins(card)):
        twin.using(app).update({"days": number})
        assert sandbox.cards[card.out_track_id].params["days"] == str(number)


# Updates


def test_an_update_changes_what_it_names(card: Card, sandbox: Sandbox) -> None:
    stored = sandbox.cards[card.out_track_id]
    card.update({"days": 3}, private_data={"zhaolei": {"note": "仅你可见"}})
    assert stored.params == {"title": "请假", "days": "3"}
    card.update(private_data={"zhaolei": {"more": True}})
    assert stored.seen_by("zhaolei") == {"title": "请假", "days": "3", "note": "仅你可见", "more": "true"}
    card.update({"title": "销假"}, by_key=False)
    assert stored.params == {"title": "销假"}


def test_awaited_operations_do_the_same(sandbox: Sandbox, template: str) -> None:
    app = sandbox.app()

    async def work() -> Card:
        card = await Card.send.aio(template, RobotSpace("zhaolei"), {"title": "甲"})
        await asyncio.gather(*(card.update.aio({f"p{number}": number}) for number in range(5)))
        return card

    stored = sandbox.cards[awaited(app, work).out_track_id]
    assert stored.params == {"title": "甲", **{f"p{number}": str(number) for number in range(5)}}


def test_streaming_updates_set_the_status(card: Card, app: DingTalkApp, sandbox: Sandbox) -> None:
    stored, stream = sandbox.cards[card.out_track_id], app.message.cards.streaming_update
    seen = [stored.status]
    stream(card.out_track_id, "text", "一")
    stream(card.out_track_id, "text", "二", is_full=False, guid="once")
    stream(card.out_track_id, "text", "二", is_full=False, guid="once")
    assert stored.params["text"] == "一二"
    seen.append(stored.status)
    stream(card.out_track_id, "text", "一二三", is_finalize=True)
    assert stored.params["text"] == "一二三"
    seen.append(stored.status)
    stream(card.out_track_id, "text", "错", is_error=True)
    assert [*seen, stored.status] == ["processing", "inputting", "finished", "failed"]
    assert stored.texts("text") == ["", "一", "一二", "一二三", "错"]


def test_a_callback_route_is_registered_once(app: DingTalkApp, sandbox: Sandbox) -> None:
    register = app.message.cards.register_callback
    route = register("approvals", "https://example.com/cards", api_secret="hush-hush")
    assert route.callback_url == "https://example.com/cards"
    assert route.api_secret is not None
    assert route.api_secret.get_secret_value() == "hush-hush"
    assert "hush-hush" not in repr(route)
    with pytest.raises(errors.AlreadyExists):
        register("approvals", "https://example.com/2")
    assert register("approvals", "https://example.com/2", force_update=True).callback_url == "https://example.com/2"


# Refusals


REFUSED: list[tuple[Callable[[tuple[str, str]], object], type[errors.ApiError], str]] = [
    (lambda t: Card.create("none", {}), errors.NotFound, "param.templateNotExist"),
    (lambda t: Card.create(t[1], {}), errors.InvalidRequest, "param.templateUnpublished"),
    (lambda t: [Card.create(t[0], {}, "x") for _ in "12"], errors.AlreadyExists, "param.cardAlreadyExist"),
    (lambda t: Card.create(t[0], {"a": "赌博"}), errors.InvalidRequest, "param.contentUnsafe"),
    (lambda t: Card.create(t[0], {}, user_id="nobody"), errors.NotFound, "param.userIdNotExist"),
    (lambda t: Card.create(t[0], {}, private_data={"nobody": {}}), errors.NotFound, "param.userIdNotExist"),
    (lambda t: Card(out_track_id="none").update({}), errors.NotFound, "param.cardNotExist"),
    (lambda t: Card(out_track_id="none").deliver(RobotSpace("x")), errors.NotFound, "param.cardNotExist"),
    (lambda t: Card(out_track_id="none").append_space(RobotSpace("x")), errors.NotFound, "param.cardNotExist"),
    (lambda t: Card(out_track_id="none").close_top("cid"), errors.NotFound, "param.cardNotExist"),
    (
        lambda t: Card.create(t[0], {}).close_top("cid"),
        errors.InvalidRequest,
        "param.conversationIdInvalid",
    ),
    (
        lambda t: Card.objects.streaming_update("none", "k", "c"),
        errors.NotFound,
        "param.stream.outTrackId",
    ),
    (
        lambda t: Card.objects.streaming_update(Card.create(t[0], {}).out_track_id, "k", "长" * 1000),
        errors.InvalidRequest,
        "param.stream.content",
    ),
    (
        lambda t: Card.objects.create_and_deliver(t[0], {}, "dtv1.card//IM_GROUP.x"),
        errors.InvalidRequest,
        "param.openDeliverModelEmpty",
    ),
    (
        lambda t: Card.objects.create_and_deliver(t[0], {}, "somewhere"),
        errors.InvalidRequest,
        "param.openSpaceIdInvalid",
    ),
    (
        lambda t: Card.objects.deliver(Card.create(t[0], {}).out_track_id, "dtv1.card//MARS.x", user_id_type=1),
        errors.InvalidRequest,
        "param.openDeliverModelEmpty",
    ),
    (
        lambda t: Card.objects.append_space(Card.create(t[0], {}).out_track_id),
        errors.InvalidRequest,
        "param.emptyAppendSpaces",
    ),
]
"""A call with a template and one that is not published, and how it is refused."""


@pytest.mark.parametrize(("call", "kind", "code"), REFUSED)
@pytest.mark.usefixtures("app")
def test_the_platform_refuses(
    sandbox: Sandbox, template: str, call: Any, kind: type[errors.ApiError], code: str
) -> None:
    sandbox.cards.unsafe.add("赌博")
    sandbox.cards.longest_content = 2000
    unpublished = sandbox.cards.add_template(published=False)
    with pytest.raises(kind) as caught:
        call((template, unpublished))
    assert (caught.value.code, type(caught.value)) == (code, kind)


def test_a_missing_scope_is_named() -> None:
    with Sandbox(scopes=["Card.Instance.Write"]) as sandbox, sandbox.app() as app:
        card = Card.send(sandbox.cards.add_template(), RobotSpace("zhaolei"), {})
        with pytest.raises(errors.PermissionDenied) as caught:
            app.message.cards.streaming_update(card.out_track_id, "text", "一")
        assert caught.value.scopes == ("Card.Streaming.Write",)
        app.close()
