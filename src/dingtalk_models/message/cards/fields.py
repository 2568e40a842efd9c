"""The parts of a card: its parameters, and its settings for each kind of space."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer
from pydantic_core import PydanticSerializationError
from typing_extensions import TypedDict

from dingtalk_models.core.json_values import is_object, jsonable
from dingtalk_models.core.wire import Millis, at_most_bytes

MAX_KEY = 100
"""The longest name of a parameter, in bytes of UTF-8."""

MAX_VALUE = 1024
"""The longest value of a parameter, in bytes of UTF-8."""

_WRAPPED = "cardParamMap"


def as_text(value: object) -> str:
    """Convert a value of a parameter for sending: text stays unchanged, anything else becomes JSON."""
    try:
        plain: Any = jsonable(value)
        if not isinstance(plain, str):
            plain = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        plain.encode()
    except (PydanticSerializationError, ValueError):  # a set of objects, NaN, half of a surrogate pair
        raise ValueError("cannot be sent as text or JSON / 无法转为文本或 JSON") from None
    if value is None:
        raise ValueError("cannot be None; for no text, pass '' / 不能为 None；如需留空请传 ''")
    text: str = plain
    return text


CardValue = Annotated[object, AfterValidator(as_text), at_most_bytes(MAX_VALUE)]
"""The value of a parameter: text, or a number, a bool, a list or a dict, which is sent as JSON. At most 1 KB."""

CardParams = Mapping[Annotated[str, Field(min_length=1), at_most_bytes(MAX_KEY)], CardValue]
"""The parameters of a card's template by name. Names have at most 100 bytes, values at most 1 KB."""


def _unwrapped(params: object) -> object:
    """Return the parameters of one user, also from the platform's form `{"cardParamMap": {…}}`."""
    return params[_WRAPPED] if is_object(params) and params.keys() == {_WRAPPED} else params


_Private = Annotated[
    CardParams,
    BeforeValidator(_unwrapped),
    PlainSerializer(lambda params: {_WRAPPED: dict(params)}),
]

PrivateParams = Mapping[str, _Private]
"""Parameters for single users, by userid. They replace public ones with the same name."""

UserIdType = Literal[1, 2]
"""1 if users are given by userid, 2 if by union id."""

CallbackType = Literal["STREAM", "HTTP"]
"""The way of clicks: Stream mode, or the address of a callback route."""


class CardSearch(TypedDict, total=False):
    """The settings for finding the card by search."""

    search_icon: str
    """A media id."""
    search_type_name: str
    """The kind of card, as JSON: `{"zh_CN": "待办", "en_US": "ToDo"}`."""
    search_desc: Annotated[str, Field(max_length=200)]


class CardNotification(TypedDict, total=False):
    """The notification of a new card."""

    alert_content: str
    notification_off: bool


class RobotNotification(TypedDict, total=False):
    """The notification of a new card in the chat with the robot."""

    alert_content: Annotated[str, Field(max_length=200)]
    notification_off: bool


class ImSpaceModel(TypedDict, total=False):
    """The settings of the card in a chat."""

    support_forward: bool
    last_message_i18n: dict[str, str]
    """The text in the list of conversations, by language: `{"ZH_CN": "卡片"}`."""
    search_support: CardSearch
    notification: CardNotification


class ImRobotSpaceModel(TypedDict, total=False):
    """The settings of the card in the chat with the robot."""

    support_forward: bool
    last_message_i18n: dict[str, str]
    """The text in the list of conversations, by language: `{"ZH_CN": "卡片"}`."""
    search_support: CardSearch
    notification: RobotNotification


class TopSpaceModel(TypedDict, total=False):
    """The settings of the card at the top of a group."""

    space_type: str
    """`ONE_BOX`."""


class FeedSpaceModel(TypedDict, total=False):
    """The settings of the card in 协作."""

    title: str


class CoolAppFeedSpaceModel(FeedSpaceModel, total=False):
    """The settings of a cool app's (酷应用) card in 协作."""

    cool_app_code: str


class ImSingleDelivery(TypedDict, total=False):
    """One delivery to a chat between two people."""

    at_user_ids: dict[str, str]
    """The mentioned people: the displayed names by userid."""
    extension: dict[str, str]


