"""Clicks on cards (卡片事件回调), and the changes that they make to the card."""

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
    """Parse JSON text of an object; empty text becomes an empty object."""
    return {} if value in ("", None) else loaded(value)


class CardUpdate:
    """The changes that a click makes to its card. Handlers of clicks return it.

    `return CardUpdate({"state": "已同意"}, private={"voted": True})`

    Args:
        params: parameters of the template for everyone.
        private: parameters for the user who clicked.
        by_key: whether to keep the other parameters; otherwise these replace all.

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
        """Make the answer to a click in the platform's form."""
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
    """A click or an input on a card. A handler can return a `CardUpdate` or a dict to change the card.

    The platform waits 2 seconds for the answer. Do longer work in a thread, a task or a queue, and update the card
    afterwards: `action.card.update(…)`. Do not call this inside the handler.

    Attributes:
        out_track_id: the card.
        user_id: the userid or union id of the user who clicked; see `user_id_type`.
        corp_id: the company of that user.
        user_id_type: 1 for a userid, 2 for a union id, as set when the card was created.
        space_type: the kind of space, such as `IM_GROUP`.
        space_id: the space.
        type: `actionCallback`.
        extension: more data.
        content: the parsed content, which has `action_ids` and `params`.
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
        """The id of its frame. Over HTTP, two deliveries of one click cannot be distinguished from two clicks."""
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
        """The first of these ids; empty if there is none."""
        return next(iter(self.action_ids), "")

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the button and the inputs, as received; see `param`."""
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
        """Return a parameter in a type: `action.param("days", int)`, `action.param("chosen", list[str], [])`.

        Args:
            name: its name.
            kind: the type. Numbers, bools, lists and objects may also be text, because cards send them as text.
            default: the result if the parameter is missing or does not fit the type.
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
        """Make the answer from the last value that a handler returned, if it is not `None`.

        Raises:
            InvalidArgument: a name is longer than 100 bytes, or a value than 1 KB.
            ConfigurationError: it is neither a `CardUpdate` nor a dict.
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
        # a dict in the platform's form, whose values are converted to text, too
        update = CardUpdate(_wrapped(given.get(_DATA)), private=_wrapped(given.get(_PRIVATE))).answer()
        return update | {_OPTIONS: given[_OPTIONS]} if _OPTIONS in given else update


def _wrapped(data: Any) -> Mapping[str, Any] | None:
    return data.get(_PARAMS) if is_object(data) else None
