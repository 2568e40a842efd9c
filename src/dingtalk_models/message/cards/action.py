"""Clicks on cards (卡片事件回调), and what they change on the card."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self, TypeVar, cast, overload

from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from dingtalk_models.call.operation import Arguments
from dingtalk_models.callback.arrival import Arrival
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.json_values import is_array, is_object, loaded
from dingtalk_models.core.wire import camel, camel_name
from dingtalk_models.message.cards.card import Card
from dingtalk_models.message.cards.fields import CardParams

T = TypeVar("T")

_DATA, _PRIVATE, _OPTIONS = "cardData", "userPrivateData", "cardUpdateOptions"
_PARAMS = "cardParamMap"


def _object(value: object) -> object:
    """JSON text that is an object, parsed; text without anything is an empty object."""
    return {} if value in ("", None) else loaded(value)


class CardUpdate:
    """What a click changes on its card: what a handler of clicks returns.

    `return CardUpdate({"state": "已同意"}, private={"voted": True})`

    Args:
        params: parameters of the template, which everyone sees.
        private: parameters that only the user sees who clicked.
        by_key: whether the other parameters stay as they are; otherwise these take the place of all.

    Raises:
        InvalidArgument: a name is longer than 100 bytes, or a value than 1 KB.
    """

    def __init__(
        self, params: CardParams | None = None, *, private: CardParams | None = None, by_key: bool = True
    ) -> None:
        checked = _arguments.check((), {"params": params, "private": private, "by_key": by_key})
        self.params: dict[str, str] | None = _dict(checked["params"])
        self.private: dict[str, str] | None = _dict(checked["private"])
        self.by_key = by_key

    def answer(self) -> dict[str, Any]:
        """The answer to a click, as the platform takes it."""
        options = {"updateCardDataByKey": self.by_key, "updatePrivateDataByKey": self.by_key}
        found: dict[str, Any] = {_OPTIONS: options}
        if self.params is not None:
            found[_DATA] = {_PARAMS: self.params}
        if self.private is not None:
            found[_PRIVATE] = {_PARAMS: self.private}
        return found

    def __repr__(self) -> str:
        return f"CardUpdate({self.params!r}, private={self.private!r}, by_key={self.by_key!r})"


def _fields(
    self: object, *, params: CardParams | None = None, private: CardParams | None = None, by_key: bool = True
) -> None:
    """The arguments of a `CardUpdate`."""


_arguments = Arguments("CardUpdate", _fields, camel_name)


def _dict(params: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if params is None else dict(params)


class CardAction(Arrival, alias_generator=camel):
    """A click on a card, or an input on it. What a handler returns changes the card: a `CardUpdate`, or a dict.

    The platform waits 2 seconds for the answer. Work that takes longer goes to a thread, a task or a queue, and updates
    the card when it is done: `action.card.update(…)`. During the handler, the card must not be updated that way.

    Attributes:
        out_track_id: the card.
        user_id: who clicked: a userid or a union id; see `user_id_type`.
        corp_id: the company of that user.
        user_id_type: 1 for a userid, 2 for a union id, as the card was created.
        space_type: the kind of space where it was clicked, such as `IM_GROUP`.
        space_id: the space.
        type: `actionCallback`.
        extension: more about it.
        content: what was clicked, parsed; `action_ids` and `params` are in it.
        message_id: the id of its frame in Stream mode, the same in each delivery; `None` over HTTP.
    """

    TYPE: ClassVar[str] = "card_action"
    TOPIC: ClassVar[str | None] = "/v1.0/card/instances/callback"

    out_track_id: str = ""
    user_id: str | None
    corp_id: str | None
    user_id_type: int | None
    space_type: str | None
    space_id: str | None
    type: str | None
    extension: Annotated[dict[str, Any], BeforeValidator(_object)] = {}
    content: Annotated[dict[str, Any], BeforeValidator(_object)] = {}
    message_id: str | None

    @classmethod
    def framed(cls, data: dict[str, Any], message_id: str | None) -> Self:
        """Read it from the data of a frame in Stream mode, which has an id."""
        return cls._read(data, {"messageId": message_id})

    @property
    def key(self) -> str | None:
        """The id of its frame. Over HTTP, nothing tells two deliveries of a click from two clicks."""
        return f"{self.TYPE}:{self.message_id}" if self.message_id else None

    @property
    def card(self) -> Card:
        """The card, to update it later."""
        return Card(out_track_id=self.out_track_id).using(self.app)

    @property
    def action_ids(self) -> list[str]:
        """The ids of the buttons or inputs."""
        found = self._clicked.get("actionIds")
        listed = found if is_array(found) else [] if found is None else [found]
        return [str(each) for each in listed]

    @property
    def action_id(self) -> str:
        """The first of them; empty if there is none."""
        return next(iter(self.action_ids), "")

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the button, and what was put in, as they came; see `param`."""
        found = loaded(self._clicked.get("params"))
        return found if is_object(found) else {}

    @property
    def _clicked(self) -> dict[str, Any]:
        found = loaded(self.content.get("cardPrivateData"))
        return found if is_object(found) else {}

    @overload
    def param(self, name: str, kind: builtins.type[T]) -> T | None: ...
    @overload
    def param(self, name: str, kind: builtins.type[T], default: T) -> T: ...
    def param(self, name: str, kind: Any, default: Any = None) -> Any:
        """A parameter as a value of a type: `action.param("days", int)`, `action.param("chosen", list[str], [])`.

        Args:
            name: its name.
            kind: the type. Numbers, bools, lists and objects may be written as text, as cards write them.
            default: what to return if the parameter is missing, or is nothing of this type.
        """
        adapter: TypeAdapter[Any] = TypeAdapter(kind, config=ConfigDict(coerce_numbers_to_str=True))
        if (value := self.params.get(name)) is None:
            return default
        try:
            return adapter.validate_python(value)
        except ValidationError:
            pass
        try:
            return adapter.validate_json(value) if isinstance(value, str) else default
        except ValidationError:
            return default

    def answer(self, returned: Sequence[object]) -> dict[str, Any]:
        """The answer that changes the card: from the last value that a handler returned, if it is not `None`.

        Raises:
            InvalidArgument: a name is longer than 100 bytes, or a value than 1 KB.
            ConfigurationError: it is no `CardUpdate` and no dict.
        """
        last = super().answer(returned)
        if last is None:
            return {}
        if isinstance(last, CardUpdate):
            return last.answer()
        if not isinstance(last, Mapping):
            raise ConfigurationError(
                f"a handler of clicks returns a CardUpdate, a dict or None, not {type(last).__name__} / "
                "卡片回调的处理函数须返回 CardUpdate、字典或 None"
            )
        given = cast("Mapping[str, Any]", last)
        if not given or given.keys() - {_DATA, _PRIVATE, _OPTIONS}:
            return CardUpdate(given).answer()
        # as the platform writes it; its values become text all the same
        update = CardUpdate(_wrapped(given.get(_DATA)), private=_wrapped(given.get(_PRIVATE))).answer()
        return update | {_OPTIONS: given[_OPTIONS]} if _OPTIONS in given else update


def _wrapped(data: Any) -> Mapping[str, Any] | None:
    return data.get(_PARAMS) if is_object(data) else None
