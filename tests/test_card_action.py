"""Clicks on cards: how they are read, what they change, and how they arrive by HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from helpers import on_a_loop, problems
from hypothesis import given
from hypothesis import strategies as st
from sites import SITES

from dingtalk_models import Card, CardAction, CardUpdate, ConfigurationError, DingTalkApp, Event
from dingtalk_models.callback.arrival import topics
from dingtalk_models.core import errors
from dingtalk_models.core.secret import signature_of
from dingtalk_models.message import CardReceiver, GroupSpace, RobotSpace
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.state.talk.card import Route

SECRET = "route-secret"
PARAMS = {"days": "3", "agreed": True, "options": '["a","b"]', "chosen": {"index": 1}, "note": "好", "count": 7}


def clicked(**fields: Any) -> dict[str, Any]:
    """A click, as the platform writes it."""
    content = {"cardPrivateData": {"actionIds": ["agree"], "params": PARAMS}}
    return {
        "type": "actionCallback",
        "outTrackId": "card1",
        "corpId": "dingcorp",
        "userId": "zhaolei",
        "userIdType": 1,
        "spaceType": "IM_GROUP",
        "spaceId": "cid1",
        "extension": "{}",
        "content": json.dumps(content),
    } | fields


# Reading


def test_a_click_is_read() -> None:
    action = CardAction.read(clicked())
    assert (action.out_track_id, action.user_id, action.corp_id) == ("card1", "zhaolei", "dingcorp")
    assert (action.space_type, action.space_id, action.user_id_type) == ("IM_GROUP", "cid1", 1)
    assert (action.action_ids, action.action_id, action.params) == (["agree"], "agree", PARAMS)
    assert action.key is None
    assert topics[str(CardAction.TOPIC)] is CardAction
    assert CardAction.model_validate_json(action.model_dump_json()) == action
    assert CardAction.model_validate_json(action.model_dump_json(by_alias=True)).params == PARAMS


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("days", int, 3),
        ("days", str, "3"),
        ("days", float, 3.0),
        ("agreed", bool, True),
        ("options", list[str], ["a", "b"]),
        ("options", str, '["a","b"]'),
        ("chosen", dict[str, int], {"index": 1}),
        ("note", str, "好"),
        ("note", int, None),
        ("note", list[str], None),
        ("chosen", str, None),
        ("count", str, "7"),
        ("missing", str, None),
    ],
)
def test_a_parameter_has_the_type_that_is_asked_for(name: str, kind: Any, value: object) -> None:
    action = CardAction.read(clicked())
    assert action.param(name, kind) == value
    assert action.param(name, kind, "else") == ("else" if value is None else value)


ODD: list[dict[str, Any]] = [
    {"content": ""},
    {"content": None},
    {"content": "not JSON"},
    {"content": "[1]"},
    {"content": '{"cardPrivateData": null}'},
    {"content": {"cardPrivateData": {"actionIds": "agree", "params": "[]"}}},
    {"content": {"cardPrivateData": "{}"}},
    {"content": 3},
    {"extension": "not JSON"},
    {"extension": []},
    {"userIdType": "x", "userId": 17, "corpId": ["?"]},
    {"outTrackId": None},
    {"unknown": {"a": 1}},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_odd_click_is_read_all_the_same(odd: dict[str, Any]) -> None:
    action = CardAction.read(clicked(**odd))
    assert isinstance(action.params, dict)
    assert all(isinstance(each, str) for each in action.action_ids)
    for name, value in odd.items():
        if name in action.unparsed:
            assert action.unparsed[name] == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: json_values | json_values.map(json.dumps)
            for name in (*clicked(), "cardPrivateData", "actionIds", "params")
        },
    )
)
def test_no_click_fails_to_be_read(payload: dict[str, Any]) -> None:
    action = CardAction.read(payload)
    assert isinstance(action.action_id, str)
    assert action.param("a", int, 5) is not None


# Answers


WIRE = {
    "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
    "cardData": {"cardParamMap": {"state": "已同意", "days": "3"}},
}


@pytest.mark.parametrize(
    ("returned", "answer"),
    [
        ([], {}),
        ([None, None], {}),
        ([CardUpdate({"state": "已同意", "days": 3})], WIRE),
        ([{"state": "已同意", "days": 3}], WIRE),
        ([{"cardData": {"cardParamMap": {"state": "已同意", "days": 3}}}], WIRE),
        ([{"a": 1}, None, CardUpdate({"state": "已同意", "days": 3}), None], WIRE),
        (
            [CardUpdate(private={"voted": True}, by_key=False)],
            {
                "cardUpdateOptions": {"updateCardDataByKey": False, "updatePrivateDataByKey": False},
                "userPrivateData": {"cardParamMap": {"voted": "true"}},
            },
        ),
        (
            [{"cardUpdateOptions": {"updateCardDataByKey": False}, "userPrivateData": {"cardParamMap": {"a": [1]}}}],
            {
                "cardUpdateOptions": {"updateCardDataByKey": False},
                "userPrivateData": {"cardParamMap": {"a": "[1]"}},
            },
        ),
    ],
)
def test_what_handlers_return_is_the_answer(returned: list[object], answer: dict[str, Any]) -> None:
    assert CardAction.read(clicked()).answer(returned) == answer


def test_an_update_beyond_a_limit_is_refused_where_it_is_made() -> None:
    assert problems(CardUpdate, {"a": "x" * 1025}, private={"k" * 101: ""}) == {
        "params.a": "should have at most 1024 bytes, has 1025",
        f"private.{'k' * 101}.[key]": "should have at most 100 bytes, has 101",
    }
    action = CardAction.read(clicked())
    assert problems(action.answer, [{"a": None}]) == {"params.a": "cannot be None; for no text, pass ''"}
    with pytest.raises(ConfigurationError, match="returns a CardUpdate"):
        action.answer(["ok"])


# By HTTP


def signed(body: object, *, ago: float = 0, secret: str = SECRET) -> tuple[dict[str, str], str]:
    """The headers and the body of a click."""
    timestamp = str(int((time.time() - ago) * 1000))
    headers = {"x-ddpaas-signature-timestamp": timestamp, "X-DDPaaS-Signature": signature_of(timestamp, secret)}
    return headers, json.dumps(body)


@pytest.fixture
def site_app() -> Iterator[DingTalkApp]:
    made = DingTalkApp(appkey="key", appsecret="secret", corp_id="dingcorp")
    yield made
    made.close()


@pytest.fixture
def seen(site_app: DingTalkApp) -> list[str]:
    """The ids of what was clicked."""
    found: list[str] = []

    @site_app.callback.on(CardAction)
    def agree(action: CardAction) -> CardUpdate:
        found.append(action.action_id)
        assert action.card.app is action.app is site_app
        return CardUpdate({"state": f"{action.user_id} 已同意"})

    return found


def test_the_signature_is_the_documented_one() -> None:
    # computed with openssl dgst -sha256 -hmac
    assert signature_of("1595925864847", "mySecret") == "xnBENZKoYbPiEX7TzjTy35B2Dv4RlEs6ks4/GYlmGOY="


def test_a_click_is_received_once(site_app: DingTalkApp, seen: list[str]) -> None:
    receiver = CardReceiver(site_app, SECRET)
    headers, body = signed(clicked())
    click = receiver.receive(headers, body)
    assert click.answer["cardData"] == {"cardParamMap": {"state": "zhaolei 已同意"}}
    with pytest.raises(errors.ReplayedCallback):
        receiver.receive(headers, body)
    receiver.receive(headers, json.dumps(clicked(userId="sunjing")))
    receiver.receive(*signed(clicked(), ago=1))
    assert seen == ["agree"] * 3
    assert SECRET not in repr(vars(receiver))


@on_a_loop
async def test_a_click_is_received_on_a_loop() -> None:
    app = DingTalkApp(appkey="key", appsecret="secret")

    @app.callback.on(CardAction)
    async def agree(action: CardAction) -> dict[str, object]:
        return {"by": action.user_id}

    click = await CardReceiver(app, SECRET).receive.aio(*signed(clicked()))
    assert click.answer["cardData"] == {"cardParamMap": {"by": "zhaolei"}}


# functions, since a signature is good for five minutes only
FORGED: dict[str, tuple[Callable[[], tuple[dict[str, str], str]], type[errors.CallbackError]]] = {
    "another secret": (lambda: signed(clicked(), secret="wrong"), errors.SignatureMismatch),
    "no headers": (lambda: ({}, json.dumps(clicked())), errors.SignatureMismatch),
    "no number": (
        lambda: ({"x-ddpaas-signature-timestamp": "now", "x-ddpaas-signature": "x"}, "{}"),
        errors.SignatureMismatch,
    ),
    "odd signature": (
        lambda: ({"x-ddpaas-signature-timestamp": "1", "x-ddpaas-signature": "é\udce9"}, "{}"),
        errors.SignatureMismatch,
    ),
    "too old": (lambda: signed(clicked(), ago=3000), errors.ReplayedCallback),
    "from the future": (lambda: signed(clicked(), ago=-3000), errors.ReplayedCallback),
    "not an object": (lambda: signed([]), errors.CallbackError),
    "no card": (lambda: signed(clicked(outTrackId="")), errors.CallbackError),
    "another company": (lambda: signed(clicked(corpId="dingother")), errors.CallbackError),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_cannot_be_trusted_reaches_no_handler(site_app: DingTalkApp, seen: list[str], case: str) -> None:
    forge, kind = FORGED[case]
    headers, body = forge()
    with pytest.raises(kind) as caught:
        CardReceiver(site_app, SECRET).receive(headers, body)
    assert type(caught.value) is kind
    assert seen == []


def test_a_handler_that_raises_may_be_tried_again(site_app: DingTalkApp) -> None:
    tries: list[int] = []

    @site_app.callback.on(CardAction)
    def agree(action: CardAction) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError

    receiver, push = CardReceiver(site_app, SECRET), signed(clicked())
    with pytest.raises(ZeroDivisionError):
        receiver.receive(*push)
    assert receiver.receive(*push).answer == {}


@pytest.mark.parametrize("site", [*SITES.values()], ids=[*SITES])
def test_a_click_changes_the_card_through_a_site(app: DingTalkApp, sandbox: Sandbox, site: Any) -> None:
    everything: list[str] = []

    @app.callback.on(CardAction)
    def agree(action: CardAction) -> CardUpdate | None:
        return CardUpdate({"state": action.param("state", str, "")}, private={"mine": action.param("n", int)})

    @app.callback.on(Event)
    def other(event: Event) -> None:
        everything.append(event.type)

    with site(CardReceiver(app, SECRET)) as url:
        app.message.cards.register_callback("route", url, api_secret=SECRET)
        template = sandbox.cards.add_template()
        card = Card.send(template, RobotSpace("zhaolei"), {"state": "待办", "n": 1}, callback_route_key="route")
        click = sandbox.click(card, "agree", {"state": "已同意", "n": "5"}, by="zhaolei")
        assert click.problem is None
        stored = sandbox.cards[card.out_track_id]
        assert stored.clicks == [click]
        assert stored.params == {"state": "已同意", "n": "1"}
        assert stored.seen_by("zhaolei") == {"state": "已同意", "n": "1", "mine": "5"}
        assert sandbox.conversation("zhaolei").replies[-1].content["state"] == "已同意"
        assert requests.post(url, json=clicked(), timeout=5).status_code == 403
        assert requests.get(url, timeout=5).status_code in {404, 405}
    assert everything == []


# Clicks in the sandbox


def test_the_sandbox_tells_why_nobody_can_click(app: DingTalkApp, sandbox: Sandbox) -> None:
    template, group = sandbox.cards.add_template(), sandbox.add_group(["zhaolei"])
    with pytest.raises(LookupError):
        sandbox.click("none", "agree", by="zhaolei")
    hidden = Card.create(template, {}, callback_type="STREAM")
    with pytest.raises(PermissionError):
        sandbox.click(hidden, "agree", by="zhaolei")
    card = Card.send(template, GroupSpace(group.open_conversation_id), {}, callback_route_key="route")
    with pytest.raises(LookupError, match="nobody"):
        sandbox.click(card, "agree", by="nobody")
    with pytest.raises(LookupError, match="route"):
        sandbox.click(card, "agree", by="zhaolei")
    app.message.cards.register_callback("route", "http://127.0.0.1:9/none")
    assert sandbox.click(card, "agree", by="zhaolei").problem == "ConnectionError"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"", "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (b"[1]", "not an object: [1]"),
        (b'{"cardData": {"cardParamMap": {"n": 1}}}', "a value is not a text"),
        (b'{"cardData": {"cardParamMap": {"n": "1"}}, "cardUpdateOptions": "x"}', None),
        (b'{"cardData": 5, "userPrivateData": [5]}', None),
    ],
    ids=repr,
)
@pytest.mark.usefixtures("app")
def test_an_answer_to_a_click_may_be_anything(sandbox: Sandbox, answer: bytes, problem: str | None) -> None:
    card = Card.send(sandbox.cards.add_template(), RobotSpace("zhaolei"), {}, callback_route_key="route")
    sandbox.cards.routes["route"] = Route(f"{sandbox.url}/gettoken", None)
    sandbox.fail("/gettoken", body=answer)
    assert sandbox.click(card, "agree", by="zhaolei").problem == problem
