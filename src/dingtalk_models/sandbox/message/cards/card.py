"""`/v1.0/card/*`: interactive cards."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NotRequired, Required

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict, Unpack

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.parameters import Parameters
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.card import SPACES, Card, Cards, Route

WRITE: Final = "Card.Instance.Write"
STREAM: Final = "Card.Streaming.Write"
PROTOCOL: Final = "dtv1.card//"

TrackId = Annotated[str, Field(min_length=1), Code("param.outTrackIdEmpty")]
OpenSpaceId = Annotated[str, Field(min_length=1), Code("param.openSpaceIdEmpty")]
UserIdType = Literal[1, 2]


class Params(Parameters):
    """The parameters of a card, which must be texts."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True)

    card_param_map: dict[str, str]


class SearchSupport(TypedDict):
    searchIcon: NotRequired[str]
    searchTypeName: NotRequired[str]
    searchDesc: NotRequired[Annotated[str, Field(max_length=200)]]


class SpaceModel(TypedDict):
    supportForward: NotRequired[bool]
    lastMessageI18n: NotRequired[dict[str, str]]
    searchSupport: NotRequired[SearchSupport]
    notification: NotRequired[dict[str, Any]]
    spaceType: NotRequired[str]
    title: NotRequired[str]
    coolAppCode: NotRequired[str]


Model = Annotated[SpaceModel, Code("param.openSpaceModelInvalid")]
Delivery = Annotated[dict[str, Any], Code("param.openDeliverModelError")]


class SpaceModels(TypedDict, total=False):
    im_group_open_space_model: Model
    im_robot_open_space_model: Model
    im_single_open_space_model: Model
    top_open_space_model: Model
    co_feed_open_space_model: Model


class Creation(SpaceModels, total=False):
    card_template_id: Required[Annotated[str, Field(min_length=1), Code("param.cardTemplateIdEmpty")]]
    out_track_id: Required[TrackId]
    card_data: Required[Annotated[Params, Code("param.invalid", "param.cardPublicDataEmpty")]]
    user_id: str
    callback_type: Literal["STREAM", "HTTP"]
    callback_route_key: str
    private_data: Annotated[dict[str, Params], Code("param.invalid")]
    open_dynamic_data_config: dict[str, Any]
    card_at_user_ids: list[str]
    user_id_type: UserIdType


class Deliveries(TypedDict, total=False):
    im_group_open_deliver_model: Delivery
    im_robot_open_deliver_model: Delivery
    im_single_open_deliver_model: Delivery
    top_open_deliver_model: Delivery
    co_feed_open_deliver_model: Delivery
    doc_open_deliver_model: Delivery


class CardSending(Creation, Deliveries, total=False):
    open_space_id: Required[OpenSpaceId]


def _cards(company: Company) -> Cards:
    return company.keep(Cards)


def _userid(company: Company, given: str, user_id_type: int) -> str:
    """Return the userid for a userid or union id, or refuse."""
    user = company.users.get(given) if user_id_type == 1 else company.find_user(unionid=given)
    if user is None:
        raise Refused("param.userIdNotExist")
    return user.userid


def _private(company: Company, given: Mapping[str, Params], user_id_type: int) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for person, params in given.items():
        _cards(company).check(params.card_param_map)
        found[_userid(company, person, user_id_type)] = dict(params.card_param_map)
    return found