class ImGroupDelivery(TypedDict, total=False):
    """One delivery to a group."""

    robot_code: str
    """The robot that sends it."""
    at_user_ids: dict[str, str]
    """The mentioned people: the displayed names by userid; `{"@ALL": "@ALL"}` for everyone."""
    recipients: list[str]
    """The people who see it; by default everyone in the group."""
    extension: dict[str, str]


class ImRobotDelivery(TypedDict, total=False):
    """One delivery to the chat between a person and the robot."""

    space_type: str
    """`IM_ROBOT`."""
    robot_code: str
    extension: dict[str, str]


class TopDelivery(TypedDict, total=False):
    """One delivery to the top of a group."""

    expired_time_millis: Millis
    """The time until which it stays there."""
    user_ids: list[str]
    """The people who see it."""
    platforms: list[str]
    """The devices that show it: `android`, `ios`, `win`, `mac`."""


class FeedDelivery(TypedDict, total=False):
    """One delivery to 协作."""

    biz_tag: str
    gmt_time_line: Millis


class DocDelivery(TypedDict, total=False):
    """One delivery to a document."""

    user_id: str


class PullConfig(TypedDict, total=False):
    """The settings for polling a data source."""

    pull_strategy: Literal["NONE", "INTERVAL", "ONCE"]
    interval: int
    time_unit: Literal["SECONDS", "MINUTES", "HOURS", "DAYS"]


class DynamicDataSource(TypedDict, total=False):
    """A data source that the platform calls when the card is shown (动态数据源)."""

    dynamic_data_source_id: str
    const_params: dict[str, str]
    pull_config: PullConfig


class DynamicDataConfig(TypedDict, total=False):
    """The data sources of a card."""

    dynamic_data_source_configs: list[DynamicDataSource]


class CardUpdateOptions(TypedDict, total=False):
    """Whether an update changes only the given parameters, or replaces all of them."""

    update_card_data_by_key: bool
    update_private_data_by_key: bool


class _CardFields(TypedDict, total=False):
    user_id: str
    """The sender."""
    callback_type: CallbackType
    """The way of clicks."""
    callback_route_key: str
    """The callback route for clicks by HTTP."""
    private_data: PrivateParams
    """Parameters for single users, by userid."""
    open_dynamic_data_config: DynamicDataConfig
    """The data sources."""
    im_single_open_space_model: ImSpaceModel
    """The settings for a chat between two people."""
    im_group_open_space_model: ImSpaceModel
    """The settings for a group."""
    top_open_space_model: TopSpaceModel
    """The settings for the top of a group."""
    card_at_user_ids: list[str]
    """The people mentioned on it."""
    user_id_type: UserIdType
    """1 if users are given by userid, 2 if by union id."""


class CardFields(_CardFields, total=False):
    """The options for creating a card."""

    im_robot_open_space_model: ImSpaceModel
    """The settings for the chat with the robot."""
    co_feed_open_space_model: FeedSpaceModel
    """The settings for 协作."""


class _DeliveryFields(TypedDict, total=False):
    im_single_open_deliver_model: ImSingleDelivery
    """The delivery to a chat between two people."""
    im_group_open_deliver_model: ImGroupDelivery
    """The delivery to a group."""
    im_robot_open_deliver_model: ImRobotDelivery
    """The delivery to the chat with the robot."""
    top_open_deliver_model: TopDelivery
    """The delivery to the top of a group."""
    co_feed_open_deliver_model: FeedDelivery
    """The delivery to 协作."""
    doc_open_deliver_model: DocDelivery
    """The delivery to a document."""


class DeliveryFields(_DeliveryFields, total=False):
    """The options of a delivery."""

    user_id_type: UserIdType
    """1 if users are given by userid, 2 if by union id."""


class SendingFields(_CardFields, _DeliveryFields, total=False):
    """The options for creating and delivering a card with one call."""

    im_robot_open_space_model: ImRobotSpaceModel
    """The settings for the chat with the robot."""
    co_feed_open_space_model: CoolAppFeedSpaceModel
    """The settings for 协作."""
