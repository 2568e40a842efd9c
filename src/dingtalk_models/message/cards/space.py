"""Spaces for cards (场域): a group, the chat with the robot, a chat between two people, the top of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Field, GetCoreSchemaHandler, Tag
from pydantic_core import CoreSchema, core_schema

from dingtalk_models.core.json_values import is_array
from dingtalk_models.message.message_body import Filled, camel_object
from dingtalk_models.moments import PlainTime

_PROTOCOL = "dtv1.card//"


@camel_object
class GroupSpace:
    """A group (IM群聊)."""

    code: ClassVar = "IM_GROUP"
    model: ClassVar = "im_group"

    open_conversation_id: Filled
    at_user_ids: dict[str, str] | None = None
    """The mentioned people: the displayed names by userid; `{"@ALL": "@ALL"}` for everyone."""
    recipients: list[str] | None = None
    """The people who see it; by default everyone in the group."""
    support_forward: bool = True
    """Whether it can be forwarded."""


@camel_object
class RobotSpace:
    """The chat between a user and the robot (IM机器人单聊)."""

    code: ClassVar = "IM_ROBOT"
    model: ClassVar = "im_robot"

    user_id: Filled
    support_forward: bool = True
    """Whether it can be forwarded."""


@camel_object
class SingleSpace:
    """A chat between two people (人与人单聊)."""

    code: ClassVar = "IM_SINGLE"
    model: ClassVar = "im_single"

    open_conversation_id: Filled
    support_forward: bool = True
    """Whether it can be forwarded."""


@camel_object
class TopSpace:
    """The top of a group (吊顶)."""

    code: ClassVar = "ONE_BOX"
    model: ClassVar = "top"

    open_conversation_id: Filled
    expires: PlainTime
    """The time until which it stays there."""
    user_ids: list[str] | None = None
    """The people who see it; by default everyone in the group."""
    platforms: list[str] | None = None
    """The devices that show it: `android`, `ios`, `win`, `mac`; by default all."""


CardSpace = Annotated[
    Annotated[GroupSpace, Tag("GroupSpace")]
    | Annotated[RobotSpace, Tag("RobotSpace")]
    | Annotated[SingleSpace, Tag("SingleSpace")]
    | Annotated[TopSpace, Tag("TopSpace")],
    Discriminator(
        lambda space: type(space).__name__,
        custom_error_type="message",
        custom_error_message="not a space: a GroupSpace, RobotSpace, SingleSpace or TopSpace / 不是以上几种场域",
    ),
]
"""A space for a card."""


class _Several:
    """Wraps a single space in a list."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        several = handler.generate_schema(Annotated[list[CardSpace], Field(min_length=1)])
        return core_schema.no_info_before_validator_function(self._listed, several)

    def _listed(self, given: Any) -> Any:
        return given if is_array(given) else [given]


CardSpaces = Annotated[CardSpace | list[CardSpace], _Several()]
"""One or several spaces for a card. Operations always get a list."""


def listed(to: CardSpace | list[CardSpace]) -> list[CardSpace]:
    """Return the list of spaces in a checked argument."""
    return to if isinstance(to, list) else [to]


def open_space_id(spaces: Sequence[CardSpace]) -> str:
    """Join several spaces in one id (openSpaceId)."""
    return _PROTOCOL + ";".join(f"{space.code}.{_id_of(space)}" for space in spaces)


def space_models(spaces: Sequence[CardSpace]) -> dict[str, Any]:
    """Return the settings for each of these spaces, as arguments of an operation."""
    return {f"{space.model}_open_space_model": _space_model(space) for space in spaces}


def deliver_models(spaces: Sequence[CardSpace], robot_code: str) -> dict[str, Any]:
    """Return the delivery to each of these spaces, as arguments of an operation."""
    return {f"{space.model}_open_deliver_model": _deliver_model(space, robot_code) for space in spaces}


def _id_of(space: CardSpace) -> str:
    return space.user_id if isinstance(space, RobotSpace) else space.open_conversation_id


def _space_model(space: CardSpace) -> dict[str, Any]:
    if isinstance(space, TopSpace):
        return {"space_type": space.code}
    return {"support_forward": space.support_forward}


def _deliver_model(space: CardSpace, robot_code: str) -> dict[str, Any]:
    given: dict[str, Any]
    match space:
        case GroupSpace():
            given = {"robot_code": robot_code, "at_user_ids": space.at_user_ids, "recipients": space.recipients}
        case RobotSpace():
            given = {"space_type": space.code, "robot_code": robot_code}
        case TopSpace():
            given = {"expired_time_millis": space.expires, "user_ids": space.user_ids, "platforms": space.platforms}
        case SingleSpace():
            given = {"at_user_ids": {}}
    return {name: value for name, value in given.items() if value is not None}
