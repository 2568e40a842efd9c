"""What a card is made of: its parameters, and its settings in each place where it appears."""

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
"""The bytes of UTF-8 that the name of a parameter may have."""

MAX_VALUE = 1024
"""The bytes of UTF-8 that the value of a parameter may have."""

_WRAPPED = "cardParamMap"


def as_text(value: object) -> str:
    """A value of a parameter as it is sent: text as it is, anything else as JSON."""
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
"""The parameters of a card's template, by name: a name of at most 100 bytes, and a value of at most 1 KB."""


def _unwrapped(params: object) -> object:
    """The parameters of one user, which may come as the platform writes them: `{"cardParamMap": {…}}`."""
    return params[_WRAPPED] if is_object(params) and params.keys() == {_WRAPPED} else params


_Private = Annotated[
    CardParams,
    BeforeValidator(_unwrapped),
    PlainSerializer(lambda params: {_WRAPPED: dict(params)}),
]

PrivateParams = Mapping[str, _Private]
"""Parameters that only one user sees, by userid. They take the place of the public ones of the same name."""

UserIdType = Literal[1, 2]
"""What the ids of users are: 1 for userids, 2 for union ids."""

CallbackType = Literal["STREAM", "HTTP"]
"""How clicks arrive: in Stream mode, or at the address of a callback route."""


class CardSearch(TypedDict, total=False):
    """How a search finds the card."""

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
    """How the card appears in a chat."""

    support_forward: bool
    last_message_i18n: dict[str, str]
    """What the list of conversations shows, by language: `{"ZH_CN": "卡片"}`."""
    search_support: CardSearch
    notification: CardNotification


class ImRobotSpaceModel(TypedDict, total=False):
    """How the card appears in the chat with the robot."""

    support_forward: bool
    last_message_i18n: dict[str, str]
    """What the list of conversations shows, by language: `{"ZH_CN": "卡片"}`."""
    search_support: CardSearch
    notification: RobotNotification


class TopSpaceModel(TypedDict, total=False):
    """How the card appears at the top of a group."""

    space_type: str
    """`ONE_BOX`."""


class FeedSpaceModel(TypedDict, total=False):
    """How the card appears in 协作."""

    title: str


class CoolAppFeedSpaceModel(FeedSpaceModel, total=False):
    """How the card of a cool app (酷应用) appears in 协作."""

    cool_app_code: str


class ImSingleDelivery(TypedDict, total=False):
    """One delivery to a chat of two people."""

    at_user_ids: dict[str, str]
    """Who is mentioned: the name that is shown, by userid."""
    extension: dict[str, str]


class ImGroupDelivery(TypedDict, total=False):
    """One delivery to a group."""

    robot_code: str
    """The robot that sends it."""
    at_user_ids: dict[str, str]
    """Who is mentioned: the name that is shown, by userid; `{"@ALL": "@ALL"}` for everyone."""
    recipients: list[str]
    """Who sees it; by default, everyone in the group."""
    extension: dict[str, str]


class ImRobotDelivery(TypedDict, total=False):
    """One delivery to the chat of a person with the robot."""

    space_type: str
    """`IM_ROBOT`."""
    robot_code: str
    extension: dict[str, str]


class TopDelivery(TypedDict, total=False):
    """One delivery to the top of a group."""

    expired_time_millis: Millis
    """Until when it stays there."""
    user_ids: list[str]
    """Who sees it."""
    platforms: list[str]
    """On which devices: `android`, `ios`, `win`, `mac`."""


class FeedDelivery(TypedDict, total=False):
    """One delivery to 协作."""

    biz_tag: str
    gmt_time_line: Millis


class DocDelivery(TypedDict, total=False):
    """One delivery to a document."""

    user_id: str


class PullConfig(TypedDict, total=False):
    """How often a source of data is asked."""

    pull_strategy: Literal["NONE", "INTERVAL", "ONCE"]
    interval: int
    time_unit: Literal["SECONDS", "MINUTES", "HOURS", "DAYS"]


class DynamicDataSource(TypedDict, total=False):
    """A source of data that the platform asks when the card is shown (动态数据源)."""

    dynamic_data_source_id: str
    const_params: dict[str, str]
    pull_config: PullConfig


class DynamicDataConfig(TypedDict, total=False):
    """The sources of data of a card."""

    dynamic_data_source_configs: list[DynamicDataSource]


class CardUpdateOptions(TypedDict, total=False):
    """Whether an update changes the parameters that it names, or replaces all of them."""

    update_card_data_by_key: bool
    update_private_data_by_key: bool


class _CardFields(TypedDict, total=False):
    user_id: str
    """Who sends it."""
    callback_type: CallbackType
    """How clicks arrive."""
    callback_route_key: str
    """The callback route that clicks take, if they arrive by HTTP."""
    private_data: PrivateParams
    """Parameters that only one user sees, by userid."""
    open_dynamic_data_config: DynamicDataConfig
    """Sources of data."""
    im_single_open_space_model: ImSpaceModel
    """How it appears in a chat of two people."""
    im_group_open_space_model: ImSpaceModel
    """How it appears in a group."""
    top_open_space_model: TopSpaceModel
    """How it appears at the top of a group."""
    card_at_user_ids: list[str]
    """Who is mentioned on it."""
    user_id_type: UserIdType
    """What the ids of users are: 1 for userids, 2 for union ids."""


class CardFields(_CardFields, total=False):
    """What a card may be given when it is created."""

    im_robot_open_space_model: ImSpaceModel
    """How it appears in the chat with the robot."""
    co_feed_open_space_model: FeedSpaceModel
    """How it appears in 协作."""


class _DeliveryFields(TypedDict, total=False):
    im_single_open_deliver_model: ImSingleDelivery
    """The delivery to a chat of two people."""
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
    """What one delivery may be given."""

    user_id_type: UserIdType
    """What the ids of users are: 1 for userids, 2 for union ids."""


class SendingFields(_CardFields, _DeliveryFields, total=False):
    """What a card may be given when it is created and delivered at once."""

    im_robot_open_space_model: ImRobotSpaceModel
    """How it appears in the chat with the robot."""
    co_feed_open_space_model: CoolAppFeedSpaceModel
    """How it appears in 协作."""