def _models(fields: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the given models, by the code of the kind of space."""
    return {
        code: fields[name] for code, start in SPACES.items() if fields.get(name := f"{_snake(start)}_open_{kind}_model")
    }


def _snake(start: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in start)


def _create(company: Company, fields: Mapping[str, Any]) -> Card:
    cards, user_id_type = _cards(company), fields.get("user_id_type") or 1
    if person := fields.get("user_id"):
        _userid(company, person, user_id_type)
    public: Params = fields["card_data"]
    cards.check(public.card_param_map)
    card = Card(
        fields["out_track_id"],
        fields["card_template_id"],
        dict(public.card_param_map),
        _private(company, fields.get("private_data") or {}, user_id_type),
        callback_type=fields.get("callback_type"),
        route=fields.get("callback_route_key"),
        user_id_type=user_id_type,
        models=_models(fields, "space"),
    )
    cards.add(card)
    return card


def _spaces(open_space_id: str) -> list[tuple[str, str]]:
    """Split an id of several spaces into their kinds and ids."""
    if not open_space_id.startswith(PROTOCOL):
        raise Refused("param.openSpaceIdInvalid")
    found: list[tuple[str, str]] = []
    for each in open_space_id.removeprefix(PROTOCOL).split(";"):
        code, dot, space_id = each.partition(".")
        if each and (code.upper() not in SPACES or not dot or not space_id):
            raise Refused("param.openSpaceIdInvalid")
        if each:
            found.append((code.upper(), space_id))
    if not found:
        raise Refused("param.openSpaceIdInvalid")
    return found


def _changed(company: Company, card: Card) -> None:
    card.changed(company.credentials.clock.now())
    with company.conversations.changed:
        company.conversations.changed.notify_all()


def _deliver(
    company: Company, card: Card, spaces: list[tuple[str, str]], fields: Mapping[str, Any], empty: str
) -> list[dict[str, Any]]:
    deliveries = _models(fields, "deliver")
    if any(code not in deliveries for code, _ in spaces):
        raise Refused(empty)
    card.shown.update({"outTrackId": card.out_track_id, **card.params})
    results = [_deliver_to(company, card, code, space_id) for code, space_id in spaces]
    if any(result["success"] for result in results):
        _changed(company, card)
    return results


def _deliver_to(company: Company, card: Card, code: str, space_id: str) -> dict[str, Any]:
    result = {"spaceType": code, "spaceId": space_id}
    if problem := _undeliverable(company, card, code, space_id):
        return {**result, "success": False, "errorMsg": problem}
    card.delivered.append((code, space_id))
    talks = company.conversations
    if code == "ONE_BOX":
        card.tops.add(space_id)
    elif code in ("IM_GROUP", "IM_ROBOT"):
        user = company.users.get(space_id) or company.find_user(unionid=space_id)
        talk = talks.alone(user.userid) if code == "IM_ROBOT" and user else talks.find(space_id)
        talks.robot_says(talk, "card", card.shown, "card")
    return {**result, "success": True, "carrierId": base64.b64encode(secrets.token_bytes(24)).decode()}


def _undeliverable(company: Company, card: Card, code: str, space_id: str) -> str | None:
    if code not in card.models:
        return "the card has no open space model of this kind"
    if code in ("IM_GROUP", "ONE_BOX") and space_id not in company.outbox.groups:
        return "there is no such conversation"
    if code == "IM_ROBOT" and space_id not in company.users and company.find_user(unionid=space_id) is None:
        return "there is no such user"
    return None


@endpoint("POST", "/v1.0/card/instances", scope=WRITE, invalid="param.invalid", missing="param.empty")
def create(company: Company, **fields: Unpack[Creation]) -> Result:
    """创建卡片."""
    return {"success": True, "result": _create(company, fields).out_track_id}


@endpoint("POST", "/v1.0/card/instances/createAndDeliver", scope=WRITE, invalid="param.invalid", missing="param.empty")
def create_and_deliver(company: Company, **fields: Unpack[CardSending]) -> Result:
    """创建并投放卡片."""
    spaces = _spaces(fields["open_space_id"])
    if any(code not in _models(fields, "deliver") for code, _ in spaces):
        raise Refused("param.openDeliverModelEmpty")
    card = _create(company, fields)
    results = _deliver(company, card, spaces, fields, "param.openDeliverModelEmpty")
    return {"success": True, "result": {"outTrackId": card.out_track_id, "deliverResults": results}}


@endpoint("POST", "/v1.0/card/instances/deliver", scope=WRITE, invalid="param.empty")
def deliver(
    company: Company,
    *,
    out_track_id: TrackId,
    open_space_id: OpenSpaceId,
    user_id_type: UserIdType = 1,
    **fields: Unpack[Deliveries],
) -> Result:
    """投放卡片."""
    del user_id_type
    card = _cards(company).find(out_track_id)
    if not fields:
        raise Refused("param.openDeliverModelEmpty")
    results = _deliver(company, card, _spaces(open_space_id), fields, "param.spaceDeliverModelEmpty")
    return {"success": True, "result": results}


@endpoint("PUT", "/v1.0/card/instances", scope=WRITE, invalid="param.invalid")
def update(
    company: Company,
    *,
    out_track_id: TrackId,
    card_data: Params | None = None,
    private_data: dict[str, Params] | None = None,
    card_update_options: dict[str, bool] | None = None,
    user_id_type: UserIdType = 1,
) -> Result:
    """更新卡片."""
    if not card_data and not private_data:
        raise Refused("param.cardDataAndPrivateDataBothEmpty")
    card = _cards(company).find(out_track_id)
    private = _private(company, private_data or {}, user_id_type)
    if card_data:
        _cards(company).check(card_data.card_param_map)
    change(card, card_data.card_param_map if card_data else None, private, card_update_options or {})
    _changed(company, card)
    return {"success": True, "result": True}


def change(
    card: Card,
    params: Mapping[str, str] | None,
    private: Mapping[str, Mapping[str, str]],
    options: Mapping[str, Any],
) -> None:
    """Change the named parameters of a card, or replace all."""
    if params is not None:
        card.set(params, by_key=bool(options.get("updateCardDataByKey")))
    by_key = options.get("updatePrivateDataByKey")
    for userid, own in private.items():
        card.private[userid] = {**(card.private.get(userid, {}) if by_key else {}), **own}


@endpoint("PUT", "/v1.0/card/instances/spaces", scope=WRITE, invalid="param.empty")
def append_space(company: Company, *, out_track_id: TrackId, **fields: Unpack[SpaceModels]) -> Result:
    """新增或者更新卡片的场域信息."""
    card = _cards(company).find(out_track_id)
    models = _models(fields, "space")
    if not models:
        raise Refused("param.emptyAppendSpaces")
    card.models |= models
    return {"success": True, "result": True}


@endpoint("POST", "/v1.0/card/tops/close?outTrackId&openConversationId", scope=WRITE, invalid="param.empty")
def close_top(
    company: Company,
    *,
    out_track_id: TrackId,
    open_conversation_id: Annotated[str, Field(min_length=1), Code("param.conversationIdInvalid")],
) -> Result:
    """关闭吊顶卡片."""
    card = _cards(company).find(out_track_id)
    if open_conversation_id not in company.outbox.groups:
        raise Refused("param.conversationIdInvalid")
    card.tops.discard(open_conversation_id)
    return {"success": True, "result": True}


@endpoint("POST", "/v1.0/card/callbacks/register", scope=WRITE, invalid="param.empty")
def register_callback(
    company: Company,
    *,
    callback_route_key: Annotated[str, Field(min_length=1), Code("param.callbackRouteKeyEmpty")],
    callback_url: Annotated[str, Field(min_length=1), Code("param.callbackUrlEmpty")],
    api_secret: str | None = None,
    force_update: bool = False,
) -> Result:
    """注册卡片回调地址."""
    routes = _cards(company).routes
    if callback_route_key in routes and not force_update:
        raise Refused("param.callbackRouteKeyExist")
    routes[callback_route_key] = Route(callback_url, api_secret)
    return {"success": True, "result": {"callbackUrl": callback_url, "apiSecret": api_secret}}


@endpoint("PUT", "/v1.0/card/streaming", scope=STREAM, invalid="param.invalid")
def streaming_update(
    company: Company,
    *,
    out_track_id: Annotated[str, Field(min_length=1), Code("param.stream.outTrackId")],
    guid: Annotated[str, Field(min_length=1), Code("param.stream.guidEmpty")],
    key: Annotated[str, Field(min_length=1), Code("param.stream.keyEmpty")],
    content: Annotated[str, Field(min_length=1), Code("param.stream.contentEmpty")],
    is_full: Annotated[bool, Code("param.stream.isFull")] = False,
    is_finalize: bool = False,
    is_error: bool = False,
) -> Result:
    """AI卡片流式更新."""
    cards = _cards(company)
    card = cards.find(out_track_id, "param.stream.outTrackId")
    text = content if is_full else card.params.get(key, "") + content
    if cards.longest_content is not None and len(text.encode()) > cards.longest_content:
        raise Refused("param.stream.content")
    cards.check_text(text)
    if guid not in card.guids:
        card.guids.add(guid)
        card.params[key] = text
        card.status = "failed" if is_error else "finished" if is_finalize else "inputting"
        _changed(company, card)
    return {"success": True, "result": True}
